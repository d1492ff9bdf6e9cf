"""What a prepared query gives is what the ORM gives, on both databases and whatever the format of the result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model, Q, Value
from pytest_django.fixtures import DjangoAssertNumQueries

from integrations.encryption import Sealed
from integrations.models import Connection, ConnectionState, Msp
from integrations.prepared import PreparedQuery, PreparedValues, Slot

SEAL = {"name": "Größe ✓", "parameters": [1, None, {"deep": [True]}], "updatedOn": 1.5}
OF_CONNECTION: PreparedQuery[Connection] = PreparedQuery(
    lambda key: Connection.objects.select_related("msp").filter(client_id=key),
    Slot(Connection, "client_id", "~client~"),
)
OF_CONNECTION_WITHOUT: PreparedQuery[Connection] = PreparedQuery(
    lambda key: Connection.objects.annotate(answer=Value(42)).select_related("msp").filter(client_id=key),
    Slot(Connection, "client_id", "~client~"),
    later={Connection: frozenset({"client_secret", "region"}), Msp: frozenset({"slug"})},
)


@pytest.fixture
def stored(db: None) -> Connection:
    msp = Msp.objects.create(name="Größe & Söhne", slug="groesse")
    connection = Connection(
        msp=msp, region="eu", client_id="c-1", state=ConnectionState.CONNECTED, granted_scopes="monitoring"
    )
    connection.client_secret = connection.sealed("client_secret", "it's ☃")
    connection.access_token = connection.sealed("access_token", "t")
    connection.runner_seal = SEAL
    connection.save()
    return connection


def test_every_column_is_as_the_orm_reads_it(stored: Connection) -> None:
    wanted = Connection.objects.select_related("msp").get(pk=stored.pk)
    for _ in range(8):  # PostgreSQL's driver prepares a statement at its sixth run, which changes how values travel
        found = OF_CONNECTION.first("c-1")
        assert found is not None
        assert _columns(found) == _columns(wanted)
        assert _columns(found.msp) == _columns(wanted.msp)
        assert found.secret("client_secret") == "it's ☃"
        assert found.created_at.utcoffset() == timedelta(0)


def test_a_value_that_nothing_matches_gives_no_row(stored: Connection) -> None:
    assert OF_CONNECTION.first("c-2") is None


def test_a_column_for_later_is_read_when_somebody_asks_for_it(
    stored: Connection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    wanted = Connection.objects.select_related("msp").get(pk=stored.pk)
    with django_assert_num_queries(1) as seen:
        found = OF_CONNECTION_WITHOUT.first("c-1")
        assert found is not None
        assert (found.client_id, found.state, found.msp.name) == ("c-1", ConnectionState.CONNECTED, wanted.msp.name)
        assert found.answer == 42  # type: ignore[attr-defined]
    assert "client_secret" not in seen.captured_queries[0]["sql"]
    assert "slug" not in seen.captured_queries[0]["sql"]
    with django_assert_num_queries(3):
        assert found.secret("client_secret") == "it's ☃"
        assert (found.region, found.msp.slug) == ("eu", "groesse")
    assert _columns(found) == _columns(wanted)
    assert _columns(found.msp) == _columns(wanted.msp)


def test_each_value_goes_to_its_own_places(stored: Connection) -> None:
    regions = PreparedValues(
        lambda client, region: (
            Connection.objects.exclude(region=region)
            .filter(Q(client_id=client) | Q(state_reason=client))
            .order_by()
            .values_list("region")
        ),
        Slot(Connection, "client_id", "~client~"),
        Slot(Connection, "region", "~region~"),
    )
    for _ in range(8):
        assert regions("c-1", "us") == (("eu",),)
        assert regions("us", "c-1") == regions("c-1", "eu") == ()


def test_a_statement_that_leaves_a_value_out_is_refused(stored: Connection) -> None:
    forgetful = PreparedValues(
        lambda client, region: Connection.objects.filter(client_id=client).order_by().values_list("region"),
        Slot(Connection, "client_id", "~client~"),
        Slot(Connection, "region", "~region~"),
    )
    with pytest.raises(ValueError, match="each of its values"):
        forgetful("c-1", "eu")


def _columns(row: Model) -> dict[str, tuple[type, Any]]:
    """Each with its type; sealed values are alike only when opened."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: (type(value), value) for name, value in values.items() if not isinstance(value, Sealed)}
