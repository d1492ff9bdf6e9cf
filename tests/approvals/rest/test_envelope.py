"""The one envelope of REST and MCP: what each status says, and which HTTP status it becomes."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from approvals.envelope import envelope, http_status_of
from approvals.models import Invocation, ReasonCode, Status
from approvals.rest.responses import json_bytes
from approvals.timestamps import timestamp

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEYS = [
    "id", "tool", "status", "policy", "message", "arguments", "target", "digest", "dispatch_started", "result",
    "outcome", "error", "approval", "next", "created_at", "finished_at",
]  # fmt: skip


def row(status: Status, **columns: Any) -> Invocation:
    """A row of that status, not stored."""
    return Invocation(
        id=uuid.UUID(int=1), tool="ninjaone:ninja-reboot-device", policy="approval_needed", status=status,
        **{
            "is_write": True, "arguments": '{"device_id":43}', "approvals_needed": 1, "created_at": NOW - MINUTE,
            "expires_at": NOW + MINUTE, "digest": "sha256:1", **columns,
        },
    )  # fmt: skip


def seen(status: Status, **columns: Any) -> dict[str, Any]:
    """The envelope of such a row."""
    shown: dict[str, Any] = json.loads(json_bytes(envelope(row(status, **columns), now=NOW, msp_name="Acme MSP")))
    return shown


@pytest.mark.parametrize("status", Status)
def test_every_status_has_the_same_keys_and_a_sentence(status: Status) -> None:
    shown = seen(status)
    assert list(shown) == KEYS
    assert shown["status"] == status
    assert shown["message"].endswith(".")
    assert (shown["next"] is not None) == status.is_open
    json_bytes(shown)


def test_no_two_statuses_say_the_same() -> None:
    assert len({seen(status)["message"] for status in Status}) == len(Status)


@pytest.mark.parametrize(
    ("status", "columns", "http"),
    [
        (Status.PENDING_APPROVAL, {}, 202), (Status.QUEUED, {}, 202), (Status.DISPATCHING, {}, 202),
        (Status.SUCCEEDED, {}, 200), (Status.DENIED, {}, 200), (Status.EXPIRED, {}, 200), (Status.CANCELLED, {}, 200),
        (Status.BLOCKED, {}, 200), (Status.UNKNOWN, {}, 504),
        (Status.FAILED, {"error_code": "upstream_error"}, 502), (Status.FAILED, {}, 502),
        (Status.FAILED, {"error_code": "upstream_unavailable"}, 503),
        (Status.FAILED, {"error_code": "needs_reauthorization"}, 503),
        (Status.FAILED, {"error_code": "a_code_of_tomorrow"}, 502),
        (Status.FAILED, {"error_code": "outcome_unknown"}, 502),
        (Status.PENDING_APPROVAL, {"expires_at": NOW}, 200),
        (Status.DISPATCHING, {"lease_until": NOW}, 504),
        (Status.DISPATCHING, {"lease_until": NOW, "is_write": False}, 202),
    ],
)  # fmt: skip
def test_the_http_status_follows_the_table(status: Status, columns: dict[str, Any], http: int) -> None:
    assert http_status_of(row(status, **columns), NOW) == http


def test_an_overdue_request_reads_as_expired_before_any_sweeper() -> None:
    shown = seen(Status.PENDING_APPROVAL, expires_at=NOW)
    assert (shown["status"], shown["next"]) == ("expired", None)
    assert "nobody decided in time" in shown["message"]


def test_expired_is_never_called_denied_and_says_which_clock_ran_out() -> None:
    assert "its time to be sent ran out" in seen(Status.QUEUED, release_by=NOW, decided_at=NOW - MINUTE)["message"]
    assert "its time to be sent ran out" in seen(Status.EXPIRED, approvals_needed=0)["message"]
    assert "said no" not in seen(Status.EXPIRED)["message"]


def test_a_lapsed_write_reads_as_unknown_and_must_not_be_repeated() -> None:
    shown = seen(Status.DISPATCHING, lease_until=NOW, dispatch_started_at=NOW - MINUTE)
    assert (shown["status"], shown["error"]["code"], shown["error"]["do_not_retry"]) == (
        "unknown",
        "outcome_unknown",
        True,
    )
    assert "Do not repeat it" in shown["message"]


def test_a_lapsed_read_says_that_it_is_read_again() -> None:
    shown = seen(Status.DISPATCHING, lease_until=NOW, is_write=False, dispatch_started_at=NOW - MINUTE)
    assert (shown["status"], shown["error"]) == ("queued", None)
    assert "read again" in shown["message"]


def test_what_is_in_line_says_whether_it_was_approved() -> None:
    assert seen(Status.QUEUED, decided_at=NOW)["message"].startswith("Approved")
    assert seen(Status.QUEUED, approvals_needed=0)["message"].startswith("Accepted")


def test_a_failure_hands_out_its_words_and_what_was_sent() -> None:
    columns = {"error_code": "upstream_error", "error_message": "NinjaOne answered 404: No such device."}
    shown = seen(Status.FAILED, upstream_status=404, dispatch_started_at=NOW, **columns)
    assert shown["error"] == {
        "code": "upstream_error", "message": "NinjaOne answered 404: No such device.", "retryable": False,
        "dispatch_started": True, "upstream_status": 404,
    }  # fmt: skip
    assert shown["message"] == "It failed. NinjaOne answered 404: No such device."
    never_sent = seen(Status.FAILED, error_code="frozen", error_message="Acme MSP has stopped every agent.")
    assert (never_sent["message"], never_sent["dispatch_started"]) == ("Acme MSP has stopped every agent.", False)


def test_an_unknown_outcome_that_a_person_settled_as_failed_is_no_longer_unknown() -> None:
    error = seen(Status.FAILED, error_code="outcome_unknown", error_message="No answer came.")["error"]
    assert error["code"] == "upstream_error"
    assert "do_not_retry" not in error


@pytest.mark.parametrize(
    ("reason_code", "comment", "words"),
    [
        ("wrong_device", "Not that one.", " (Wrong device: Not that one.)"), ("by_hand", "", " (We do it by hand)"),
        ("", "No.", " (No.)"), ("", "", ""), ("of_tomorrow", "", " (of_tomorrow)"),
    ],
)  # fmt: skip
def test_a_denial_carries_its_reason(reason_code: str, comment: str, words: str) -> None:
    shown = seen(Status.DENIED, reason_code=reason_code, comment=comment, decided_at=NOW)
    assert shown["message"].startswith(f"Not executed: a technician of Acme MSP said no{words}.")
    assert shown["approval"]["reason_code"] == (reason_code or None)
    assert shown["approval"]["comment"] == (comment or None)


def test_every_reason_has_words() -> None:
    for code in ReasonCode:
        assert str(code.label) in seen(Status.DENIED, reason_code=code.value)["message"]


def test_a_block_names_the_changed_fact() -> None:
    shown = seen(Status.BLOCKED, error_message="Not sent, because the device was renamed.")
    assert shown["message"].startswith("Not sent, because the device was renamed. Ask again")
    assert "a fact the approval was bound to changed" in seen(Status.BLOCKED)["message"]


def test_a_result_is_handed_out_as_it_came_also_beyond_64_bits() -> None:
    text = '{"items":[{"id":18446744073709551617,"name":"\\ud83d"}],"truncated":true}'
    shown = seen(Status.SUCCEEDED, result=text, note="Narrow it with filter.")
    assert shown["message"] == "Done: NinjaOne accepted it. Narrow it with filter."
    assert json.loads(json_bytes(shown))["result"] == json.loads(text)


@pytest.mark.parametrize("text", ["null", "[]", "0", '""'])
def test_an_empty_result_is_not_no_result(text: str) -> None:
    assert seen(Status.SUCCEEDED, result=text)["result"] == json.loads(text)


def test_a_call_that_needed_nobody_has_no_approval() -> None:
    shown = seen(Status.SUCCEEDED, approvals_needed=0, digest="")
    assert (shown["approval"], shown["digest"]) == (None, None)


def test_what_a_call_does_not_touch_is_null() -> None:
    assert seen(Status.SUCCEEDED)["target"] == {
        "device_id": None, "device": None, "organization_id": None, "organization": None,
    }  # fmt: skip


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(NOW + timedelta(microseconds=1_999)) == "2026-01-31T12:00:00.001Z"
    assert timestamp(None) is None
