"""What stops a call that was let go, up to the last moment: a brake, a revoked key, another policy or connection."""

from __future__ import annotations

from typing import cast

from django.db.models import Exists, Q

from approvals.errors import GateError
from approvals.models import Invocation, Status
from integrations.brakes import everything_frozen
from integrations.clock import Now
from integrations.models import Agent, AgentKey, Connection, Msp
from integrations.ninjaone.errors import StoppedError


def unstopped(row: Invocation) -> Q:
    """What has to hold in the moment of the claim, whatever was read before, which may have taken NinjaOne a while."""
    seen = cast(Connection, row.connection)
    same = Connection.objects.filter(pk=seen.pk, epoch=seen.epoch, policy_version=seen.policy_version)
    return Q(
        Exists(Msp.objects.filter(pk=row.msp_id, frozen_at=None)),
        Exists(Agent.objects.filter(_limits(row.agent), pk=row.agent_id, is_enabled=True, frozen_at=None)),
        Exists(AgentKey.objects.filter(pk=row.agent_key_id, revoked_at=None)),
        ~everything_frozen(),
        Exists(same),
    )


def _limits(agent: Agent) -> Q:
    """It may still ask for what it might when `agent` was read. Anything else is judged anew."""
    seen = {"allowed_tools": agent.allowed_tools, "allowed_organizations": agent.allowed_organizations}
    return Q(**{f"{name}__isnull" if value is None else name: value is None or value for name, value in seen.items()})


def is_unstopped(row: Invocation) -> bool:
    """The same, asked alone."""
    return Msp.objects.filter(unstopped(row), pk=row.msp_id).exists()


def going_check(row: Invocation) -> None:
    """A call that was held up between the claim and the wire must still be the claimer's. Raises StoppedError.

    Others may have given it up for unknown by now, and a person may have settled that it did not happen.
    """
    mine = Invocation.objects.filter(pk=row.pk, status=Status.DISPATCHING, attempt_count=row.attempt_count)
    if not mine.filter(lease_until__gt=Now()).exists():
        raise StoppedError(
            "upstream_unavailable", "It was held up too long before it could be sent to NinjaOne. Nothing was done."
        )
    if not is_unstopped(row):
        raise StoppedError("frozen", "It was stopped while it waited to be sent to NinjaOne. Nothing was done.")


def unstopped_check(row: Invocation) -> None:
    """The same for an auto write. Raises GateError."""
    if not is_unstopped(row):
        raise GateError(
            "frozen",
            "This call was stopped just before it was sent: the agent, its key, the connection or a policy is no "
            "longer what it was when it was asked for. Nothing was sent. Look at GET /api/v1/me, and ask an admin.",
        )
