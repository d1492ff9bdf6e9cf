from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from integrations.audit import Actor, AuditError, audit_append, chain
from integrations.audit_verifier import GENESIS, fingerprint, hash_of, seal_of
from integrations.models import AuditEvent, AuditHead, Msp
from tests.integrations.tampering import append, unguarded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def msp() -> Msp:
    return Msp.objects.create(name="Acme", slug="acme")


def test_an_msp_is_born_with_the_head_of_an_empty_chain(msp: Msp) -> None:
    head = AuditHead.objects.get(msp=msp)
    assert (head.number, head.hash) == (0, GENESIS)


def test_each_entry_names_the_hash_of_the_one_before(msp: Msp) -> None:
    append(msp, 3)
    first, second, third = AuditEvent.objects.filter(msp=msp).order_by("number")
    assert [first.previous_hash, second.previous_hash, third.previous_hash] == [GENESIS, first.hash, second.hash]
    assert AuditHead.objects.get(msp=msp).hash == third.hash == hash_of(third.record)


def test_the_newest_key_seals_and_is_named(msp: Msp, settings: LazySettings) -> None:
    settings.AUDIT_KEYS = ["the-new-audit-key-0123456789abcdefghi", *settings.AUDIT_KEYS]
    append(msp)
    event = AuditEvent.objects.get(msp=msp)
    key = b"the-new-audit-key-0123456789abcdefghi"
    assert json.loads(event.record)["key"] == fingerprint(key)
    assert event.seal == seal_of(key, "entry", event.hash)


def test_nothing_is_written_outside_a_transaction(msp: Msp) -> None:
    with pytest.raises(AuditError, match="transaction"):
        audit_append(msp=msp, actor=Actor.system("x"), action="x", subject="x")
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("data", [{"x": object()}, {"x": float("nan")}, {"x": "\ud800"}, {"x": {1, 2}}])
def test_data_that_is_no_json_costs_the_change(msp: Msp, data: dict[str, object]) -> None:
    with pytest.raises(AuditError), transaction.atomic():  # noqa: PT012 - the change comes first
        Msp.objects.filter(pk=msp.pk).update(name="Changed")
        audit_append(msp=msp, actor=Actor.system("x"), action="x", subject="x", data=data)
    assert Msp.objects.get(pk=msp.pk).name == "Acme"


def test_a_change_that_rolls_back_leaves_no_gap(msp: Msp) -> None:
    append(msp)
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 - the entry comes first
        audit_append(msp=msp, actor=Actor.system("x"), action="x", subject="x")
        raise ZeroDivisionError
    append(msp)
    assert list(AuditEvent.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_a_chain_without_a_head_takes_no_entry(msp: Msp) -> None:
    with pytest.raises(AuditError, match="no audit chain"), transaction.atomic():
        audit_append(msp=Msp(id=uuid4(), name="Nobody"), actor=Actor.system("x"), action="x", subject="x")


@pytest.mark.parametrize("is_guarded", [True, False])
def test_an_entry_onto_an_old_head_is_refused(msp: Msp, monkeypatch: pytest.MonkeyPatch, is_guarded: bool) -> None:
    old = chain._head(msp)
    monkeypatch.setattr(chain, "_head", lambda *_: old)
    if is_guarded:
        append(msp)
        with pytest.raises(AuditError, match="refused by the database"):
            append(msp)
    else:
        with unguarded():
            AuditHead.objects.update(number=7)
            with pytest.raises(AuditError, match="came too late"):
                append(msp)
    assert AuditEvent.objects.count() == is_guarded


def test_appending_takes_few_statements(msp: Msp, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    # The other changes of the MSP wait from the first to the end.
    with transaction.atomic(), django_assert_num_queries(2 if connection.vendor == "postgresql" else 3):
        audit_append(msp=msp, actor=Actor.system("x"), action="x", subject="x")


# EVENT, HEAD, COLUMNS and GENESIS stand for what they are called in SQL.
INSERT = "INTO EVENT (id, msp_id, number, happened_at, action, actor, subject, record, COLUMNS) SELECT "
REFUSED = [
    "UPDATE EVENT SET action = 'x'",
    "UPDATE EVENT SET record = record",
    "DELETE FROM EVENT",
    "DELETE FROM EVENT WHERE number = 2",
    "DELETE FROM HEAD",
    "UPDATE HEAD SET number = number - 1",
    "UPDATE HEAD SET number = number + 1",
    "UPDATE HEAD SET number = number + 2",
    "UPDATE HEAD SET hash = 'GENESIS'",
    "UPDATE HEAD SET number = 0, hash = 'GENESIS'",
    "INSERT INTO EVENT SELECT * FROM EVENT WHERE number = 1",
    # Entries that skip a number, repeat the last one, follow another hash.
    f"INSERT {INSERT} NEW_ID, msp_id, 4, happened_at, action, actor, subject, record, hash, hash, seal FROM EVENT",
    f"INSERT {INSERT} NEW_ID, msp_id, 2, happened_at, action, actor, subject, record, hash, hash, seal FROM EVENT",
    f"INSERT {INSERT} NEW_ID, msp_id, 3, happened_at, action, actor, subject, record, 'GENESIS', hash, seal FROM EVENT",
]
POSTGRESQL = ["TRUNCATE EVENT", "TRUNCATE HEAD", "TRUNCATE integrations_msp CASCADE"]
SQLITE = [
    "REPLACE INTO EVENT SELECT * FROM EVENT WHERE number = 1",
    "INSERT OR REPLACE INTO HEAD SELECT msp_id, 0, 'GENESIS' FROM HEAD",
    "REPLACE INTO integrations_msp SELECT * FROM integrations_msp",
    # It follows the head, and its id is the one of the first entry, which would go.
    f"REPLACE {INSERT} OLD_ID, msp_id, 3, happened_at, action, actor, subject, record, hash, hash, seal FROM LAST",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses(msp: Msp, statement: str) -> None:
    append(msp, 2)
    _refused(statement)


@pytest.mark.parametrize("statement", POSTGRESQL)
def test_postgresql_refuses(msp: Msp, statement: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    append(msp, 2)
    _refused(statement)


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("statement", SQLITE)
def test_sqlite_refuses_with_and_without_recursive_triggers(msp: Msp, statement: str, recursive: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no REPLACE")
    append(msp, 2)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={recursive}")
        try:
            _refused(statement)
        finally:
            cursor.execute("PRAGMA recursive_triggers=ON")


def test_the_orm_is_refused_too(msp: Msp) -> None:
    append(msp)
    for change in (
        lambda: AuditEvent.objects.update(action="x"),
        lambda: AuditEvent.objects.get().delete(),
        lambda: AuditHead.objects.update(number=F("number") + 1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def _refused(statement: str) -> None:
    words = {
        "EVENT": "integrations_auditevent",
        "HEAD": "integrations_audithead",
        "COLUMNS": "previous_hash, hash, seal",
        "GENESIS": GENESIS,
        "LAST": "integrations_auditevent WHERE number = 2",
        "OLD_ID": "(SELECT id FROM integrations_auditevent WHERE number = 1)",
        "NEW_ID": f"'{uuid4().hex}'" + ("" if connection.vendor == "sqlite" else "::uuid"),
    }
    for word, meaning in words.items():
        statement = statement.replace(word, meaning)
    before = list(AuditEvent.objects.order_by("number").values()), list(AuditHead.objects.values())
    with (
        pytest.raises(IntegrityError, match=r"^(an audit|audit entries|an MSP has its retention already)"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert (list(AuditEvent.objects.order_by("number").values()), list(AuditHead.objects.values())) == before
