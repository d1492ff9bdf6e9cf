from __future__ import annotations

from approvals.models.decisions import Attempt, Decision, ReasonCode, Verdict
from approvals.models.invocations import ApprovalRequest, Invocation
from approvals.models.limits import Bucket, Refused, Scope
from approvals.models.states import Status

__all__ = [
    "ApprovalRequest",
    "Attempt",
    "Bucket",
    "Decision",
    "Invocation",
    "ReasonCode",
    "Refused",
    "Scope",
    "Status",
    "Verdict",
]
