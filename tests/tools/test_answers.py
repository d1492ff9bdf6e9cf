from __future__ import annotations

import json
from typing import Any

import pytest

from tools.answers import ACCEPTED, OBJECT, RAW, Answer, UnusableAnswerError
from tools.capping import MAX_CHARACTERS, rows_fitting, shrunk, size_of


def test_an_object_comes_as_it_is() -> None:
    result = OBJECT.result([{"id": 1, "name": "x"}], upstream_status=200)
    assert (result.value, result.truncated, result.note) == ({"id": 1, "name": "x"}, False, "")


@pytest.mark.parametrize("page", [None, [], "<html>", 5, True])
def test_an_object_that_is_none_is_unusable(page: Any) -> None:
    with pytest.raises(UnusableAnswerError, match="promises an object"):
        OBJECT.result([page], upstream_status=200)


def test_an_action_without_a_body_is_accepted() -> None:
    result = ACCEPTED.result([None], upstream_status=204)
    assert result.value == {"accepted": True, "upstream_status": 204}


def test_what_an_action_answered_is_kept() -> None:
    result = ACCEPTED.result([{"jobUid": "x"}], upstream_status=200)
    assert result.value == {"accepted": True, "upstream_status": 200, "body": {"jobUid": "x"}}


def test_a_generic_answer_has_its_status_and_its_body() -> None:
    assert RAW.result([[1, 2]], upstream_status=200).value == {"upstream_status": 200, "body": [1, 2]}
    assert RAW.result([], upstream_status=204).value == {"upstream_status": 204, "body": None}


def test_a_single_answer_has_no_next_page() -> None:
    from tools.calls import get

    assert OBJECT.next_call(get("/v2/device/{}", 1), [{}]) is None
    with pytest.raises(NotImplementedError):
        Answer().result([], upstream_status=200)


@pytest.mark.parametrize(
    "value",
    [
        {"id": 7, "text": "x" * 90_000},
        {"id": 7, "text": '"\n' * 90_000},
        {"id": 7, "rows": [{"n": number, "text": "y" * 200} for number in range(1000)]},
        {"id": 7, "deep": {"deeper": {"deepest": "z" * 90_000, "kept": 1}}},
        {"id": 7, **{f"key{number}": "v" * 50 for number in range(5000)}},
        {f"key{number}": number for number in range(9000)},
        {"a": "x" * 41_000, "b": "y" * 41_000, "id": 7},
    ],
)
def test_an_object_that_is_too_big_stays_json_and_says_so(value: dict[str, Any]) -> None:
    result = OBJECT.result([value], upstream_status=200)
    assert result.truncated
    assert "were cut" in result.note
    assert size_of(result.value) <= MAX_CHARACTERS
    assert json.loads(json.dumps(result.value)) == result.value
    if "id" in value:
        assert result.value["id"] == 7


def test_cut_text_says_how_much_is_missing() -> None:
    cut = shrunk("x" * 1000, 200)
    assert cut == "x" * 120 + " ... [880 characters left out]"


def test_a_list_without_room_becomes_empty() -> None:
    assert shrunk([1] * 1000, 10) == []


def test_a_list_loses_whole_rows_from_its_end() -> None:
    assert rows_fitting([{"n": 1}, {"n": 2}, {"n": 3}], 20) == [{"n": 1}, {"n": 2}]


def test_a_first_row_that_is_too_big_is_cut_so_that_a_reader_gets_on() -> None:
    rows = rows_fitting([{"id": 1, "text": "x" * 500}, {"id": 2}], 200)
    assert [row["id"] for row in rows] == [1]
    assert "characters left out" in rows[0]["text"]


def test_a_big_body_of_a_generic_call_is_cut() -> None:
    result = RAW.result([[{"n": number} for number in range(20_000)]], upstream_status=200)
    assert result.truncated
    assert result.value["upstream_status"] == 200
    assert result.value["body"][:2] == [{"n": 0}, {"n": 1}]
    assert size_of(result.value) <= MAX_CHARACTERS
