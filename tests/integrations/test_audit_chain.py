"""The chain of an MSP: numbered without gaps, each entry sealed onto the one before, never without its change."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from django.db import connection as database
from django.db import transaction

from integrations.audit import Actor, AuditError, audit_append, canonical
from integrations.models import AuditEvent, Msp
from tests.cast import Tenant

SYSTEM = Actor.system("test")


def append(msp: Msp, action: str = "thing.done", **data: object) -> None:
    with transaction.atomic():
        audit_append(msp=msp, actor=SYSTEM, action=action, subject="thing", data=data or None)


def chain(msp: Msp) -> list[AuditEvent]:
    return list(AuditEvent.objects.for_msp(msp).order_by("number"))


def assert_unbroken(msp: Msp) -> None:
    """Numbers without a gap, and each entry naming the one before."""
    rows = chain(msp)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    for before, row in pairwise(rows):
        record = json.loads(row.record)
        assert (row.previous_hash, record["previous"], record["number"]) == (before.hash, before.hash, row.number)


@pytest.fixture
def msp(transactional_db: None) -> Msp:
    return Msp.objects.create(name="Chain MSP", slug="chain")


def test_entries_are_numbered_and_chained(msp: Msp) -> None:
    for _ in range(5):
        append(msp)

    assert [row.number for row in chain(msp)] == [1, 2, 3, 4, 5]
    assert_unbroken(msp)


def test_an_entry_says_who_did_what_when(msp: Msp) -> None:
    append(msp, "policy.changed", tool="x", mode="auto")

    row = chain(msp)[0]
    record = json.loads(row.record)
    assert {key: record[key] for key in record if key not in {"previous", "key"}} == {
        "msp": str(msp.pk),
        "number": 1,
        "happened_at": row.happened_at.isoformat(timespec="microseconds"),
        "actor": {"kind": "system", "id": "", "name": "test"},
        "action": "policy.changed",
        "subject": "thing",
        "data": {"tool": "x", "mode": "auto"},
    }
    assert (row.action, row.actor, row.subject) == ("policy.changed", "system test", "thing")


def test_outside_a_transaction_nothing_is_recorded(msp: Msp) -> None:
    with pytest.raises(AuditError):
        audit_append(msp=msp, actor=SYSTEM, action="thing.done", subject="thing")
    assert chain(msp) == []


class UndoneError(Exception):
    """A change that failed after it was recorded."""


def record_and_undo(msp: Msp) -> None:
    with transaction.atomic():
        audit_append(msp=msp, actor=SYSTEM, action="thing.undone", subject="thing")
        raise UndoneError


def change_and_fail_to_record(msp: Msp) -> None:
    with transaction.atomic():
        Msp.objects.filter(pk=msp.pk).update(name="changed")
        audit_append(msp=msp, actor=SYSTEM, action="x", subject="x", data={"n": float("nan")})


def test_an_entry_goes_with_its_change(msp: Msp) -> None:
    append(msp)
    with pytest.raises(UndoneError):
        record_and_undo(msp)

    append(msp)
    assert [row.action for row in chain(msp)] == ["thing.done", "thing.done"]
    assert_unbroken(msp)


def test_a_change_goes_with_its_entry(msp: Msp) -> None:
    with pytest.raises(AuditError):
        change_and_fail_to_record(msp)

    assert Msp.objects.get(pk=msp.pk).name == "Chain MSP"
    assert chain(msp) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes", {1, 2}])
def test_what_is_not_json_is_not_recorded(msp: Msp, value: object) -> None:
    with pytest.raises(AuditError):
        append(msp, value=value)
    append(msp)
    assert_unbroken(msp)


def test_msps_have_chains_of_their_own(acme: Tenant, northwind: Tenant) -> None:
    for _ in range(3):
        append(acme.msp)
    append(northwind.msp)

    assert [row.number for row in chain(acme.msp)] == [1, 2, 3, 4]
    assert [row.number for row in chain(northwind.msp)] == [1, 2]
    assert_unbroken(acme.msp)
    assert_unbroken(northwind.msp)


def test_many_at_once_queue_up(msp: Msp) -> None:
    barrier = threading.Barrier(8)

    def work(_: int) -> None:
        barrier.wait()
        for _ in range(10):
            append(msp)
        database.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    assert len(chain(msp)) == 80
    assert_unbroken(msp)


def test_long_words_are_whole_in_the_record_and_cut_in_the_lists(msp: Msp) -> None:
    with transaction.atomic():
        audit_append(msp=msp, actor=Actor.system("n" * 300), action="x", subject="s" * 300)

    row = chain(msp)[0]
    assert (len(row.actor), len(row.subject)) == (200, 200)
    assert "s" * 300 in row.record
    assert_unbroken(msp)


def test_actors_name_themselves(acme: Tenant) -> None:
    assert str(Actor.user(acme.admin)) == "user acme-admin"
    assert Actor.user(acme.admin).id == str(acme.admin.pk)
    assert str(Actor.agent(acme.agent)) == "agent helpdesk-bot"
    assert Actor.agent(acme.agent).id == str(acme.agent.pk)


def test_one_value_has_one_text() -> None:
    assert canonical({"b": [1, None, True], "a": "ü"}) == '{"a":"ü","b":[1,null,true]}'
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


def test_foreign_words_do_not_forge_structure(msp: Msp) -> None:
    append(msp, words='","action":"forged\n\u2028')

    assert json.loads(chain(msp)[0].record)["action"] == "thing.done"
    assert_unbroken(msp)
