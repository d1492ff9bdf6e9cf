"""No row can point into another MSP, whatever the code above says."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, models, transaction

from approvals.models import Alarm, Attempt, Decision, Effect, Invocation, Lookout, Place, Verdict
from integrations.clock import database_now
from integrations.models import AgentKey, Authorization
from tests.aging import past_the_guards
from tests.approvals.asking import approve, approved_and_sent, ask
from tests.cast import Tenant
from tools.models import ToolPolicy


def refuses(row: models.Model) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_an_invocation_stays_with_its_msp(acme: Tenant, northwind: Tenant) -> None:
    row = ask(acme, "ninja-list-devices")
    for change in (
        {"agent": northwind.agent},
        {"agent_key": northwind.key},
        {"connection": northwind.connection},
        {"msp": northwind.msp},
    ):
        copy = Invocation.objects.get(pk=row.pk)
        copy.pk = None
        copy.id = northwind.msp.pk  # any id that is free
        copy.status, copy.dispatch_started_at = "failed", None
        for name, value in change.items():
            setattr(copy, name, value)
        refuses(copy)


def test_votes_and_attempts_stay_with_their_invocation(acme: Tenant, northwind: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    now = database_now()
    refuses(
        Decision(
            msp=northwind.msp,
            invocation=row,
            user=northwind.approver,
            verdict=Verdict.APPROVED,
            digest=row.digest,
            asked_at=row.created_at,
            decided_at=now,
        )
    )
    refuses(Attempt(msp=northwind.msp, invocation=row, number=1, is_write=True, started_at=now))
    approve(acme, row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.update(msp=northwind.msp)


def test_keys_policies_and_authorizations_stay_with_their_msp(acme: Tenant, northwind: Tenant) -> None:
    refuses(AgentKey(msp=northwind.msp, agent=acme.agent, prefix="abcdefgh", digest="0" * 64))
    refuses(ToolPolicy(msp=northwind.msp, connection=acme.connection, tool="ninjaone:x", mode="auto"))
    authorization = Authorization(
        msp=northwind.msp,
        connection=acme.connection,
        user=northwind.admin,
        state_digest="a",
        session_digest="b",
        region="sandbox",
        client_id="x",
        epoch=1,
        expires_at=database_now(),
    )
    field = Authorization._meta.get_field("verifier")
    authorization.verifier = field.seal(authorization.pk, "v")
    refuses(authorization)


def test_outcomes_and_alarms_stay_with_their_msp(acme: Tenant, northwind: Tenant) -> None:
    row = approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    effect, now = Effect.objects.get(), database_now()
    refuses(Place(msp=northwind.msp, connection=acme.connection, name="device/1"))
    refuses(Lookout(msp=acme.msp, connection=northwind.connection, next_read_at=now))
    refuses(Alarm(msp=northwind.msp, what="different", cause="1", invocation=row, words="x", raised_at=now))
    with pytest.raises(IntegrityError), transaction.atomic():
        Effect.objects.update(msp=northwind.msp)
    with past_the_guards("approvals_effect"):
        effect.delete()
    effect.msp = northwind.msp
    refuses(effect)
