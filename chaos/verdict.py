"""The ledger against what NinjaOne received and what agents were told. Plain data in, sentences out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

OPEN = {"pending_approval", "queued", "dispatching"}
# A write in one of these never reached NinjaOne, or was refused by it.
NOT_DONE = {"failed", "denied", "expired", "cancelled", "blocked"}


@dataclass(frozen=True)
class Row:
    """An invocation at the end. `mark` is unique to the call that made it."""

    id: str
    mark: str
    is_write: bool
    status: str
    upstream_status: int | None = None
    is_settled: bool = False  # nobody knew, and then NinjaOne's activities showed it


@dataclass
class Call:
    """One call of an agent: the answers it got, as (HTTP status, envelope), one a try."""

    mark: str
    is_write: bool
    idempotency_key: str | None = None
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    cut_off: int = 0  # tries that ended without an answer


@dataclass
class Verdict:
    """What is wrong, one sentence each; all empty is what must be."""

    lost: list[str] = field(default_factory=list)
    sent_twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unknown: int = 0
    settled: int = 0

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing twice, nothing false."""
        return not (self.lost or self.sent_twice or self.wrong)


def judge(*, rows: Iterable[Row], calls: Iterable[Call], received: Counter[str]) -> Verdict:
    """Compares the three. Call it when nothing is under way any more."""
    verdict = Verdict()
    by_id = {row.id: row for row in rows}
    marks = {row.mark for row in by_id.values()}
    # A refusal on record may have a later sibling under the same idempotency key, which is the one that arrived.
    accounted = {row.mark for row in by_id.values() if row.status in {"succeeded", "unknown"}}
    for mark, times in received.items():
        if times > 1:
            verdict.sent_twice.append(f"NinjaOne received {mark} {times} times")
        if mark not in marks:
            verdict.lost.append(f"NinjaOne received {mark}, and the ledger does not know it")
    for row in by_id.values():
        _judge_row(row, received[row.mark], verdict, is_accounted=row.mark in accounted)
    for call in calls:
        _judge_call(call, by_id, verdict)
    return verdict


def _judge_row(row: Row, times: int, verdict: Verdict, *, is_accounted: bool) -> None:
    what = f"{row.mark} ({row.id})"
    if row.status in OPEN:
        verdict.lost.append(f"{what} has no end, it stands at {row.status}")
    if row.status == "unknown":
        verdict.unknown += 1
        if not row.is_write:
            verdict.wrong.append(f"{what} is a read and unknown")
    if not row.is_write:
        return
    verdict.settled += row.is_settled
    if row.status == "succeeded" and times == 0:
        verdict.wrong.append(f"{what} succeeded and never arrived")
    was_refused = row.status == "failed" and 400 <= (row.upstream_status or 0) < 500
    if row.status in NOT_DONE and times and not (was_refused or is_accounted):
        verdict.wrong.append(f"{what} is {row.status} and did arrive")


def _judge_call(call: Call, by_id: dict[str, Row], verdict: Verdict) -> None:
    ids = {envelope["id"] for _, envelope in call.answers if "id" in envelope}
    if len(ids) > 1:
        verdict.wrong.append(f"{call.mark} was answered as {len(ids)} invocations")
    for status, envelope in call.answers:
        if "id" not in envelope:
            if status < 300:
                verdict.lost.append(f"{call.mark} was answered {status} without an invocation")
            continue
        row = by_id.get(envelope["id"])
        if row is None:
            verdict.lost.append(f"{call.mark} was accepted as {envelope['id']}, and the ledger does not know it")
        elif row.status != envelope["status"] and envelope["status"] not in {*OPEN, "unknown"}:
            verdict.wrong.append(f"{call.mark} was told to be {envelope['status']} and is {row.status}")
