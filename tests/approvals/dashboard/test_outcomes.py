from __future__ import annotations

from datetime import UTC, datetime

import pytest

from approvals.display.outcome import outcome_of, reason_words, status_words
from approvals.display.page import contact_words, target_of
from approvals.display.request import facts_of, frozen_request, pretty_json
from approvals.models import Invocation, Status

NOT_SENT = {Status.PENDING_APPROVAL, Status.DENIED, Status.EXPIRED, Status.CANCELLED}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("is_write", [True, False])
def test_every_status_says_what_happened(status: Status, is_write: bool) -> None:
    words = status_words(Invocation(is_write=is_write), status)
    assert words.endswith(".")
    assert ("Nothing was sent" in words) is (status in NOT_SENT)


def test_a_failure_tells_a_refusal_from_an_answer() -> None:
    assert "never sent" in status_words(Invocation(), Status.FAILED)
    assert "was sent" in status_words(Invocation(dispatch_started_at=datetime(2026, 1, 1, tzinfo=UTC)), Status.FAILED)


def test_an_outcome_escapes_what_came_back() -> None:
    row = Invocation(result='{"a":"<b>"}', error_message="<i>", comment="<u>", note="<s>", is_write=False)
    outcome = outcome_of(row, Status.SUCCEEDED)
    assert outcome.result == ["{", "  &quot;a&quot;: &quot;&lt;b&gt;&quot;", "}"]
    assert (outcome.error, outcome.comment, outcome.note) == ("&lt;i&gt;", "&lt;u&gt;", "&lt;s&gt;")


def test_reasons_have_words_and_unknown_codes_stay_as_they_are() -> None:
    assert reason_words("wrong_device") == "Wrong device"
    assert reason_words("script_changed") == "script_changed"
    assert reason_words("") == ""


def test_a_request_without_a_method_was_never_built() -> None:
    assert frozen_request(Invocation()) is None


def test_a_request_shows_its_whole_address_and_the_size_in_bytes() -> None:
    row = Invocation(method="POST", base_url="https://x.example", path="/v2/a", query="df=org%20%3D%202", body='"ü"')
    request = frozen_request(row)
    assert request is not None
    assert request.url == "https://x.example/v2/a?df=org%20%3D%202"
    assert request.size == 4
    assert request.oddities == ["1 other character beyond ASCII"]


@pytest.mark.parametrize("text", ["", "no json", "[" * 100_000])
def test_what_is_no_json_is_shown_as_it_is(text: str) -> None:
    assert pretty_json(text) == text


@pytest.mark.parametrize("facts", ["", "[]", "null", '{"device": 3}'])
def test_facts_that_are_none_show_nothing(facts: str) -> None:
    row = Invocation(facts=facts)
    assert facts_of(row) == {}
    assert target_of(row, {}).is_offline is None


@pytest.mark.parametrize(
    ("contact", "words"), [(None, ""), (True, ""), ("x", ""), (0.0, "last seen 1 min 0 s before the request")]
)
def test_the_last_contact_counts_from_the_request(contact: object, words: str) -> None:
    assert contact_words(contact, datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == words
