"""Short ways to let a run end in the sandbox, and to look for outcomes now instead of when they are due."""

from __future__ import annotations

from uuid import UUID

from approvals.models import Effect, Invocation, Lookout, Place, Status
from approvals.outcomes.poll import place_look
from integrations.clock import database_now
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import dropped
from integrations.ninjaone.sandbox.runs import world_settle
from tests.approvals.asking import approved_and_sent, ask
from tests.cast import Tenant

# The technician of Acme's sandbox whose consent we use, and another one.
US, SOMEBODY = 12, 13


def lost(tenant: Tenant, sandbox: Sandbox, method: str, path: str, row: Invocation, *, happened: bool) -> Invocation:
    """The call was sent, and the answer never came."""
    sandbox.faults.add(method, path, dropped(is_after_effect=happened))
    sent = approved_and_sent(tenant, row)
    assert sent.status == Status.UNKNOWN
    return sent


def bash(tenant: Tenant, script: str = "echo hello", device_id: int = 43) -> Invocation:
    """A bash script that was approved and sent."""
    return approved_and_sent(tenant, ask(tenant, "ninja-run-bash", device_id=device_id, script=script))


def ended(sandbox: Sandbox) -> None:
    """Lets everything that runs on devices that are there end now."""
    for client in sandbox.clients.values():
        for run in client.world.runs:
            run.steps = [(0.0, effect) for _, effect in run.steps]
        world_settle(client.world)


def make_due() -> None:
    """Every place that somebody waits for is due now, for every connection."""
    now = database_now()
    Place.objects.filter(due_at__isnull=False).update(due_at=now)
    Lookout.objects.update(next_read_at=now)


def look_everywhere() -> None:
    """One look at each place that somebody waits for."""
    make_due()
    for place in Place.objects.filter(due_at__isnull=False):
        Lookout.objects.update(next_read_at=database_now())
        assert place_look(place.pk)


def effect(row_id: UUID) -> Effect:
    """The outcome as the database has it now."""
    return Effect.objects.select_related("invocation__msp").get(pk=row_id)
