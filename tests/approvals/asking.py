"""Short ways to ask, decide and send, for tests of the gate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from approvals.decisions import request_approve, request_deny
from approvals.dispatch import dispatch_due
from approvals.gate import Submission, Submitted, invocation_submit
from approvals.models import Invocation, ReasonCode
from integrations.models import User
from tests.cast import Tenant
from tools.registry import find_tool


def submit(tenant: Tenant, name: str, /, *, options: dict[str, Any] | None = None, **arguments: Any) -> Submitted:
    """The tenant's agent calls the tool `name`; `options` are the submission's other fields."""
    tool = find_tool(name)
    assert tool is not None
    return invocation_submit(
        principal=tenant.principal(), submission=Submission(tool=tool, arguments=arguments, **(options or {}))
    )


def ask(tenant: Tenant, name: str, /, **arguments: Any) -> Invocation:
    """The invocation of a call."""
    return submit(tenant, name, **arguments).invocation


def in_order(rows: Iterable[Invocation]) -> list[Invocation]:
    """The oldest first, and those of one millisecond, which is as much as SQLite knows, as every list has them."""
    return sorted(rows, key=lambda row: (row.created_at, row.pk))


def approve(tenant: Tenant, row: Invocation, user: User | None = None, digest: str | None = None) -> Invocation:
    """The tenant's approver countersigns what they saw."""
    return request_approve(
        user=user or tenant.approver, msp=tenant.msp, invocation_id=row.pk, digest=digest or row.digest
    )


def deny(tenant: Tenant, row: Invocation, user: User | None = None) -> Invocation:
    """The tenant's approver says no."""
    return request_deny(
        user=user or tenant.approver,
        msp=tenant.msp,
        invocation_id=row.pk,
        digest=row.digest,
        reason_code=ReasonCode.WRONG_DEVICE,
        comment="That one is in surgery.",
    )


def approved_and_sent(tenant: Tenant, row: Invocation) -> Invocation:
    """Approve, let the dispatcher run once, and read what stands now."""
    approve(tenant, row)
    dispatch_due()
    return again(row.pk)


def again(row_id: UUID) -> Invocation:
    """The row as the database has it now."""
    return Invocation.objects.select_related("msp", "agent", "connection").get(pk=row_id)
