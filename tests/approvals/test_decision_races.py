"""200 rounds of many threads over one request each: exactly one of them ends its waiting, whoever they are."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from approvals.decisions import invocation_cancel
from approvals.errors import GateError
from approvals.models import Decision, Invocation, Status
from approvals.sweep import expire
from integrations.agent_keys import Principal
from integrations.audit.verification import chain_verify
from integrations.clock import Now, database_now
from integrations.models import AuditEvent
from tests.approvals.asking import again, approve, ask, deny
from tests.approvals.crowd import Crowd, Runner, crowd_of
from tests.cast import Tenant

ROUNDS = 200
APPROVALS = 32
EACH_WAY = 2
# Deadlines pass somewhere within a round, so that each of the four gets there first now and then.
# On a machine that is busy nobody decides within the shorter one, on an idle one nothing is left for the longer one.
LATEST_DEADLINES = (0.03, 0.6)

ENDS = {
    "approve": Status.QUEUED,
    "deny": Status.DENIED,
    "cancel": Status.CANCELLED,
    "expire": Status.EXPIRED,
}


@pytest.fixture
def requests(acme: Tenant) -> list[Invocation]:
    """As many requests as rounds, like one that the agent made."""
    row = again(ask(acme, "ninja-reboot-device", device_id=43).pk)
    rows = []
    for _ in range(ROUNDS):
        values = {field.attname: getattr(row, field.attname) for field in Invocation._meta.concrete_fields}
        rows.append(Invocation(**{**values, "id": uuid.uuid4(), "call_digest": uuid.uuid4().hex}))
    return Invocation.objects.bulk_create(rows)


def won(names: list[str], answers: list[object]) -> list[str]:
    """Who was not refused. Everybody else was told, in the contract's words, what stands now."""
    winners = [
        name for name, answer in zip(names, answers, strict=True) if isinstance(answer, Invocation) or answer is True
    ]
    for answer in answers:
        if isinstance(answer, GateError):
            assert answer.code == "invalid_state"
            assert answer.message.startswith("Nothing was changed: this one stands at")
    return winners


def check_records(tenant: Tenant, rows: list[Invocation], wins: dict[uuid.UUID, list[str]]) -> None:
    """Ledger, votes and audit say the same as the threads were told, and the chain has no gap."""
    votes = Counter(Decision.objects.values_list("invocation_id", flat=True))
    status = dict(Invocation.objects.values_list("pk", "status"))
    actions: dict[str, list[str]] = {}
    entries = AuditEvent.objects.for_msp(tenant.msp).order_by("number")
    for subject, action in entries.values_list("subject", "action"):
        actions.setdefault(subject, []).append(action)
    recorded = {"approve": "request.approved", "deny": "request.denied"}
    for row in rows:
        names = wins[row.pk]
        assert status[row.pk] == ENDS[names[-1]]
        assert votes[row.pk] == (names[0] in recorded)
        expected = [recorded.get(name, f"invocation.{ENDS[name].value}") for name in names]
        assert actions[f"invocation {row.pk}"] == expected
    chain_verify(msp=tenant.msp, vouched=set(), mark=None)


def test_of_many_approvals_one_counts(acme: Tenant, requests: list[Invocation]) -> None:
    names = ["approve"] * APPROVALS
    wins = {}
    with crowd_of(APPROVALS) as crowd:
        for row in requests:
            people = [acme.approver, acme.second_approver] * (APPROVALS // 2)
            answers = crowd.at_once([partial(approve, acme, row, person) for person in people])
            wins[row.pk] = won(names, answers)
            assert wins[row.pk] == ["approve"]
    check_records(acme, requests, wins)


def test_of_approvals_denials_withdrawals_and_the_deadline_one_counts(acme: Tenant, requests: list[Invocation]) -> None:
    rng = random.Random(32)
    principal = acme.principal()
    wins = {}
    with crowd_of(EACH_WAY * len(ENDS)) as crowd:
        for row in requests:
            wins[row.pk] = _mixed_round(crowd, acme, principal, row, rng)
    check_records(acme, requests, wins)
    ends = Counter(names[0] for names in wins.values())
    assert set(ends) == set(ENDS), ends


def _mixed_round(crowd: Crowd, tenant: Tenant, principal: Principal, row: Invocation, rng: random.Random) -> list[str]:
    """Who won, in order: one, and after an approval perhaps a withdrawal of what is queued by then."""
    runners: list[tuple[str, Runner]] = []
    for person in (tenant.approver, tenant.second_approver):
        runners += [("approve", partial(approve, tenant, row, person)), ("deny", partial(deny, tenant, row, person))]
    withdraw = partial(invocation_cancel, principal=principal, invocation_id=row.pk)
    runners += [("cancel", withdraw), ("expire", partial(_expire_when_due, row))] * EACH_WAY
    rng.shuffle(runners)
    deadline = database_now() + timedelta(seconds=rng.uniform(0, rng.choice(LATEST_DEADLINES)))
    Invocation.objects.filter(pk=row.pk).update(expires_at=deadline)
    names = won([name for name, _ in runners], crowd.at_once([runner for _, runner in runners]))
    names.sort(key=list(ENDS).index)
    assert len(names) == 1 or names == ["approve", "cancel"]
    return names


def _expire_when_due(row: Invocation) -> bool:
    """A sweeper's part, from before the deadline on. False when somebody else was faster."""
    waiting = Invocation.objects.filter(pk=row.pk, status=Status.PENDING_APPROVAL)
    while waiting.exists():
        if waiting.filter(expires_at__lte=Now()).exists() and expire(row):
            return True
        time.sleep(0.001)
    return False
