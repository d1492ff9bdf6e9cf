from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import transaction

from integrations.audit import AuditError
from integrations.audit.checkpoints import audit_checkpoint
from integrations.installation import installation_prove
from integrations.models import AuditEvent, AuditHead, Installation, Msp, Retention
from integrations.starting import RestoredError, start_check
from tests.integrations.tampering import append, entry, unguarded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def file(tmp_path: Path, settings: LazySettings) -> Path:
    settings.AUDIT_CHECKPOINT_FILE = str(tmp_path / "second place" / "checkpoints.jsonl")
    return Path(settings.AUDIT_CHECKPOINT_FILE)


@pytest.fixture
def acme(file: Path) -> Msp:
    msp = Msp.objects.create(name="Acme", slug="acme")
    append(msp, 3)
    return msp


def rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def verdict() -> tuple[int, str]:
    try:
        call_command("audit_verify")
    except CommandError as error:
        return error.returncode, str(error)
    return 0, ""


def cut(msp: Msp, number: int) -> None:
    with unguarded():
        AuditEvent.objects.filter(msp=msp, number__gt=number).delete()
        AuditHead.objects.filter(msp=msp).update(number=number, hash=entry(msp, number).hash)


def test_a_checkpoint_holds_the_heads_and_is_for_its_owner_alone(acme: Msp, file: Path) -> None:
    Msp.objects.create(name="Empty", slug="empty")
    assert audit_checkpoint() == 1
    [row] = rows(file)
    assert row["heads"] == {str(acme.pk): [3, entry(acme, 3).hash]}
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_is_written_at_most_once_a_minute_and_only_for_heads_that_moved(acme: Msp, file: Path) -> None:
    audit_checkpoint()
    append(acme)
    assert audit_checkpoint() == 0
    os.utime(file, (0, 0))
    assert audit_checkpoint() == 1
    os.utime(file, (0, 0))
    assert audit_checkpoint() == 0
    assert len(rows(file)) == 2


def test_it_is_refused_within_a_transaction_whose_entries_may_roll_back(acme: Msp) -> None:
    with transaction.atomic(), pytest.raises(AuditError):
        audit_checkpoint()


def test_a_torn_line_of_a_writer_that_died_is_removed(acme: Msp, file: Path) -> None:
    audit_checkpoint()
    with file.open("a") as output:
        output.write('{"installation": "')
    assert verdict() == (0, "")
    append(acme)
    assert audit_checkpoint(pause=0) == 1
    assert len(rows(file)) == 2
    assert verdict() == (0, "")


def test_a_chain_that_lost_its_checkpoint_is_reported_and_gets_no_new_one(
    acme: Msp, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit_checkpoint()
    cut(acme, 1)
    append(acme, 5)
    with caplog.at_level(logging.CRITICAL):
        assert audit_checkpoint(pause=0) == 0
    assert f"MSP {acme.pk} lost what its checkpoint holds" in caplog.text
    assert len(rows(file)) == 1
    assert verdict()[0] == 1


def test_a_file_that_cannot_be_written_is_reported_and_stops_nothing(
    acme: Msp, tmp_path: Path, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AUDIT_CHECKPOINT_FILE = str(tmp_path)
    with caplog.at_level(logging.CRITICAL):
        assert audit_checkpoint() == 0
    assert "No audit checkpoint was written" in caplog.text


def test_a_file_that_went_missing_is_no_verdict(acme: Msp, file: Path) -> None:
    assert verdict() == (0, "")
    audit_checkpoint()
    file.unlink()
    assert verdict()[0] == 2


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"heads":', '"heads" :', ""),
        (":[3,", ":[2,", "seal"),
        ('{"at"', "{at", "is no checkpoint"),
        ('"installation"', '"somewhere"', "is no checkpoint"),
    ],
)
def test_a_changed_line_is_found(acme: Msp, file: Path, before: str, after: str, said: str) -> None:
    audit_checkpoint()
    file.write_text(file.read_text().replace(before, after))
    code, text = verdict()
    assert code == (1 if said else 0)
    assert said in text


def test_a_checkpoint_that_goes_back_is_found(acme: Msp, file: Path) -> None:
    audit_checkpoint()
    first = file.read_text()
    append(acme)
    audit_checkpoint(pause=0)
    file.write_text(file.read_text() + first)
    code, text = verdict()
    assert (code, "line 3 goes back from 4 to 3" in text) == (1, True)


def test_an_msp_that_vanished_as_a_whole_is_found(acme: Msp) -> None:
    audit_checkpoint()
    with unguarded():
        AuditEvent.objects.all().delete()
        AuditHead.objects.all().delete()
        Retention.objects.all().delete()
        Msp.objects.all().delete()
    code, text = verdict()
    assert (code, f"MSP {acme.pk}: entry 3 is missing" in text) == (1, True)


def test_lines_of_another_installation_are_not_ours(acme: Msp, file: Path) -> None:
    audit_checkpoint()
    Installation.objects.all().delete()  # a database made anew, beside the same file
    with unguarded():
        AuditHead.objects.update(number=0, hash="0" * 64)
        AuditEvent.objects.all().delete()
    assert verdict() == (0, "")
    start_check()


def test_nothing_starts_on_a_database_that_is_older_than_its_checkpoints(acme: Msp) -> None:
    start_check()
    audit_checkpoint()
    start_check()
    cut(acme, 2)
    with pytest.raises(RestoredError, match="post_restore"):
        start_check()


def test_a_broken_file_does_not_keep_a_server_from_starting(
    acme: Msp, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    installation_prove()
    file.parent.mkdir()
    file.write_text("nonsense\n")
    with caplog.at_level(logging.CRITICAL):
        start_check()
    assert "cannot be read: line 1 is no checkpoint" in caplog.text


def test_former_keys_that_left_the_ring_do_not_end_the_checkpoints(acme: Msp, settings: LazySettings) -> None:
    audit_checkpoint()
    settings.AUDIT_KEYS = ["the-new-audit-key-0123456789abcdefghi", *settings.AUDIT_KEYS]
    installation_prove()
    settings.AUDIT_KEYS = settings.AUDIT_KEYS[:1]
    append(acme)
    assert audit_checkpoint(pause=0) == 1
    assert verdict()[0] == 2
