"""The judge of the chaos suite finds what it is there to find."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chaos.verdict import Call, Row, Verdict, judge


def judged(
    status: str = "succeeded",
    *,
    times: int = 1,
    is_write: bool = True,
    upstream_status: int | None = None,
    told: tuple[int, dict[str, Any]] | None = None,
) -> Verdict:
    """The verdict over one call, `a`, that NinjaOne received so many times."""
    row = Row("1", "a", is_write, status, upstream_status)
    call = Call("a", is_write, answers=[told] if told else [])
    return judge(rows=[row], calls=[call], received=Counter({"a": times} if times else {}))


def test_a_write_that_succeeded_and_arrived_once_is_good() -> None:
    verdict = judged(told=(200, {"id": "1", "status": "succeeded"}))
    assert verdict.is_good
    assert verdict.unknown == 0


def test_a_write_that_arrived_twice_is_found() -> None:
    assert judged(times=2).sent_twice == ["NinjaOne received a 2 times"]


def test_what_settled_itself_is_counted_and_has_to_have_arrived() -> None:
    row = Row("1", "a", is_write=True, status="succeeded", is_settled=True)
    assert judge(rows=[row], calls=[], received=Counter({"a": 1})).settled == 1
    assert judge(rows=[row], calls=[], received=Counter()).wrong == ["a (1) succeeded and never arrived"]


def test_a_write_that_succeeded_without_arriving_is_found() -> None:
    assert judged(times=0).wrong == ["a (1) succeeded and never arrived"]


@pytest.mark.parametrize("status", ["failed", "denied", "expired", "cancelled", "blocked"])
def test_a_write_that_arrived_although_the_ledger_says_no_is_found(status: str) -> None:
    assert judged(status).wrong == [f"a (1) is {status} and did arrive"]
    assert judged(status, times=0).is_good


def test_a_write_that_ninjaone_refused_did_arrive_and_is_failed() -> None:
    assert judged("failed", upstream_status=403).is_good


@pytest.mark.parametrize("times", [0, 1])
def test_an_unknown_write_may_have_arrived_or_not_and_is_counted(times: int) -> None:
    verdict = judged("unknown", times=times)
    assert verdict.is_good
    assert verdict.unknown == 1


def test_a_read_is_never_unknown() -> None:
    assert judged("unknown", is_write=False).wrong == ["a (1) is a read and unknown"]


@pytest.mark.parametrize("status", ["pending_approval", "queued", "dispatching"])
def test_an_invocation_without_an_end_is_lost(status: str) -> None:
    assert judged(status, times=0).lost == [f"a (1) has no end, it stands at {status}"]


def test_a_write_without_a_row_is_lost() -> None:
    verdict = judge(rows=[], calls=[], received=Counter(["a"]))
    assert verdict.lost == ["NinjaOne received a, and the ledger does not know it"]


def test_an_accepted_call_without_a_row_is_lost() -> None:
    call = Call("a", True, answers=[(202, {"id": "2", "status": "queued"})])
    assert judge(rows=[], calls=[call], received=Counter()).lost == [
        "a was accepted as 2, and the ledger does not know it"
    ]


def test_an_agent_that_was_told_an_end_which_did_not_last_is_found() -> None:
    verdict = judged("succeeded", told=(200, {"id": "1", "status": "denied"}))
    assert verdict.wrong == ["a was told to be denied and is succeeded"]
    assert judged("succeeded", told=(504, {"id": "1", "status": "unknown"})).is_good


def test_a_key_that_gave_two_invocations_is_found() -> None:
    rows = [Row("1", "a", True, "succeeded"), Row("2", "a", True, "cancelled")]
    call = Call("a", True, "key", [(202, {"id": "1", "status": "queued"}), (202, {"id": "2", "status": "queued"})])
    assert judge(rows=rows, calls=[call], received=Counter(["a"])).wrong == ["a was answered as 2 invocations"]


def test_a_refusal_on_record_may_have_a_sibling_that_arrived() -> None:
    rows = [Row("1", "a", True, "failed"), Row("2", "a", True, "succeeded")]
    assert judge(rows=rows, calls=[], received=Counter(["a"])).is_good
