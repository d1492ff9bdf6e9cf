"""Old entries behind a sealed tombstone: the chain verifies from there on, and nothing else passes for one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from approvals.retention import retain
from integrations import audit_verifier
from integrations.audit import Actor, chain, trimming
from integrations.audit.checkpoints import audit_checkpoint
from integrations.audit.exports import audit_export
from integrations.audit.trimming import audit_bury, audit_remove
from integrations.audit_verifier import GENESIS, seal_of
from integrations.clock import Now, database_now
from integrations.direct import Rows
from integrations.installation import installation_prove
from integrations.models import AuditEvent, AuditHead, AuditTombstone, Msp, Retention
from tests.integrations.tampering import STRANGER, append, entry, rehash, unguarded

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """Entries are written as if it were then."""
    head = chain._head

    def earlier(msp: Msp, known: Rows | None) -> tuple[int, str, datetime]:
        number, last_hash, now = head(msp, known)
        return number, last_hash, now - timedelta(days=days)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "_head", earlier)
        yield


def chain_of(slug: str) -> Msp:
    """Six entries that are 500 days old, three of 450, and two of today."""
    installation_prove()
    msp = Msp.objects.create(name=slug.title(), slug=slug)
    with days_ago(500):
        append(msp, 6, amount=1)
    with days_ago(450):
        append(msp, 3)
    append(msp, 2)
    return msp


@pytest.fixture
def acme() -> Msp:
    return chain_of("acme")


def before(days: float) -> datetime:
    return database_now() - timedelta(days=days)


def trim(msp: Msp, days: float = 400) -> None:
    audit_bury(msp=msp, before=before(days))
    while audit_remove(msp=msp, before=before(days)):
        pass


def numbers(msp: Msp) -> list[int]:
    return list(AuditEvent.objects.filter(msp=msp).order_by("number").values_list("number", flat=True))


def broken() -> str:
    with pytest.raises(CommandError) as caught:
        call_command("audit_verify")
    assert caught.value.returncode == 1
    return str(caught.value)


def stone(msp: Msp) -> AuditTombstone:
    return AuditTombstone.objects.get(msp=msp)


def test_the_sweep_removes_what_is_older_than_400_days_and_the_chain_verifies(
    acme: Msp, capsys: pytest.CaptureFixture[str]
) -> None:
    Retention.objects.filter(msp=acme).update(due_at=Now())
    retain(pause=0)
    assert numbers(acme) == [10, 11, 12]
    told = json.loads(entry(acme, 12).record)
    assert told["action"] == "audit.trimmed"
    assert told["data"]["through"] == stone(acme).through == 9
    assert told["data"]["removed"] == 9
    call_command("audit_verify")
    since, until = (f"{before(days):%Y-%m-%d}" for days in (500, 450))
    assert (
        f"acme: intact, entries 10 to 12 (9 before them removed when their time was over, of {since} to {until})"
        in capsys.readouterr().out
    )


def test_it_moves_forward_as_time_goes_on(acme: Msp) -> None:
    trim(acme, 460)
    assert numbers(acme) == [7, 8, 9, 10, 11, 12]
    call_command("audit_verify")
    trim(acme)
    assert numbers(acme) == [10, 11, 12, 13]
    assert json.loads(entry(acme, 13).record)["data"]["removed"] == 3
    assert json.loads(stone(acme).record)["since"][:10] == f"{before(500):%Y-%m-%d}"
    call_command("audit_verify")
    trim(acme)
    assert numbers(acme) == [10, 11, 12, 13]


def test_the_newest_entry_is_never_removed() -> None:
    installation_prove()
    msp = Msp.objects.create(name="Quiet", slug="quiet")
    with days_ago(500):
        append(msp, 3)
    trim(msp)
    assert numbers(msp) == [3, 4]
    call_command("audit_verify")


def test_a_removal_that_was_killed_halfway_verifies_and_is_gone_on_with(
    acme: Msp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "BATCH", 4)
    audit_bury(msp=acme, before=before(400))
    call_command("audit_verify")
    assert audit_remove(msp=acme, before=before(400)) == 4
    assert numbers(acme)[0] == 5
    call_command("audit_verify")
    trim(acme)
    assert numbers(acme)[0] == 10
    call_command("audit_verify")


def test_a_period_that_became_longer_meanwhile_holds_what_is_left(acme: Msp) -> None:
    audit_bury(msp=acme, before=before(400))
    assert audit_remove(msp=acme, before=before(470)) == 6
    assert audit_remove(msp=acme, before=before(470)) == 0
    assert numbers(acme)[0] == 7
    call_command("audit_verify")


def test_a_broken_chain_is_not_trimmed_so_that_it_can_be_looked_into(
    acme: Msp, caplog: pytest.LogCaptureFixture
) -> None:
    with unguarded():
        AuditEvent.objects.filter(msp=acme, number=4).update(
            record=entry(acme, 4).record.replace('"amount":1', '"a":2')
        )
    trim(acme)
    assert numbers(acme)[0] == 1
    assert "Nothing is removed from the audit of acme: entry 4 has a record that does not match" in caplog.text
    with unguarded():
        entry(acme, 6).delete()
    trim(acme)
    assert numbers(acme)[0] == 1


def test_a_checkpoint_of_what_was_removed_is_no_loss(acme: Msp, caplog: pytest.LogCaptureFixture) -> None:
    with days_ago(450):
        other = Msp.objects.create(name="Other", slug="other")
        append(other, 3)
    audit_checkpoint(pause=0)
    append(other)
    trim(other)
    assert audit_checkpoint(pause=0) == 1
    assert "lost what its checkpoint holds" not in caplog.text
    call_command("audit_verify")


def test_post_restore_goes_through_a_trimmed_chain(acme: Msp) -> None:
    audit_checkpoint(pause=0)
    trim(acme)
    call_command("post_restore", "--yes")
    call_command("audit_verify")


# What somebody with the database, but without the audit key, could try.


def test_entries_removed_without_a_tombstone(acme: Msp) -> None:
    with unguarded():
        AuditEvent.objects.filter(msp=acme, number__lte=6).delete()
    assert "acme: entry 1 is missing: entry 7 follows entry 0" in broken()


def test_a_removed_tombstone(acme: Msp) -> None:
    trim(acme)
    with unguarded():
        stone(acme).delete()
    assert "acme: entry 1 is missing: entry 10 follows entry 0" in broken()


def test_a_tombstone_removed_before_its_entries_were(acme: Msp) -> None:
    audit_bury(msp=acme, before=before(400))
    with unguarded():
        stone(acme).delete()
    assert (
        "acme: entry 1 has a tombstone for all up to 0, but the chain says that those up to 9 were removed" in broken()
    )


def test_a_deletion_beyond_the_tombstone(acme: Msp) -> None:
    trim(acme)
    with unguarded():
        entry(acme, 10).delete()
    assert "acme: entry 10 is missing: entry 11 follows entry 9" in broken()


def test_a_gap_among_those_that_are_being_removed(acme: Msp) -> None:
    audit_bury(msp=acme, before=before(400))
    with unguarded():
        AuditEvent.objects.filter(msp=acme, number__in=(1, 2, 5)).delete()
    assert "acme: entry 5 is missing: entry 6 follows entry 4" in broken()


def test_a_forged_tombstone(acme: Msp) -> None:
    last = entry(acme, 10)
    fields = {
        "through": 10, "hash": last.hash, "removed": 10, "since": "2020-01-01", "until": "2020-01-01",
        "msp": str(acme.pk), "key": json.loads(last.record)["key"],
    }  # fmt: skip
    record = chain.canonical(fields)
    with unguarded():
        AuditTombstone.objects.create(
            msp=acme, through=10, hash=last.hash, record=record, seal=seal_of(STRANGER, "tombstone", record)
        )
        AuditEvent.objects.filter(msp=acme, number__lte=10).delete()
    assert "acme: entry 1 is missing: its tombstone has a seal that was not made with the audit key" in broken()


def test_a_seal_of_an_entry_is_none_of_a_tombstone(acme: Msp, settings: LazySettings) -> None:
    trim(acme)
    record = stone(acme).record
    with unguarded():
        AuditTombstone.objects.update(seal=seal_of(settings.AUDIT_KEYS[0].encode(), "entry", record))
    assert "its tombstone has a seal that was not made with the audit key" in broken()


def test_a_changed_tombstone(acme: Msp) -> None:
    trim(acme)
    with unguarded():
        AuditTombstone.objects.update(record=stone(acme).record.replace('"removed":9', '"removed":8'))
    assert "its tombstone has a seal that was not made with the audit key" in broken()


@pytest.mark.parametrize("values", [{"through": 8}, {"hash": GENESIS}])
def test_a_column_beside_the_tombstones_record(acme: Msp, values: dict[str, Any]) -> None:
    trim(acme)
    with unguarded():
        AuditTombstone.objects.update(**values)
    assert "acme: entry 9 has a tombstone whose columns differ from its record" in broken()


def test_a_tombstone_that_is_none(acme: Msp) -> None:
    trim(acme)
    with unguarded():
        AuditTombstone.objects.update(record="{}")
    assert "acme: entry 1 is missing: in its place stands what is no tombstone" in broken()


def test_a_tombstone_moved_from_another_msp(acme: Msp) -> None:
    other = chain_of("northwind")
    for msp in (acme, other):
        trim(msp)
    ours, theirs = stone(acme), stone(other)
    with unguarded():
        for at, now in ((ours, theirs), (theirs, ours)):
            AuditTombstone.objects.filter(msp=at.msp).update(hash=now.hash, record=now.record, seal=now.seal)
    said = broken()
    assert f"acme: entry 1 is missing: the tombstone in its place belongs to another MSP, {other.pk}" in said
    assert f"northwind: entry 1 is missing: the tombstone in its place belongs to another MSP, {acme.pk}" in said


def test_an_earlier_tombstone_put_back(acme: Msp) -> None:
    trim(acme, 460)
    early = stone(acme)
    trim(acme)
    with unguarded():
        AuditTombstone.objects.filter(msp=acme).update(
            through=early.through, hash=early.hash, record=early.record, seal=early.seal
        )
    assert "acme: entry 7 is missing: entry 10 follows entry 6" in broken()


def test_a_chain_cut_off_behind_an_old_tombstone_put_back(acme: Msp) -> None:
    audit_bury(msp=acme, before=before(460))
    early = stone(acme)
    audit_bury(msp=acme, before=before(400))
    with unguarded():
        AuditTombstone.objects.filter(msp=acme).update(
            through=early.through, hash=early.hash, record=early.record, seal=early.seal
        )
    assert "has a tombstone for all up to 6, but the chain says that those up to 9 were removed" in broken()


def test_a_checkpoint_that_saw_another_entry_in_the_tombstones_place(acme: Msp, settings: LazySettings) -> None:
    with unguarded():
        AuditEvent.objects.filter(msp=acme, number__gt=9).delete()
        AuditHead.objects.filter(msp=acme).update(number=9, hash=entry(acme, 9).hash)
    audit_checkpoint(pause=0)
    forged = rehash(entry(acme, 9), settings.AUDIT_KEYS[0].encode(), data={"amount": 2})
    with unguarded():
        AuditEvent.objects.filter(msp=acme, number=9).update(**forged)
        AuditHead.objects.filter(msp=acme).update(hash=forged["hash"])
    append(acme, 2)
    trim(acme)
    assert "acme: entry 9 is not the one that the checkpoint of " in broken()


def test_a_tombstones_key_that_left_the_ring_is_no_verdict(acme: Msp, settings: LazySettings) -> None:
    trim(acme)
    settings.AUDIT_KEYS = ["the-new-audit-key-0123456789abcdefghi", *settings.AUDIT_KEYS]
    installation_prove()
    settings.AUDIT_KEYS = settings.AUDIT_KEYS[:1]
    with pytest.raises(CommandError) as caught:
        call_command("audit_verify")
    assert caught.value.returncode == 2


# What the database refuses by itself.


def test_the_database_lets_nothing_be_removed_without_or_beyond_a_tombstone(acme: Msp) -> None:
    rows = AuditEvent.objects.filter(msp=acme)
    for refused in (rows.filter(number=1), rows.filter(number__lte=9)):
        with pytest.raises(IntegrityError):
            refused.delete()
    audit_bury(msp=acme, before=before(400))
    with pytest.raises(IntegrityError):
        rows.filter(number=10).delete()
    assert rows.filter(number__lte=9).delete()[0] == 9


def test_the_database_takes_no_tombstone_for_entries_that_are_young_or_not_there(acme: Msp) -> None:
    def put(number: int, last_hash: str) -> None:
        AuditTombstone.objects.create(msp=acme, through=number, hash=last_hash, record="{}", seal="0")

    for number, last_hash in ((10, entry(acme, 10).hash), (9, GENESIS), (20, GENESIS)):
        with pytest.raises(IntegrityError), transaction.atomic():
            put(number, last_hash)
    put(9, entry(acme, 9).hash)
    with pytest.raises(IntegrityError), transaction.atomic():
        put(9, entry(acme, 9).hash)


def test_the_database_lets_a_tombstone_move_forward_alone(acme: Msp) -> None:
    trim(acme, 460)
    rows = AuditTombstone.objects.filter(msp=acme)
    for values in ({"through": 6}, {"through": 5}, {"through": 10, "hash": entry(acme, 10).hash}, {"through": 9}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("TRUNCATE integrations_audittombstone")
    assert rows.update(through=9, hash=entry(acme, 9).hash) == 1


# The same in an export, which is checked without a database.


@pytest.fixture
def export(acme: Msp, tmp_path: Path) -> list[str]:
    """Its lines; made while entries are being removed."""
    audit_bury(msp=acme, before=before(400))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trimming, "BATCH", 4)
        audit_remove(msp=acme, before=before(400))
    path = tmp_path / "acme.jsonl"
    call_command("audit_export", "--msp", "acme", "--output", str(path))
    return path.read_text().splitlines()


def checked(lines: list[str], tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]) -> str:
    path, keys = tmp_path / "given.jsonl", tmp_path / "keys.txt"
    path.write_text("\n".join(lines) + "\n")
    keys.write_text("\n".join(settings.AUDIT_KEYS))
    audit_verifier.main([str(path), "--key-file", str(keys)])
    said = capsys.readouterr()
    return said.out + said.err


def test_an_export_begins_behind_the_tombstone(
    export: list[str], tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    said = checked(export, tmp_path, settings, capsys)
    assert said.startswith("INTACT: MSP ")
    assert "entries 10 to 13 (9 before them removed when their time was over, of " in said
    assert json.loads(json.loads(export[1])["record"])["number"] == 10


def test_a_tampered_tombstone_of_an_export_is_found(
    acme: Msp, export: list[str], tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    header = json.loads(export[0])
    stranger = seal_of(STRANGER, "tombstone", header["tombstone"]["record"])
    trials = {
        "entry 1 is missing: entry 10 stands in its place": [json.dumps({**header, "tombstone": None}), *export[1:]],
        "its tombstone has a seal that was not": [
            json.dumps({**header, "tombstone": {**header["tombstone"], "seal": stranger}}), *export[1:]
        ],
        "entry 10 is missing: entry 11 stands in its place": [export[0], *export[2:]],
        "no tombstone": [json.dumps({**header, "tombstone": {"record": "[]"}}), *export[1:]],
    }  # fmt: skip
    for expected, lines in trials.items():
        said = checked(lines, tmp_path, settings, capsys)
        assert said.startswith("BROKEN")
        assert expected in said


def test_a_later_tombstone_in_front_of_an_export_that_was_cut(
    acme: Msp, tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    trim(acme, 460)
    early = "".join(audit_export(msp=acme, actor=Actor.system("test"))).splitlines()
    trim(acme)
    late = next(audit_export(msp=acme, actor=Actor.system("test")))
    assert json.loads(json.loads(early[4])["record"])["number"] == 10
    said = checked([late.strip(), *early[4:]], tmp_path, settings, capsys)
    assert "has a tombstone for all up to 9, but the chain says that those up to 6 were removed" in said
