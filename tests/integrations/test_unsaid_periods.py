"""Periods that somebody set in the database, past Countersign: nothing is removed by them, and the verifier says so."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from approvals.retention import retain
from integrations import retention as periods_of
from integrations.audit import Actor
from integrations.audit.periods import Periods, periods_follow
from integrations.audit.trimming import audit_bury
from integrations.clock import Now, database_now
from integrations.installation import installation_prove
from integrations.models import AuditEvent, Msp, Retention
from integrations.retention import retention_change, retention_confirm
from tests.integrations.tampering import STRANGER, append, entry, rehash, unguarded
from tests.integrations.test_audit_tombstones import days_ago, numbers

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = Actor.system("admin")
AS_IT_IS = {"results_days": 30, "invocations_days": 400, "audit_days": 400}
MORE = {"results_days": 30, "invocations_days": 400, "audit_days": 3_000}
LESS = {"results_days": 30, "invocations_days": 180, "audit_days": 180}
UNSAID = "by the audit. Somebody changed that past Countersign"


def made(slug: str) -> Msp:
    """An MSP with entries of 500, 450 and 200 days ago, and of today."""
    installation_prove()
    msp = Msp.objects.create(name=slug.title(), slug=slug)
    for days, count in ((500, 6), (450, 3), (200, 3), (0, 2)):
        with days_ago(days):
            append(msp, count)
    return msp


@pytest.fixture
def acme() -> Msp:
    """One of these."""
    return made("acme")


def swept(msp: Msp) -> list[int]:
    """The numbers that a sweep leaves."""
    Retention.objects.filter(msp=msp).update(due_at=Now())
    retain(pause=0)
    return numbers(msp)


def change(msp: Msp, wanted: dict[str, int]) -> Retention:
    return retention_change(msp=msp, actor=ADMIN, wanted=wanted)


def in_sql(msp: Msp, **values: Any) -> None:
    """As the tables' owner can."""
    with unguarded():
        Retention.objects.filter(msp=msp).update(**values)


def announced_long_ago(msp: Msp, wanted: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """As if an admin had asked for less more than a week ago."""
    monkeypatch.setattr(periods_of, "shorter_holds_from", lambda: database_now().replace(microsecond=0))
    with unguarded():
        change(msp, wanted)
    monkeypatch.undo()


def broken() -> str:
    with pytest.raises(CommandError) as caught:
        call_command("audit_verify")
    assert caught.value.returncode == 1
    return str(caught.value)


def kept(msp: Msp) -> Retention:
    return Retention.objects.get(msp=msp)


def test_shorter_columns_remove_nothing_and_are_reported(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    before = numbers(acme)
    in_sql(acme, **LESS, **{f"wanted_{name}": days for name, days in LESS.items()})
    assert swept(acme) == before
    assert f"kept for 30/180/180 days by the database, for 30/400/400 {UNSAID}" in caplog.text
    assert "kept for 30/400/400 days, but the database says 30/180/180" in broken()


def test_an_admin_who_saves_what_is_right_lets_it_go_on(acme: Msp) -> None:
    in_sql(acme, **LESS, **{f"wanted_{name}": days for name, days in LESS.items()})
    before = swept(acme)
    change(acme, {**LESS, "results_days": 60})
    # They took what the page showed for what was always there.
    assert swept(acme) == [*before, before[-1] + 1]
    assert "but the database says" in broken()
    change(acme, AS_IT_IS | {"results_days": 60})
    assert swept(acme)[0] == 10
    call_command("audit_verify")


@pytest.mark.parametrize("days", [180, 3_000])
def test_days_that_were_changed_alone_are_put_right_by_saving_what_is_wanted(acme: Msp, days: int) -> None:
    in_sql(acme, audit_days=days, **({"invocations_days": days} if days < 400 else {}))
    assert "but the database says" in broken()
    change(acme, AS_IT_IS)
    call_command("audit_verify")
    assert kept(acme).audit_days == max(days, 400)


def test_an_announcement_in_sql_comes_into_force_for_nobody(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    # The guards let this pass: it is announced for a week.
    wanted = {f"wanted_{name}": days for name, days in LESS.items()}
    Retention.objects.filter(msp=acme).update(**wanted, shortens_at=database_now() + timedelta(days=8))
    assert "but the database says" in broken()
    in_sql(acme, shortens_at=database_now() - timedelta(days=1))
    before = numbers(acme)
    assert swept(acme) == before
    assert UNSAID in caplog.text
    assert kept(acme).in_force == AS_IT_IS
    # Nor when an admin confirms it unawares.
    in_sql(acme, shortens_at=database_now() + timedelta(days=8))
    change(acme, {**LESS, "results_days": 60})
    in_sql(acme, shortens_at=database_now() - timedelta(days=1))
    swept(acme)
    assert kept(acme).in_force == AS_IT_IS | {"results_days": 60}


def test_what_an_admin_announced_comes_into_force(acme: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    announced_long_ago(acme, LESS, monkeypatch)
    call_command("audit_verify")
    left = swept(acme)
    assert kept(acme).in_force == LESS
    last = AuditEvent.objects.filter(msp=acme, action="audit.trimmed").latest("number")
    assert left[0] == json.loads(last.record)["data"]["through"] + 1 == 13
    call_command("audit_verify")


def test_an_earlier_day_than_was_announced(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    change(acme, LESS)
    in_sql(acme, shortens_at=database_now() - timedelta(days=1))
    before = numbers(acme)
    assert swept(acme) == before
    assert UNSAID in caplog.text
    assert kept(acme).in_force == AS_IT_IS


def test_an_entry_about_periods_that_was_removed_or_changed(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    change(acme, MORE)
    append(acme, 2)
    told = AuditEvent.objects.get(msp=acme, action="retention.changed")
    in_sql(acme, audit_days=400, wanted_audit_days=400)
    with unguarded():
        AuditEvent.objects.filter(pk=told.pk).update(action="test.entry", **rehash(told, STRANGER, action="test.entry"))
    before = numbers(acme)
    assert swept(acme) == before
    assert f"Nothing is removed of acme: in its audit, entry {told.number} has a seal" in caplog.text
    with unguarded():
        AuditEvent.objects.filter(msp=acme, number=told.number).delete()
    assert swept(acme)[0] == 1
    assert f"in its audit, entry {told.number} is missing" in caplog.text


def test_an_end_that_was_cut_off(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    append(acme)
    with unguarded():
        entry(acme, numbers(acme)[-1]).delete()
    assert swept(acme)[0] == 1
    assert "is missing: the head of the chain is entry" in caplog.text


def test_the_periods_outlive_their_entry(acme: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    msp = Msp.objects.create(name="Long", slug="long")
    longer = {"results_days": 30, "invocations_days": 400, "audit_days": 420}
    with days_ago(600):
        change(msp, longer)
        append(msp, 3)
    append(msp, 2)
    assert swept(msp)[0] == 5
    assert not AuditEvent.objects.filter(msp=msp, action="retention.changed").exists()
    Retention.objects.filter(msp=msp).update(followed="")
    assert periods_follow(kept(msp)) == Periods((30, 400, 420), (30, 400, 420), None)
    call_command("audit_verify")
    in_sql(msp, audit_days=400, wanted_audit_days=400)
    assert "are kept for 30/400/420 days, but the database says 30/400/400" in broken()


def test_it_verifies_while_an_entry_about_periods_is_being_removed() -> None:
    installation_prove()
    msp = Msp.objects.create(name="Long", slug="long")
    with days_ago(600):
        for days in (500, 560, 580):
            change(msp, MORE | {"audit_days": days})
        append(msp, 3)
    append(msp, 2)
    assert retention_confirm(kept(msp))
    assert audit_bury(msp=msp, before=database_now() - timedelta(days=580))
    assert AuditEvent.objects.filter(msp=msp, number__lte=2).delete()[0] == 2
    call_command("audit_verify")


def test_what_was_made_longer_in_sql_is_said_by_saving_it(acme: Msp) -> None:
    in_sql(acme, audit_days=3_000, wanted_audit_days=3_000)
    assert UNSAID in broken() or "days" in broken()
    change(acme, MORE)
    call_command("audit_verify")
    assert retention_confirm(Retention.objects.get(msp=acme))
    entries = AuditEvent.objects.for_msp(acme).count()
    change(acme, MORE)
    assert AuditEvent.objects.for_msp(acme).count() == entries


def test_what_was_made_shorter_in_sql_is_said_by_saving_the_longer_first(acme: Msp) -> None:
    in_sql(acme, audit_days=180, wanted_audit_days=180, invocations_days=180, wanted_invocations_days=180)
    change(acme, AS_IT_IS)
    call_command("audit_verify")
    row = change(acme, LESS)
    assert row.shortens_at is not None
    call_command("audit_verify")
