"""What stops a call that was let go, up to the last moment: a brake, a revoked key, another policy or connection."""

from __future__ import annotations

from typing import cast

from django.db.models import Exists, Q

from approvals.errors import GateError
from approvals.models import Invocation
from integrations.brakes import everything_frozen
from integrations.models import Agent, AgentKey, Connection, Msp


def unstopped(row: Invocation) -> Q:
    """What has to hold in the moment of the claim, whatever was read before, which may have taken NinjaOne a while."""
    seen = cast(Connection, row.connection)
    same = Connection.objects.filter(pk=seen.pk, epoch=seen.epoch, policy_version=seen.policy_version)
    return Q(
        Exists(Msp.objects.filter(pk=row.msp_id, frozen_at=None)),
        Exists(Agent.objects.filter(pk=row.agent_id, is_enabled=True, frozen_at=None)),
        Exists(AgentKey.objects.filter(pk=row.agent_key_id, revoked_at=None)),
        ~everything_frozen(),
        Exists(same),
    )


def is_unstopped(row: Invocation) -> bool:
    """The same, asked alone."""
    return Msp.objects.filter(unstopped(row), pk=row.msp_id).exists()


def unstopped_check(row: Invocation) -> None:
    """The same for an auto write. Raises GateError."""
    if not is_unstopped(row):
        raise GateError(
            "frozen",
            "This call was stopped just before it was sent: the agent, its key, the connection or a policy is no "
            "longer what it was when it was asked for. Nothing was sent. Look at GET /api/v1/me, and ask an admin.",
        )
