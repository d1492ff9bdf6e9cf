"""Nothing but a value sealed for its column gets into a sealed column, by whatever way Django knows."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.core.serializers.base import DeserializationError
from django.db import connection as database
from django.db.models import Case, F, Q, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Concat, Length
from django.forms import modelform_factory

from integrations.encryption import SealedField, SecretUnreadableError
from integrations.models import Authorization, Connection
from tests.cast import Tenant

SECRETS = ("client_secret", "access_token", "refresh_token")


def stored(connection: Connection) -> dict[str, Any]:
    row: dict[str, Any] = Connection.objects.filter(pk=connection.pk).values(*SECRETS).get()
    return row


def raw_columns(connection: Connection) -> tuple[Any, ...]:
    with database.cursor() as cursor:
        cursor.execute("SELECT client_secret, access_token, refresh_token FROM integrations_connection")
        return tuple(bytes(value) for row in cursor.fetchall() for value in row)


def test_the_columns_hold_only_ciphertext(acme: Tenant) -> None:
    values = raw_columns(acme.connection)

    assert all(value.startswith(b"gAAAA") for value in values)
    assert not any(b"secret" in value for value in values)


@pytest.mark.parametrize("value", ["hunter2", b"hunter2", 7, "", True, ["x"]])
def test_plain_values_are_refused_by_save(acme: Tenant, value: Any) -> None:
    before = raw_columns(acme.connection)
    acme.connection.client_secret = value

    with pytest.raises(FieldError) as caught:
        acme.connection.save()
    assert "hunter2" not in str(caught.value)
    assert raw_columns(acme.connection) == before


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        b"hunter2",
        F("client_id"),
        F("access_token"),
        Value("hunter2"),
        Concat(F("client_id"), Value("x")),
        Coalesce(F("access_token"), F("refresh_token")),
        Subquery(Connection.objects.values("access_token")[:1]),
        RawSQL("client_id", []),
        Case(When(Q(client_id="x"), then=F("access_token")), default=F("refresh_token")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_values_and_expressions_are_refused_by_update(acme: Tenant, value: Any) -> None:
    before = raw_columns(acme.connection)

    with pytest.raises(FieldError):
        Connection.objects.update(client_secret=value)
    assert raw_columns(acme.connection) == before


def test_expressions_are_refused_by_save(acme: Tenant) -> None:
    before = raw_columns(acme.connection)
    acme.connection.client_secret = F("access_token")  # type: ignore[assignment]

    with pytest.raises(FieldError):
        acme.connection.save()
    assert raw_columns(acme.connection) == before


def test_bulk_update_is_refused(acme: Tenant) -> None:
    before = raw_columns(acme.connection)
    acme.connection.client_secret = acme.connection.sealed("client_secret", "new")

    with pytest.raises(FieldError):
        Connection.objects.bulk_update([acme.connection], ["client_secret"])
    acme.connection.client_secret = "hunter2"  # type: ignore[assignment]
    with pytest.raises(FieldError):
        Connection.objects.bulk_update([acme.connection], ["client_secret"])
    assert raw_columns(acme.connection) == before


def test_bulk_create_takes_sealed_values_alone(acme: Tenant, northwind: Tenant) -> None:
    Connection.objects.all().delete()
    fine = Connection(msp=acme.msp, region="eu", client_id="a")
    fine.client_secret = fine.sealed("client_secret", "s3cret")
    bad = Connection(msp=northwind.msp, region="eu", client_id="b", client_secret="hunter2")

    with pytest.raises(FieldError):
        Connection.objects.bulk_create([bad])
    Connection.objects.bulk_create([fine])
    assert Connection.objects.get().secret("client_secret") == "s3cret"


def test_create_and_get_or_create_refuse_plain_values(acme: Tenant) -> None:
    Connection.objects.all().delete()

    with pytest.raises(FieldError):
        Connection.objects.create(msp=acme.msp, region="eu", client_id="a", client_secret="hunter2")
    with pytest.raises(FieldError):
        Connection.objects.update_or_create(
            msp=acme.msp, region="eu", client_id="a", defaults={"client_secret": "hunter2"}
        )
    assert Connection.objects.count() == 0


def test_a_value_of_another_column_is_refused(acme: Tenant) -> None:
    foreign = acme.connection.sealed("access_token", "x")

    with pytest.raises(FieldError):
        Connection.objects.update(client_secret=foreign)
    with pytest.raises(FieldError):
        Connection.objects.update(client_secret=Authorization._meta.get_field("verifier").seal(acme.msp.pk, "x"))


def test_a_value_of_another_row_does_not_open(acme: Tenant, northwind: Tenant) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_connection SET access_token = "
            "(SELECT access_token FROM integrations_connection WHERE client_id = %s) WHERE client_id = %s",
            [northwind.connection.client_id, acme.connection.client_id],
        )
    row = Connection.objects.get(pk=acme.connection.pk)

    with pytest.raises(SecretUnreadableError):
        row.secret("access_token")
    assert row.secret("client_secret") == "sandbox-acme-secret"


def test_a_value_moved_to_another_column_does_not_open(acme: Tenant) -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE integrations_connection SET access_token = refresh_token")

    with pytest.raises(SecretUnreadableError):
        Connection.objects.get(pk=acme.connection.pk).secret("access_token")


@pytest.mark.parametrize(
    "garbage", [b"", b"hunter2", b"gAAAAABn", b"\xff\xfe"], ids=["empty", "plain", "short", "binary"]
)
def test_garbage_in_the_column_loads_but_never_opens(acme: Tenant, garbage: bytes) -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE integrations_connection SET access_token = %s", [garbage])
    row = Connection.objects.get(pk=acme.connection.pk)

    with pytest.raises(SecretUnreadableError):
        row.secret("access_token")


@pytest.mark.parametrize(
    "lookup",
    [
        "exact",
        "iexact",
        "contains",
        "icontains",
        "startswith",
        "istartswith",
        "endswith",
        "regex",
        "iregex",
        "in",
        "gt",
        "gte",
        "lt",
        "lte",
        "range",
    ],
)
@pytest.mark.parametrize("value", ["a", "sealed"])
def test_nobody_searches_a_sealed_column(acme: Tenant, lookup: str, value: str) -> None:
    wanted: Any = acme.connection.client_secret if value == "sealed" else "a"
    if lookup in {"in", "range"}:
        wanted = [wanted, wanted]

    with pytest.raises(FieldError):
        list(Connection.objects.filter(**{f"client_secret__{lookup}": wanted}))


def test_nobody_compares_a_sealed_column_with_another(acme: Tenant) -> None:
    with pytest.raises(FieldError):
        list(Connection.objects.filter(client_secret=F("access_token")))


def test_empty_is_the_one_thing_to_ask_for(acme: Tenant) -> None:
    assert Connection.objects.filter(access_token__isnull=False).count() == 1
    assert Connection.objects.filter(access_token__isnull=True).count() == 0


def test_reading_columns_gives_sealed_values(acme: Tenant) -> None:
    for value in stored(acme.connection).values():
        assert repr(value).startswith("<sealed ")
    value = Connection.objects.values_list("client_secret", flat=True).get()
    assert value.open(acme.connection.pk) == "sandbox-acme-secret"
    row = Connection.objects.defer("client_secret").get()
    assert row.secret("client_secret") == "sandbox-acme-secret"


def test_functions_over_a_sealed_column_give_no_plaintext(acme: Tenant) -> None:
    shown = Connection.objects.annotate(n=Length("client_secret"), c=Coalesce("client_secret", "access_token")).values()

    assert "sandbox-acme-secret" not in str(list(shown))


@pytest.mark.parametrize("kind", ["json", "xml", "jsonl"])
def test_serializers_refuse(acme: Tenant, kind: str) -> None:
    with pytest.raises(FieldError):
        serializers.serialize(kind, Connection.objects.all())


def test_dumpdata_refuses(acme: Tenant) -> None:
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("dumpdata", "integrations.Connection", stdout=out)
    assert "gAAAA" not in out.getvalue()


def test_fixtures_have_no_way_in(acme: Tenant) -> None:
    fields = {"client_secret": "hunter2"}
    fixture = json.dumps([{"model": "integrations.connection", "pk": str(acme.connection.pk), "fields": fields}])

    with pytest.raises(DeserializationError):
        list(serializers.deserialize("json", fixture))


@pytest.mark.parametrize("value", ["hunter2", b"hunter2", 7])
def test_the_field_itself_takes_nothing_else(acme: Tenant, value: Any) -> None:
    field = Connection._meta.get_field("client_secret")
    sealed = acme.connection.client_secret

    for convert in (field.to_python, lambda given: field.get_db_prep_value(given, database)):
        with pytest.raises(FieldError):
            convert(value)
        assert convert(None) is None
    assert field.to_python(sealed) is sealed
    with pytest.raises(FieldError):
        field.get_db_prep_value(sealed, database)


def test_no_form_shows_or_takes_a_secret() -> None:
    form = modelform_factory(Connection, fields="__all__")

    assert set(SECRETS).isdisjoint(form.base_fields)


def test_a_row_shows_no_secret(acme: Tenant) -> None:
    shown = f"{acme.connection} {acme.connection!r} {vars(acme.connection)}"

    assert "sandbox-acme-secret" not in shown


def test_every_secret_column_is_sealed() -> None:
    named = ("secret", "token", "verifier", "password")
    for model in (Connection, Authorization):
        for field in model._meta.get_fields():
            if any(word in field.name for word in named) and field.name != "token_version":
                assert isinstance(field, SealedField), field
