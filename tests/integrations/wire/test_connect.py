"""Saving, testing and disconnecting a connection."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.db import IntegrityError

from integrations.models import AuditEvent, Authorization, Connection, ConnectionState
from integrations.ninjaone.connect import (
    ConnectError,
    authorization_start,
    connection_disconnect,
    connection_save,
)
from integrations.ninjaone.sandbox import ACME, Sandbox, faults
from integrations.ninjaone.sandbox.faults import Fault
from integrations.ninjaone.testing import connection_test
from tests.cast import Tenant


def save(tenant: Tenant, **changes: str | None) -> Connection:
    values = {"region": "sandbox", "client_id": ACME, "client_secret": None, **changes}
    return connection_save(msp=tenant.msp, user=tenant.admin, **values)  # type: ignore[arg-type]


def saved_entries(tenant: Tenant) -> list[str]:
    rows = AuditEvent.objects.for_msp(tenant.msp).filter(action="connection.saved")
    return list(rows.values_list("record", flat=True))


@pytest.fixture
def fresh(acme: Tenant) -> Tenant:
    """An MSP without a connection."""
    Connection.objects.all().delete()
    return acme


def test_a_new_connection_is_not_authorized_yet(fresh: Tenant) -> None:
    connection = save(fresh, region="us2", client_id="  abc ", client_secret=" s3cret ")

    assert connection.state == ConnectionState.NOT_AUTHORIZED
    assert (connection.region, connection.client_id, connection.secret("client_secret")) == ("us2", "abc", "s3cret")
    assert connection.msp == fresh.msp
    assert "s3cret" not in saved_entries(fresh)[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client_secret": None}, "client_secret"),
        ({"client_secret": "  "}, "client_secret"),
        ({"client_secret": "a b"}, "client_secret"),
        ({"client_secret": "x" * 501}, "client_secret"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_id": "é"}, "client_id"),
        ({"client_id": "x" * 201}, "client_id"),
        ({"region": "moon"}, "region"),
        ({"region": "https://evil.example"}, "region"),
        ({"region": ""}, "region"),
    ],
)
def test_bad_input_names_its_field_and_stores_nothing(
    fresh: Tenant, changes: dict[str, str | None], field: str
) -> None:
    with pytest.raises(ConnectError) as caught:
        save(fresh, **{"client_secret": "good", **changes})

    assert caught.value.field == field
    assert Connection.objects.count() == 0
    assert saved_entries(fresh) == []


def test_the_sandbox_region_exists_only_where_it_is_switched_on(fresh: Tenant, settings: LazySettings) -> None:
    settings.NINJAONE_SANDBOX_URL = ""

    with pytest.raises(ConnectError):
        save(fresh, client_secret="good")


def test_saving_what_stands_changes_nothing(acme: Tenant) -> None:
    connection = save(acme)

    assert connection.state == ConnectionState.CONNECTED
    assert connection.epoch == acme.connection.epoch
    assert saved_entries(acme) == []


def test_a_new_secret_alone_keeps_the_authorization(acme: Tenant) -> None:
    connection = save(acme, client_secret="rotated")

    assert connection.secret("client_secret") == "rotated"
    assert connection.state == ConnectionState.CONNECTED
    assert connection.epoch == acme.connection.epoch
    assert "rotated" not in saved_entries(acme)[0]
    assert '"secret_replaced":true' in saved_entries(acme)[0]


@pytest.mark.parametrize("changes", [{"region": "eu"}, {"client_id": "other"}])
def test_another_region_or_client_id_wants_the_secret_again(acme: Tenant, changes: dict[str, str]) -> None:
    with pytest.raises(ConnectError) as caught:
        save(acme, **changes)
    assert caught.value.field == "client_secret"
    assert Connection.objects.get(pk=acme.connection.pk).region == "sandbox"


@pytest.mark.parametrize("changes", [{"region": "eu"}, {"client_id": "other"}])
def test_another_region_or_client_id_forgets_the_tokens(acme: Tenant, changes: dict[str, str]) -> None:
    connection = save(acme, client_secret="new", **changes)

    assert connection.state == ConnectionState.NOT_AUTHORIZED
    assert (connection.access_token, connection.refresh_token, connection.granted_scopes) == (None, None, "")
    assert connection.epoch == acme.connection.epoch + 1
    assert connection.token_version == acme.connection.token_version + 1


def test_two_first_saves_at_once_make_one_connection(fresh: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*arguments: object, **options: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(Connection, "save", lose)

    with pytest.raises(ConnectError):
        save(fresh, client_secret="good")


def test_a_save_that_lost_a_race_says_so(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Connection,
        "sealed",
        lambda self, name, text: Connection.objects.filter(pk=self.pk).update(epoch=99) and None,
    )

    with pytest.raises(ConnectError):
        save(acme, client_secret="rotated")
    assert saved_entries(acme) == []


def test_msps_have_connections_of_their_own(acme: Tenant, northwind: Tenant) -> None:
    save(acme, client_id="other", client_secret="new")

    row = Connection.objects.get(pk=northwind.connection.pk)
    assert (row.state, row.client_id) == (ConnectionState.CONNECTED, northwind.connection.client_id)


def test_disconnecting_forgets_everything_at_once(acme: Tenant) -> None:
    authorization_start(connection=acme.connection, user=acme.admin, session_key="s")

    connection = connection_disconnect(connection=acme.connection, user=acme.admin)

    assert connection.state == ConnectionState.NOT_AUTHORIZED
    assert (connection.access_token, connection.refresh_token, connection.access_expires_at) == (None, None, None)
    assert connection.epoch == acme.connection.epoch + 1
    assert connection.secret("client_secret") == f"{ACME}-secret"
    assert Authorization.objects.count() == 0
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="connection.disconnected").count() == 1


def test_a_test_says_what_it_saw(acme: Tenant) -> None:
    assert connection_test(connection=acme.connection, user=acme.admin).startswith(
        "NinjaOne answers, and shows 3 organizations: Acme Dental, Borealis Logistics, City Library. It took "
    )


def test_a_test_of_a_technician_who_sees_nothing_says_so(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.acme.organizations.clear()

    assert "sees no organization" in connection_test(connection=acme.connection, user=acme.admin)


def test_a_full_page_may_have_more_behind_it(acme: Tenant, ninjaone: Sandbox) -> None:
    ten = b"[" + b",".join(b'{"name": "O%d"}' % number for number in range(10)) + b"]"
    ninjaone.faults.add("GET", "/v2/organizations", faults.raw(200, ten, "application/json"))

    assert "10 organizations, and there may be more" in connection_test(connection=acme.connection, user=acme.admin)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.status(403), "403"),
        (faults.status(401, body={"error": "insufficient_privileges"}), "insufficient_privileges"),
        (faults.garbage(200), "not JSON"),
        (faults.raw(200, b"{}", "application/json"), "not a list"),
        (faults.html(200), "web page"),
    ],
)
def test_a_test_that_fails_says_why(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float], fault: Fault, words: str
) -> None:
    ninjaone.faults.add("GET", "/v2/organizations", fault, times=9)

    with pytest.raises(ConnectError) as caught:
        connection_test(connection=acme.connection, user=acme.admin)
    assert words in caught.value.message


def test_a_test_without_tokens_says_so(acme: Tenant, settings: LazySettings) -> None:
    connection = connection_disconnect(connection=acme.connection, user=acme.admin)

    with pytest.raises(ConnectError) as caught:
        connection_test(connection=connection, user=acme.admin)
    assert "not connected" in caught.value.message
    settings.NINJAONE_SANDBOX_URL = ""
    Connection.objects.update(tested_at=None)
    with pytest.raises(ConnectError, match="no NinjaOne region"):
        connection_test(connection=connection, user=acme.admin)
