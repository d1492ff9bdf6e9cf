"""What a look at NinjaOne says of one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from approvals.models import Effect, OutcomeState

# NinjaOne keeps that much of what a run printed; with our marks in it a little less of it is the script's own.
NINJAONE_KEEPS = 10_000
NEARLY_ALL = NINJAONE_KEEPS - 200
LONGEST_KEPT = 40_000


class Trace(NamedTuple):
    """The only thing in NinjaOne that a call could have left: an activity, or an entry of a ticket's log.

    `uid` is what no two calls can have. That NinjaOne names the user makes it worth something.
    """

    uid: str
    id: int
    left_at: datetime
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How far it is. `user_id` is who NinjaOne says ran it, where the run is provably ours, and
    `likely_user_id` where it is the only one that could be.

    `is_evidence`: it alone shows whether NinjaOne took the call, which an unknown outcome can be settled with. A
    `trace` may show it, too, together with what the ledger says. `is_unchanged`: what was to change stands there as
    it did before.
    """

    state: OutcomeState
    reason: str = ""
    is_offline: bool = False
    series_uid: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    output: str | None = None
    ran_sha256: str = ""
    is_truncated: bool = False
    user_id: int | None = None
    likely_user_id: int | None = None
    is_evidence: bool = False
    is_unchanged: bool = False
    trace: Trace | None = None


def not_seen(reason: str, effect: Effect | None = None) -> Finding:
    """Nothing that tells anything; what an earlier look has told of `effect` stands."""
    return Finding(
        state=OutcomeState.NOT_SEEN,
        reason=reason,
        series_uid=effect.series_uid if effect else "",
        started_at=effect.started_at if effect else None,
        trace=trace_of(effect) if effect else None,
    )


def trace_of(effect: Effect) -> Trace | None:
    """What an earlier look has found."""
    if effect.trace_id is None or effect.trace_left_at is None or effect.trace_user_id is None:
        return None
    return Trace(effect.series_uid, effect.trace_id, effect.trace_left_at, effect.trace_user_id)
