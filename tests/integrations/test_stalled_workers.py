"""A worker that stalls between two reads while another one trims takes nothing for broken; nothing broken passes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

from approvals.retention import retain
from integrations.audit.periods import FIRST, periods_follow
from integrations.audit.trimming import audit_bury
from integrations.audit.verification import chain_verify
from integrations.audit_verifier import BrokenError, seal_of
from integrations.clock import Now
from integrations.models import AuditEvent, AuditTombstone, Msp, Retention
from tests.integrations.tampering import STRANGER, append, entry, rehash, unguarded
from tests.integrations.test_audit_tombstones import before, numbers, stone, trim
from tests.integrations.test_unsaid_periods import AS_IT_IS, change, kept, made

pytestmark = pytest.mark.django_db(transaction=True)

# What the names of tables begin with.
TABLES, AUDIT, ENTRIES = "integrations_", "integrations_audit", "integrations_auditevent"
Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@pytest.fixture
def acme() -> Msp:
    """Entries of 500, 450 and 200 days ago, and of today: those up to 9 may go."""
    return made("acme")


class Stall:
    """Lets somebody else do something before one statement of ours, outside of transactions: nobody waits for us."""

    def __init__(self, do: Callable[[], object], *, at: int, of: str) -> None:
        self.do, self.at, self.of = do, at, of
        self.count = 0

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """As Django calls it."""
        if not connection.in_atomic_block and self.of in sql:
            self.count += 1
            if self.count == self.at:
                meanwhile = threading.Thread(target=self._do)
                meanwhile.start()
                meanwhile.join()
        return execute(sql, params, many, context)

    def _do(self) -> None:
        try:
            self.do()
        finally:
            connections.close_all()

    @property
    def has_stalled(self) -> bool:
        """Whether there was such a statement."""
        return self.count >= self.at


@contextmanager
def stalled(do: Callable[[], object], *, at: int = 1) -> Iterator[None]:
    """We stall when we read entries for the `at`th time."""
    stall = Stall(do, at=at, of=ENTRIES)
    with connection.execute_wrapper(stall):
        yield
    assert stall.has_stalled


def turn(msp: Msp) -> None:
    """Whoever sweeps next takes this MSP, as if nobody had it."""
    Retention.objects.filter(msp=msp).update(due_at=Now())
    retain(pause=0)


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname in {"WARNING", "ERROR", "CRITICAL"}]


def test_wherever_it_stalls_while_another_one_trims_it_complains_of_nothing(
    acme: Msp, caplog: pytest.LogCaptureFixture
) -> None:
    msp, at = acme, 0
    while True:
        at += 1
        Retention.objects.filter(msp=msp).update(due_at=Now())
        stall = Stall(partial(turn, msp), at=at, of=AUDIT)
        with connection.execute_wrapper(stall):
            retain(pause=0)
        assert complaints(caplog) == [], f"before statement {at}"
        assert numbers(msp)[0] == 10
        if not stall.has_stalled:
            break
        msp = made(f"msp-{at}")
    assert at > 12
    call_command("audit_verify")


def test_periods_that_change_and_change_back_while_the_verifier_stalls(acme: Msp) -> None:
    more, less = (partial(change, acme, AS_IT_IS | {"results_days": days}) for days in (60, 30))
    more()
    for second in range(1, 20):
        for first in range(1, second + 1):
            less()
            stalls = [Stall(more, at=first, of=TABLES), Stall(less, at=second, of=TABLES)]
            with connection.execute_wrapper(stalls[1]), connection.execute_wrapper(stalls[0]):
                chain_verify(msp=acme, vouched=set(), mark=None)
        if not stalls[1].has_stalled:
            break
    assert 4 < second < 19


def test_wherever_the_verifier_stalls_while_somebody_trims_it_finds_the_chain_intact(acme: Msp) -> None:
    msp = acme
    for at in range(1, 20):
        stall = Stall(partial(turn, msp), at=at, of=TABLES)
        with connection.execute_wrapper(stall):
            chain_verify(msp=msp, vouched=set(), mark=None)
        if not stall.has_stalled:
            break
        assert numbers(msp)[0] == 10
        msp = made(f"msp-{at}")
    assert 4 < at < 19


def test_it_reads_anew_behind_a_tombstone_that_moved_twice(acme: Msp) -> None:
    with stalled(lambda: trim(acme, 460)), stalled(lambda: trim(acme), at=2):
        assert periods_follow(kept(acme)) == FIRST
    assert numbers(acme)[0] == 10


def test_a_tombstone_that_a_stranger_moved_meanwhile_is_no_excuse(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    trim(acme, 460)
    early = stone(acme)

    def remove() -> None:
        """Three more, behind a tombstone that says so."""
        record = early.record.replace('"through":6', '"through":9').replace(early.hash, entry(acme, 9).hash)
        values = {"through": 9, "hash": entry(acme, 9).hash, "record": record}
        with unguarded():
            AuditEvent.objects.filter(msp=acme, number__lte=9).delete()
            AuditTombstone.objects.filter(msp=acme).update(**values, seal=seal_of(STRANGER, "tombstone", record))

    with stalled(remove), pytest.raises(BrokenError, match="its tombstone has a seal"):
        periods_follow(kept(acme))
    assert not audit_bury(msp=acme, before=before(400))
    assert "its tombstone has a seal that was not made with the audit key" in caplog.text


def test_entries_that_go_meanwhile_without_a_tombstone_or_with_an_old_one_are_missed(acme: Msp) -> None:
    trim(acme, 460)
    early = stone(acme)
    trim(acme)

    def remove(first: int) -> None:
        with unguarded():
            AuditEvent.objects.filter(msp=acme, number=first).delete()

    def put_back() -> None:
        with unguarded():
            AuditTombstone.objects.filter(msp=acme).update(
                through=early.through, hash=early.hash, record=early.record, seal=early.seal
            )

    with stalled(lambda: remove(10)), pytest.raises(BrokenError, match="entry 10 is mis"):
        periods_follow(kept(acme))
    with stalled(put_back), pytest.raises(BrokenError, match="entry 10 is missing"):
        periods_follow(kept(acme))
    with pytest.raises(BrokenError, match="entry 7 is missing"):
        periods_follow(kept(acme))


def test_what_is_broken_behind_a_tombstone_that_moved_rightly_is_found(
    acme: Msp, caplog: pytest.LogCaptureFixture
) -> None:
    append(acme, 3)

    def trim_and_change() -> None:
        trim(acme)
        with unguarded():
            AuditEvent.objects.filter(msp=acme, number=11).update(**rehash(entry(acme, 11), STRANGER, subject="else"))

    with (
        stalled(trim_and_change),
        pytest.raises(BrokenError, match="entry 11 has a seal"),
    ):
        periods_follow(kept(acme))
    with stalled(lambda: None):
        turn(acme)
    assert "Nothing is removed of acme: in its audit, entry 11 has a seal" in caplog.text
