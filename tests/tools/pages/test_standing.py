"""The state on the card: what the data says, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrations.clock import database_now
from integrations.models import AuditEvent, Connection
from integrations.ninjaone.sandbox import Sandbox, faults
from tests.cast import Tenant
from tests.tools.pages.addresses import DETAIL, LIST, TEST
from tools.pages.standing import standing_of


def standing(tenant: Tenant, **values: Any) -> tuple[str, str]:
    Connection.objects.filter(pk=tenant.connection.pk).update(**values)
    found = standing_of(Connection.objects.select_related("msp", "authorized_by").get(pk=tenant.connection.pk))
    return found.kind, found.sentence


def page(tenant: Tenant, address: str = DETAIL) -> str:
    return tenant.signed_in(tenant.admin).get(address).content.decode()


def test_a_connection_whose_last_call_failed_is_an_error_until_one_is_answered(acme: Tenant) -> None:
    now = database_now()
    kind, said = standing(acme, failed_at=now, failure="NinjaOne cannot be reached.", answered_at=now - timedelta(1))
    assert kind == "error"
    assert "NinjaOne cannot be reached. The next one that is answered ends this" in said
    for address in (LIST, DETAIL):
        assert 'badge is-error">Error' in page(acme, address)
    assert standing(acme, answered_at=now + timedelta(seconds=1))[0] == "connected"


def test_a_connection_that_is_left_alone_is_limited_until_it_is_not(acme: Tenant) -> None:
    now = database_now()
    values = {"failed_at": now, "failure": "NinjaOne wants fewer calls."}
    kind, said = standing(acme, **values, rests_until=now + timedelta(seconds=25))
    assert kind == "limited"
    assert "Calls are sent again in" in said
    assert standing(acme, rests_until=now - timedelta(seconds=1))[0] == "error"


@pytest.mark.parametrize(
    ("granted", "cost"),
    [
        ("management control offline_access", "tools that read are refused"),
        ("monitoring control offline_access", "ninja-reboot-device, "),
        ("monitoring management offline_access", "none of the 25 tools is known to need"),
        ("monitoring management control", "no refresh token"),
    ],
)
def test_a_missing_scope_says_what_it_costs(acme: Tenant, granted: str, cost: str) -> None:
    assert standing(acme, granted_scopes=granted)[0] == "limited"
    assert cost in page(acme).split("Missing scopes", 1)[1].split("</dl>", 1)[0]


def test_credentials_that_no_key_opens_are_an_error(acme: Tenant, settings: Any) -> None:
    settings.FERNET_KEYS = ["another-key-than-the-one-that-sealed-them-0123"]
    kind, said = standing(acme)
    assert kind == "error"
    assert "FERNET_KEYS" in said


def test_a_region_that_is_gone_is_an_error(acme: Tenant) -> None:
    assert standing(acme, region="atlantis")[0] == "error"


def test_the_page_names_age_and_end_of_the_token_last_answer_and_last_error(acme: Tenant) -> None:
    now = database_now()
    values = {
        "access_issued_at": now - timedelta(minutes=12),
        "access_expires_at": now + timedelta(minutes=48, seconds=30),
        "answered_at": now - timedelta(minutes=3),
        "failed_at": now - timedelta(hours=2),
        "failure": "It took <too> long.",
    }
    assert standing(acme, **values)[0] == "connected"
    facts = page(acme).replace("\xa0", " ").split("Token since", 1)[1].split("</dl>", 1)[0]
    for words in ("12 minutes ago", "48 minutes from now", "It is renewed by itself before that.", "3 minutes ago"):
        assert words in facts
    assert "2 hours ago</time> <div>It took &lt;too&gt; long.</div>" in " ".join(facts.split())
    standing(acme, refresh_token=None)
    assert "The connection ends with it." in page(acme)
    standing(acme, access_expires_at=now - timedelta(minutes=1))
    assert "somebody must reconnect" in page(acme)


def test_times_stand_in_the_zone_of_the_msp_with_the_absolute_one_on_hover(acme: Tenant) -> None:
    acme.msp.time_zone = "Europe/Berlin"
    acme.msp.save()
    Connection.objects.update(authorized_at="2026-01-15T11:30:00Z")
    assert 'title="15 Jan 2026, 12:30:00 CET"' in page(acme)


def test_a_test_is_on_record_before_and_after_and_not_repeated_at_once(acme: Tenant, ninjaone: Sandbox) -> None:
    client = acme.signed_in(acme.admin)
    first = client.post(TEST, follow=True).content.decode()
    assert "NinjaOne answers, and shows 3 organizations" in first
    assert "It took" in first
    second = client.post(TEST, follow=True).content.decode()
    assert "Nothing was sent: the connection was tested in the last ten seconds." in second
    assert len(ninjaone.calls("GET", "/v2/organizations")) == 1
    actions = AuditEvent.objects.for_msp(acme.msp).filter(action__startswith="connection.test").order_by("number")
    assert list(actions.values_list("action", flat=True)) == ["connection.test_started", "connection.tested"]
    assert '"is_good":true' in actions[1].record


def test_a_test_that_fails_is_on_record_and_on_the_card(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", "/v2/organizations", faults.status(503), times=9)
    client = acme.signed_in(acme.admin)
    text = client.post(TEST, follow=True).content.decode()
    assert "NinjaOne answered 503" in text.split("notice is-bad", 1)[1]
    assert 'badge is-error">Error' in text
    event = AuditEvent.objects.for_msp(acme.msp).get(action="connection.tested")
    assert '"is_good":false' in event.record
    # A little later the same button says that it is over.
    ninjaone.faults.clear()
    Connection.objects.update(tested_at=None)
    assert 'badge is-connected">Connected' in client.post(TEST, follow=True).content.decode()


def test_nobody_tests_the_connection_of_another_msp(acme: Tenant, northwind: Tenant) -> None:
    northwind.signed_in(northwind.admin).post(TEST, {"connection": str(acme.connection.pk)})
    acme.connection.refresh_from_db()
    assert acme.connection.tested_at is None
    assert not AuditEvent.objects.for_msp(acme.msp).filter(action__startswith="connection.test").exists()
