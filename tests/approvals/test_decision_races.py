"""200 rounds of many threads over one request each: exactly one of them ends its waiting, whoever they are."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest

from approvals.decisions import invocation_cancel
from approvals.errors import GateError
from approvals.models import Decision, Invocation, Status
from approvals.sweep import expire
from integrations.audit.verification import chain_verify
from integrations.clock import Now, database_now
from integrations.models import AuditEvent
from tests.approvals.asking import again, approve, ask, deny
from tests.approvals.crowd import Crowd, Runner, crowd_of
from tests.cast import Tenant

ROUNDS = 200
APPROVALS = 32
EACH_WAY = 2
# Deadlines pass somewhere within a round, on a slow machine as on a fast one; in the last third nobody has to hurry.
LATEST_DEADLINES = (0.03, 0.6, 3_600)
AN_HOUR = timedelta(hours=1)
# Rounds for each of the four in which nobody else can be the first.
LED_ROUNDS = 5
PATIENCE_SECONDS = 60

ENDS = {
    "approve": Status.QUEUED,
    "deny": Status.DENIED,
    "cancel": Status.CANCELLED,
    "expire": Status.EXPIRED,
}


def requests_of(tenant: Tenant, count: int) -> list[Invocation]:
    """As many requests, like one that the agent made."""
    row = again(ask(tenant, "ninja-reboot-device", device_id=43).pk)
    rows = []
    for _ in range(count):
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


def test_of_many_approvals_one_counts(acme: Tenant) -> None:
    names = ["approve"] * APPROVALS
    requests, wins = requests_of(acme, ROUNDS), {}
    with crowd_of(APPROVALS) as crowd:
        for row in requests:
            people = [acme.approver, acme.second_approver] * (APPROVALS // 2)
            answers = crowd.at_once([partial(approve, acme, row, person) for person in people])
            wins[row.pk] = won(names, answers)
            assert wins[row.pk] == ["approve"]
    check_records(acme, requests, wins)


def test_of_approvals_denials_withdrawals_and_the_deadline_one_counts(acme: Tenant) -> None:
    rng = random.Random(32)
    requests, wins = requests_of(acme, ROUNDS), {}
    with crowd_of(EACH_WAY * len(ENDS)) as crowd:
        for row, latest in zip(requests, cycle(LATEST_DEADLINES), strict=False):
            _expires_in(row, timedelta(seconds=rng.uniform(0, latest)))
            wins[row.pk] = _round(crowd, _everybody(acme, row), rng)
    check_records(acme, requests, wins)


@pytest.mark.parametrize("end", ENDS)
def test_whoever_is_the_first_of_them_counts(acme: Tenant, end: str) -> None:
    rng = random.Random(32)
    requests, wins = requests_of(acme, LED_ROUNDS), {}
    with crowd_of(EACH_WAY * len(ENDS)) as crowd:
        for row in requests:
            everybody = _everybody(acme, row)
            if end == "expire":
                _expires_in(row, timedelta())  # all at once, and too late
            else:
                _expires_in(row, AN_HOUR)
                everybody = _led_by(end, everybody)
            wins[row.pk] = _round(crowd, everybody, rng)
            assert wins[row.pk][0] == end
    check_records(acme, requests, wins)


def _everybody(tenant: Tenant, row: Invocation) -> list[tuple[str, Runner]]:
    runners: list[tuple[str, Runner]] = []
    for person in (tenant.approver, tenant.second_approver):
        runners += [("approve", partial(approve, tenant, row, person)), ("deny", partial(deny, tenant, row, person))]
    withdraw = partial(invocation_cancel, principal=tenant.principal(), invocation_id=row.pk)
    runners += [("cancel", withdraw), ("expire", partial(_expire_when_due, row))] * EACH_WAY
    return runners


def _led_by(end: str, runners: list[tuple[str, Runner]]) -> list[tuple[str, Runner]]:
    """The same, but all others begin when one of these has ended."""
    has_ended = threading.Event()

    def lead(runner: Runner) -> object:
        try:
            return runner()
        finally:
            has_ended.set()

    def follow(runner: Runner) -> object:
        assert has_ended.wait(PATIENCE_SECONDS)
        return runner()

    return [(name, partial(lead if name == end else follow, runner)) for name, runner in runners]


def _expires_in(row: Invocation, after: timedelta) -> None:
    Invocation.objects.filter(pk=row.pk).update(expires_at=database_now() + after)


def _round(crowd: Crowd, runners: list[tuple[str, Runner]], rng: random.Random) -> list[str]:
    """Who won, in order: one, and after an approval perhaps a withdrawal of what is queued by then."""
    rng.shuffle(runners)
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
