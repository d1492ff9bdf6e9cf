from __future__ import annotations

from approvals.models.decisions import Attempt, Decision, ReasonCode, Verdict
from approvals.models.invocations import ApprovalRequest, Invocation
from approvals.models.limits import Bucket, Refused, Scope
from approvals.models.notices import CHANGED, Delivery, Destination, Event, Kind
from approvals.models.states import Status

__all__ = [
    "CHANGED",
    "ApprovalRequest",
    "Attempt",
    "Bucket",
    "Decision",
    "Delivery",
    "Destination",
    "Event",
    "Invocation",
    "Kind",
    "ReasonCode",
    "Refused",
    "Scope",
    "Status",
    "Verdict",
]
