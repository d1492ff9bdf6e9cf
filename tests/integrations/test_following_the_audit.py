"""The audit is followed for the periods that it tells of, in steps, and never twice without need."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import DatabaseError, connections

from approvals.retention import retain
from integrations.audit import periods, trimming
from integrations.audit.chain import AuditError
from integrations.audit.periods import FIRST, Periods, periods_follow
from integrations.audit.trimming import audit_bury
from integrations.audit_verifier import BrokenError, UncheckedError
from integrations.clock import Now, database_now
from integrations.installation import installation_prove
from integrations.models import AuditEvent, AuditHead, AuditTombstone, Msp, Retention
from integrations.models.retention import LONGEST_DAYS
from tests.integrations.tampering import append
from tests.integrations.test_audit_tombstones import numbers
from tests.integrations.test_unsaid_periods import AS_IT_IS, MORE, change, kept, made, swept

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Msp:
    """Entries of 500, 450 and 200 days ago, and of today."""
    return made("acme")


def test_a_bookmark_saves_reading_and_another_one_changes_nothing(acme: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    begun = periods._begun

    def noted(row: Retention, head: AuditHead, stone: periods.Place) -> periods.Place:
        place = begun(row, head, stone)
        read.append(place.number)
        return place

    monkeypatch.setattr(periods, "_begun", noted)
    assert periods_follow(kept(acme)) == FIRST
    early, end = kept(acme).followed, numbers(acme)[-1]
    change(acme, MORE)
    said = Periods((30, 400, 3_000), (30, 400, 3_000), None)
    assert periods_follow(kept(acme)) == said
    assert read[-2:] == [0, end]
    other = Msp.objects.create(name="Other", slug="other")
    append(other, 10)
    theirs = kept(other)
    periods_follow(theirs)
    record, _, _ = kept(acme).followed.partition("\n")
    forged = json.dumps({**json.loads(record), "periods": json.loads(early.partition("\n")[0])["periods"]})
    for text, begins in (
        (early, end), ("", 0), ("x", 0), ("{}\nx", 0), ("[]", 0), (theirs.followed, 0), (f"{forged}\n{'0' * 64}", 0),
    ):  # fmt: skip
        Retention.objects.filter(msp=acme).update(followed=text)
        assert periods_follow(kept(acme)) == said
        assert read[-1] == begins


def test_a_key_that_left_the_ring_holds_up_nothing(acme: Msp, settings: LazySettings) -> None:
    old, new = settings.AUDIT_KEYS[0], "another audit key, for tests only 0123456789abcdef"
    periods_follow(kept(acme))
    settings.AUDIT_KEYS = [new, old]
    installation_prove()
    assert periods_follow(kept(acme)) == FIRST
    settings.AUDIT_KEYS = [new]
    assert periods_follow(kept(acme)) == FIRST
    # What it sealed can no longer be checked, so it is not begun anew without the bookmark.
    Retention.objects.filter(msp=acme).update(followed="")
    with pytest.raises(UncheckedError):
        periods_follow(kept(acme))


def test_a_long_chain_is_followed_and_buried_in_steps(acme: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "STEP", 4)
    monkeypatch.setattr(trimming, "STEP", 4)
    row, end = kept(acme), numbers(acme)[-1]
    steps = 0
    while periods_follow(row) is None:
        steps += 1
        assert json.loads(row.followed.partition("\n")[0])["number"] == 4 * steps
    assert steps == (end - 1) // 4
    before = database_now() - timedelta(days=400)
    through = []
    while audit_bury(msp=acme, before=before):
        through.append(AuditTombstone.objects.get(msp=acme).through)
        call_command("audit_verify")
    assert through == [4, 8, 9]
    assert swept(acme)[0] == 10
    call_command("audit_verify")


def test_a_round_without_time_goes_on_where_it_was(acme: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "STEP", 2)
    monkeypatch.setattr(trimming, "STEP", 2)
    rounds = 0
    while numbers(acme)[0] < 10:
        rounds += 1
        assert rounds < 50
        Retention.objects.filter(msp=acme).update(due_at=Now())
        retain(seconds=0.001, pause=0.002)
    assert rounds > 5
    call_command("audit_verify")


def test_a_period_that_becomes_longer_in_the_middle_of_a_round(
    acme: Msp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    intact = trimming._intact

    def meanwhile(msp: Msp, last: AuditEvent, stone: periods.Place) -> Periods | None:
        monkeypatch.undo()
        change(msp, MORE)
        return intact(msp, last, stone)

    monkeypatch.setattr(trimming, "_intact", meanwhile)
    caplog.set_level("INFO")
    assert swept(acme)[0] == 1
    assert not AuditTombstone.objects.filter(msp=acme).exists()
    assert "The periods of acme were changed meanwhile. It is looked through anew." in caplog.text
    assert not [one for one in caplog.records if one.levelname in {"WARNING", "ERROR", "CRITICAL"}]
    call_command("audit_verify")


class Busy(threading.Thread):
    """Does the same again and again until it is told to stop; keeps what it raised."""

    def __init__(self, do: Callable[[], object], stop: threading.Event) -> None:
        super().__init__()
        self.do, self.stop = do, stop
        self.raised: Exception | None = None

    def run(self) -> None:
        """In a thread with a connection of its own."""
        try:
            while not self.stop.is_set():
                self.do()
        except (DatabaseError, BrokenError, AuditError) as error:
            self.raised = error
        finally:
            connections.close_all()


def test_admins_who_change_periods_all_the_time_and_workers(acme: Msp) -> None:
    stop = threading.Event()
    # Ever longer; a fast machine comes to the end of what is allowed.
    days = itertools.chain(range(401, LONGEST_DAYS), itertools.repeat(LONGEST_DAYS))
    busy = [Busy(lambda: change(acme, AS_IT_IS | {"audit_days": next(days)}), stop)]
    busy += [Busy(lambda: swept(acme), stop) for _ in range(2)]
    for one in busy:
        one.start()
    stop.wait(4)
    stop.set()
    for one in busy:
        one.join()
    assert [one.raised for one in busy] == [None] * 3
    call_command("audit_verify")
    assert AuditEvent.objects.filter(msp=acme, action="retention.changed").count() > 5
