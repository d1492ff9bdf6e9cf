"""Eight ways to tamper with a chain behind the triggers' back, each found, each named by its first bad entry."""

from __future__ import annotations

import json

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models import F

from integrations.audit.checkpoints import audit_checkpoint
from integrations.installation import installation_prove
from integrations.models import AuditEvent, AuditHead, AuditKey, Installation, Msp
from tests.integrations.tampering import STRANGER, append, entry, rehash, unguarded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Msp:
    """Nine entries, a checkpoint of them, and one more."""
    msp = Msp.objects.create(name="Acme", slug="acme")
    append(msp, 9, amount=1)
    audit_checkpoint(pause=0)
    append(msp)
    return msp


def broken(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("audit_verify", *arguments)
    assert caught.value.returncode == 1
    return str(caught.value)


def change(msp: Msp, number: int, **values: object) -> None:
    with unguarded():
        assert AuditEvent.objects.filter(msp=msp, number=number).update(**values) == 1


def test_an_untouched_chain_is_intact(acme: Msp, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit_verify")
    assert "acme: intact, 10 entries, checkpoint at 9" in capsys.readouterr().out


def test_a_changed_record_is_found(acme: Msp) -> None:
    change(acme, 4, record=entry(acme, 4).record.replace('"amount":1', '"amount":2'))
    assert "acme: entry 4 has a record that does not match its hash" in broken()


def test_a_changed_record_with_a_new_hash_is_found(acme: Msp) -> None:
    event = entry(acme, 4)
    change(acme, 4, **{**rehash(event, STRANGER, data={"amount": 2}), "seal": event.seal})
    assert "acme: entry 4 has a seal that was not made with the audit key" in broken()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "test.other"),
        ("actor", "user root"),
        ("subject", "somebody else"),
        ("happened_at", "2020-01-01T00:00:00Z"),
        ("previous_hash", "f" * 64),
        ("id", "00000000-0000-4000-8000-000000000000"),
    ],
)
def test_a_changed_column_beside_the_record_is_found(acme: Msp, column: str, value: str) -> None:
    change(acme, 4, **{column: value})
    assert f"acme: entry 4 has a column that differs from its record: {column}" in broken()


def test_an_entry_deleted_in_the_middle_is_found(acme: Msp) -> None:
    with unguarded():
        entry(acme, 4).delete()
    assert "acme: entry 4 is missing: entry 5 follows entry 3" in broken()


def test_a_gap_closed_by_renumbering_is_found(acme: Msp) -> None:
    with unguarded():
        entry(acme, 4).delete()
        for number in range(5, 11):
            AuditEvent.objects.filter(msp=acme, number=number).update(number=number - 1)
        AuditHead.objects.filter(msp=acme).update(number=9)
    assert "acme: entry 4 is missing: entry 5 stands in its place" in broken()


def test_an_entry_deleted_at_the_end_is_found(acme: Msp) -> None:
    with unguarded():
        entry(acme, 10).delete()
    assert "acme: entry 10 is missing: the head of the chain is entry 10" in broken()


def test_an_end_cut_off_together_with_the_head_is_found_by_the_checkpoint(acme: Msp) -> None:
    _cut(acme, 6)
    assert "acme: entry 7 is missing: the checkpoint of " in broken()


def test_a_cut_that_grew_over_is_found_by_the_checkpoint(acme: Msp) -> None:
    _cut(acme, 6)
    append(acme, 20)
    assert "acme: entry 9 is not the one that the checkpoint of " in broken()


def test_an_inserted_entry_is_found(acme: Msp) -> None:
    event = entry(acme, 3)
    with unguarded():
        AuditEvent.objects.filter(msp=acme, number__gt=3).order_by("-number").update(number=F("number") + 100)
        AuditEvent.objects.filter(msp=acme, number__gt=100).update(number=F("number") - 99)
        AuditHead.objects.filter(msp=acme).update(number=11)
        forged = rehash(event, STRANGER, number=4, previous=event.hash, data={"amount": 2})
        AuditEvent.objects.create(
            msp=acme, number=4, happened_at=event.happened_at, action=event.action, actor=event.actor,
            subject=event.subject, previous_hash=event.hash, **{**forged, "seal": event.seal},
        )  # fmt: skip
    assert "acme: entry 4 has a seal that was not made with the audit key" in broken()


def test_an_entry_put_behind_the_end_is_found(acme: Msp) -> None:
    with unguarded():
        event = entry(acme, 10)
        event.id, event.number = Installation.objects.get().pk, 12
        event.save(force_insert=True)
    assert "acme: entry 12 was put behind the end of the chain" in broken()


def test_two_swapped_entries_are_found(acme: Msp) -> None:
    with unguarded():
        for before, after in ((4, 400), (5, 4), (400, 5)):
            AuditEvent.objects.filter(msp=acme, number=before).update(number=after)
    assert "acme: entry 4 is missing: entry 5 stands in its place" in broken()


@pytest.mark.parametrize("names_its_key", [False, True])
def test_entries_sealed_anew_with_a_wrong_key_are_found(acme: Msp, names_its_key: bool) -> None:
    change(acme, 10, **rehash(entry(acme, 10), STRANGER, **({"key": "0123456789ab"} if names_its_key else {})))
    with unguarded():
        AuditHead.objects.filter(msp=acme).update(hash=entry(acme, 10).hash)
    expected = "no audit key of this installation" if names_its_key else "a seal that was not made with the audit key"
    assert expected in broken()
    assert "acme: entry 10 " in broken()


def test_a_key_that_the_thief_registers_is_not_believed(acme: Msp) -> None:
    AuditKey.objects.create(
        fingerprint="0123456789ab", vouchers=AuditKey.objects.get().vouchers, first_seen_at=entry(acme, 1).happened_at
    )
    change(acme, 10, **rehash(entry(acme, 10), STRANGER, key="0123456789ab"))
    assert "acme: entry 10 was sealed with the key 0123456789ab" in broken()


def test_a_chain_moved_to_another_msp_is_found(acme: Msp) -> None:
    other = Msp.objects.create(name="Northwind", slug="northwind")
    head = AuditHead.objects.get(msp=acme)
    with unguarded():
        AuditEvent.objects.filter(msp=acme).update(msp=other)
        AuditHead.objects.filter(msp=other).update(number=head.number, hash=head.hash)
        AuditHead.objects.filter(msp=acme).update(number=0, hash="0" * 64)
    said = broken()
    assert f"northwind: entry 1 belongs to another MSP, {acme.pk}" in said
    assert "acme: entry 1 is missing: the checkpoint of " in said


def test_a_removed_head_is_found(acme: Msp) -> None:
    with unguarded():
        AuditHead.objects.filter(msp=acme).delete()
    assert "acme: entry 1 may be missing: the head of the chain was removed" in broken("--msp", "acme")


def test_an_intact_msp_says_nothing_of_a_broken_one(acme: Msp) -> None:
    Msp.objects.create(name="Northwind", slug="northwind")
    change(acme, 4, action="x")
    call_command("audit_verify", "--msp", "northwind")
    broken("--msp", "acme")


@pytest.mark.parametrize("ring", ["AUDIT_KEYS", "FERNET_KEYS"])
def test_wrong_keys_are_no_verdict(acme: Msp, settings: LazySettings, ring: str) -> None:
    setattr(settings, ring, ["another-key-for-tests-0123456789abcdefgh"])
    with pytest.raises(CommandError, match="Put the former key back") as caught:
        call_command("audit_verify")
    assert caught.value.returncode == 2


def test_a_former_key_that_left_the_ring_is_no_verdict(
    acme: Msp, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    former = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = ["the-new-audit-key-0123456789abcdefghi", *former]
    installation_prove()
    append(acme)
    audit_checkpoint(pause=0)
    call_command("audit_verify")
    settings.AUDIT_KEYS = settings.AUDIT_KEYS[:1]
    with pytest.raises(CommandError) as caught:
        call_command("audit_verify")
    assert caught.value.returncode == 2
    assert f"audit key {json.loads(entry(acme, 1).record)['key']}" in capsys.readouterr().err


def test_an_unknown_msp_is_no_verdict(acme: Msp) -> None:
    with pytest.raises(CommandError, match="no MSP nobody") as caught:
        call_command("audit_verify", "--msp", "nobody")
    assert caught.value.returncode == 2


def _cut(msp: Msp, number: int) -> None:
    with unguarded():
        AuditEvent.objects.filter(msp=msp, number__gt=number).delete()
        AuditHead.objects.filter(msp=msp).update(number=number, hash=entry(msp, number).hash)
