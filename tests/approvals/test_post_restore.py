"""A database came back from a backup: what it took for approved, nobody may send any more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from approvals.dispatch import dispatch_due
from approvals.models import Invocation, Status
from approvals.sweep import sweep
from integrations.audit.checkpoints import audit_checkpoint
from integrations.clock import database_now
from integrations.installation import installation_prove
from integrations.models import AuditEvent, AuditHead, Authorization, Connection
from integrations.ninjaone.sandbox import Sandbox
from integrations.starting import RestoredError, start_check
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant
from tests.config.rows import invocation_make
from tests.integrations.tampering import append, entry, unguarded


@pytest.fixture(autouse=True)
def _own_checkpoints(tmp_path: Path, settings: LazySettings) -> None:
    settings.AUDIT_CHECKPOINT_FILE = str(tmp_path / "checkpoints.jsonl")


def restore() -> None:
    call_command("post_restore", "--yes")


def test_it_does_nothing_without_yes(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    events = AuditEvent.objects.count()
    with pytest.raises(CommandError, match="--yes"):
        call_command("post_restore")
    assert (again(row.pk).status, AuditEvent.objects.count()) == (Status.PENDING_APPROVAL, events)


def test_it_does_nothing_with_keys_that_are_not_the_database_s(acme: Tenant, settings: LazySettings) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    settings.AUDIT_KEYS = ["another-audit-key-0123456789abcdefgh"]
    with pytest.raises(CommandError, match="AUDIT_KEY is not"):
        restore()
    assert again(row.pk).status == Status.PENDING_APPROVAL


def test_what_was_approved_before_is_not_sent_after(acme: Tenant, ninjaone: Sandbox) -> None:
    row = approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    restore()
    dispatch_due()
    sweep()
    dispatch_due()
    assert again(row.pk).status == Status.BLOCKED
    assert "brought back from a backup" in again(row.pk).error_message
    assert ninjaone.calls("POST") == []


@pytest.mark.parametrize(
    ("before", "is_write", "after"),
    [
        (Status.PENDING_APPROVAL, True, Status.BLOCKED),
        (Status.QUEUED, True, Status.BLOCKED),
        (Status.QUEUED, False, Status.BLOCKED),
        (Status.DISPATCHING, True, Status.UNKNOWN),
        (Status.DISPATCHING, False, Status.FAILED),
        (Status.SUCCEEDED, True, Status.SUCCEEDED),
        (Status.UNKNOWN, True, Status.UNKNOWN),
    ],
)
def test_whatever_was_open_is_ended(
    acme: Tenant, before: Status, is_write: bool, after: Status, capsys: pytest.CaptureFixture[str]
) -> None:
    row = invocation_make(acme, before, is_write=is_write)
    finished_at = row.finished_at
    restore()
    now = again(row.pk)
    assert (now.status, now.lease_until) == (after, None)
    if before == after:
        assert now.finished_at == finished_at
        return
    assert f"      1 {before.value} -> {after.value}" in capsys.readouterr().out
    event = AuditEvent.objects.for_msp(acme.msp).get(action=f"invocation.{after.value}")
    assert (event.actor, event.subject) == ("system post_restore", f"invocation {row.pk}")


def test_every_msp_is_mended(acme: Tenant, northwind: Tenant) -> None:
    rows = [invocation_make(tenant, Status.QUEUED) for tenant in (acme, northwind)]
    restore()
    assert {again(row.pk).status for row in rows} == {Status.BLOCKED}


def test_more_rows_than_fit_into_a_batch(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("approvals.restored.BATCH", 2)
    for _ in range(5):
        invocation_make(acme, Status.QUEUED)
    restore()
    assert Invocation.objects.filter(status=Status.BLOCKED).count() == 5


def test_no_consent_of_the_past_fits_and_nobody_holds_a_lease(acme: Tenant) -> None:
    Connection.objects.update(refresh_lease_until=database_now() + timedelta(hours=1))
    before = Connection.objects.get(pk=acme.connection.pk)
    restore()
    now = Connection.objects.get(pk=acme.connection.pk)
    assert (now.epoch, now.token_version) == (before.epoch + 1, before.token_version + 1)
    assert now.refresh_lease_until is None
    assert now.secret("refresh_token") == before.secret("refresh_token")


def test_everybody_is_signed_out_and_no_authorization_is_under_way(acme: Tenant) -> None:
    browser = acme.signed_in(acme.admin)
    row = Authorization(
        msp=acme.msp, connection=acme.connection, user=acme.admin, state_digest="s", session_digest="s",
        region="sandbox", client_id="x", epoch=1, expires_at=database_now() + timedelta(minutes=5),
    )  # fmt: skip
    row.verifier = Authorization._meta.get_field("verifier").seal(row.pk, "v")
    row.save()
    restore()
    assert browser.get("/dashboard/").status_code == 302
    assert (Session.objects.count(), Authorization.objects.count()) == (0, 0)


def test_it_may_be_run_again(acme: Tenant) -> None:
    row = invocation_make(acme, Status.QUEUED)
    restore()
    finished_at = again(row.pk).finished_at
    restore()
    assert again(row.pk).finished_at == finished_at


def test_nothing_starts_before_it_and_the_audit_is_whole_after_it(acme: Tenant) -> None:
    installation_prove()
    append(acme.msp, 3)
    audit_checkpoint(pause=0)
    with unguarded():  # as a backup that was made before the last two entries
        last = AuditHead.objects.get(msp=acme.msp).number
        AuditEvent.objects.filter(msp=acme.msp, number__gt=last - 2).delete()
        AuditHead.objects.filter(msp=acme.msp).update(number=last - 2, hash=entry(acme.msp, last - 2).hash)
    with pytest.raises(RestoredError):
        start_check()
    restore()
    start_check()
    append(acme.msp, 3)
    audit_checkpoint(pause=0)
    call_command("audit_verify")
