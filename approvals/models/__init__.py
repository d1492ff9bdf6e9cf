from __future__ import annotations

from approvals.models.decisions import Attempt, Decision, ReasonCode, Verdict
from approvals.models.invocations import ApprovalRequest, Invocation
from approvals.models.keys import IdempotencyKey
from approvals.models.limits import Bucket, Refused, Scope
from approvals.models.notices import CHANGED, Delivery, Destination, Event, Kind
from approvals.models.outcomes import Alarm, Effect, EffectKind, Lookout, OutcomeState, Place
from approvals.models.states import Status

__all__ = [
    "CHANGED",
    "Alarm",
    "ApprovalRequest",
    "Attempt",
    "Bucket",
    "Decision",
    "Delivery",
    "Destination",
    "Effect",
    "EffectKind",
    "Event",
    "IdempotencyKey",
    "Invocation",
    "Kind",
    "Lookout",
    "OutcomeState",
    "Place",
    "ReasonCode",
    "Refused",
    "Scope",
    "Status",
    "Verdict",
]
