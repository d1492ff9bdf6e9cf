"""No seal for a tombstone that somebody with the database alone, who has no audit key, would have us make."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from approvals.retention import retain
from integrations.audit import trimming
from integrations.audit.periods import Place
from integrations.audit.trimming import audit_bury
from integrations.clock import database_now
from integrations.installation import installation_prove
from integrations.models import AuditEvent, AuditTombstone, Msp
from tests.integrations.tampering import append, unguarded
from tests.integrations.test_audit_tombstones import days_ago

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Msp:
    """An MSP with entries of today alone."""
    installation_prove()
    msp = Msp.objects.create(name="Acme", slug="acme")
    append(msp, 5)
    return msp


def test_entries_whose_column_was_made_older(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    with unguarded():
        old = AuditEvent.objects.filter(msp=acme, number__lte=3)
        old.update(happened_at=F("happened_at") - timedelta(days=500))
    retain(pause=0)
    assert AuditEvent.objects.filter(msp=acme, number__lte=3).count() == 3
    assert not AuditTombstone.objects.filter(msp=acme).exists()
    assert "entry 3 has a column that differs from its record: happened_at" in caplog.text
    with pytest.raises(CommandError, match="entry 1 has a column that differs"):
        call_command("audit_verify")


def test_who_comes_second_finds_it_buried(monkeypatch: pytest.MonkeyPatch) -> None:
    installation_prove()
    msp = Msp.objects.create(name="Acme", slug="acme")
    with days_ago(500):
        append(msp, 5)
    append(msp)
    moment, find = database_now() - timedelta(days=400), trimming._last_before

    def find_and_be_slow(msp: Msp, before: datetime, stone: Place) -> AuditEvent | None:
        found = find(msp, before, stone)
        monkeypatch.undo()
        assert audit_bury(msp=msp, before=moment)
        return found

    monkeypatch.setattr(trimming, "_last_before", find_and_be_slow)
    assert not audit_bury(msp=msp, before=moment)
    call_command("audit_verify")


def test_a_period_that_is_shorter_than_any_may_be() -> None:
    installation_prove()
    msp = Msp.objects.create(name="Acme", slug="acme")
    with days_ago(170):
        append(msp, 5)
    append(msp)
    with unguarded():
        assert not audit_bury(msp=msp, before=database_now() - timedelta(days=1))
