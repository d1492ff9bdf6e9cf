"""Rows of the ledger as they stand in a given state, without the way there."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from approvals.models import Invocation, Status
from approvals.models.states import FIRST
from integrations.clock import database_now
from tests.cast import Tenant
from tools.models import Mode


def invocation_make(tenant: Tenant, status: Status, **changes: Any) -> Invocation:
    """A reboot that somebody asked for, in `status`."""
    now = database_now()
    has_left = status in {Status.DISPATCHING, Status.UNKNOWN, Status.SUCCEEDED}
    values: dict[str, Any] = {
        "msp": tenant.msp,
        "agent": tenant.agent,
        "agent_key": tenant.key,
        "connection": tenant.connection,
        "tool": "ninjaone:ninja-reboot-device",
        "tool_version": "1",
        "policy": Mode.APPROVAL_NEEDED,
        "is_write": True,
        "status": status,
        "arguments": "{}",
        "call_digest": uuid.uuid4().hex * 2,
        "digest": "sha256:" + uuid.uuid4().hex * 2,
        "approvals_needed": 1 if status == Status.PENDING_APPROVAL else 0,
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
        "release_by": now + timedelta(minutes=10) if status == Status.QUEUED else None,
        "lease_until": now + timedelta(seconds=90) if status == Status.DISPATCHING else None,
        "dispatch_started_at": now if has_left else None,
    }
    if status not in FIRST:
        # The ledger lets no row begin at its end.
        row = Invocation.objects.create(**{**values, **changes, "status": Status.DISPATCHING, "lease_until": now})
        Invocation.objects.filter(pk=row.pk).update(status=status, lease_until=None, finished_at=now)
        row.refresh_from_db()
        return row
    return Invocation.objects.create(**{**values, **changes})
