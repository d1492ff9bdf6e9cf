"""The consent, step by step: out by a POST alone, back once, with nothing shown that must not be seen."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from integrations.access import SESSION_KEY
from integrations.models import Authorization, Connection, ConnectionState, Membership
from tests.cast import Tenant
from tests.tools.pages.addresses import AUTHORIZE, CALLBACK, DETAIL, STATE
from tests.tools.pages.snapshots import everything


def consent_url(client: Client) -> str:
    """Where Authorize sends the browser."""
    answer = client.post(AUTHORIZE)
    assert answer.status_code == 200
    return str(answer.context["consent_url"])


def decided(url: str, decision: str = "allow") -> str:
    """What a person in NinjaOne's window does; the address that NinjaOne sends the browser back to."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    consent = url.split("/ws/", maxsplit=1)[0] + "/ws/oauth/consent"
    answer = requests.post(consent, data={**asked, "decision": decision}, allow_redirects=False)
    assert answer.status_code == 302
    return answer.headers["Location"].replace("http://testserver", "")


@pytest.fixture
def unauthorized(acme: Tenant) -> Tenant:
    """Acme as the first save leaves it."""
    Connection.objects.update(
        state=ConnectionState.NOT_AUTHORIZED,
        access_token=None,
        refresh_token=None,
        granted_scopes="",
        authorized_by=None,
        authorized_at=None,
    )
    return acme


def test_a_consent_connects(unauthorized: Tenant) -> None:
    client = unauthorized.signed_in(unauthorized.admin)
    assert b"Not authorized yet" in client.get(STATE).content
    answer = client.get(decided(consent_url(client)))
    assert answer.status_code == 200
    assert b"Connected. You can close this window." in answer.content
    card = client.get(STATE).content.decode()
    assert "is-connected" in card
    assert "by <b>acme-admin</b>" in card


def test_the_mark_of_the_card_changes_with_every_consent(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    before = client.get(STATE).context["standing"].mark
    assert client.get(STATE).context["standing"].mark == before
    client.get(decided(consent_url(client)))
    assert client.get(STATE).context["standing"].mark != before


def test_the_way_out_is_a_page_and_not_a_redirect(unauthorized: Tenant) -> None:
    answer = unauthorized.signed_in(unauthorized.admin).post(AUTHORIZE)
    assert answer.status_code == 200
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    assert 'id="consent"' in page
    assert "<noscript>" in page


def test_what_stops_an_authorization_at_its_start_is_said(unauthorized: Tenant) -> None:
    Connection.objects.update(client_secret=None)
    answer = unauthorized.signed_in(unauthorized.admin).post(AUTHORIZE)
    assert answer.status_code == 400
    assert b"notice is-bad" in answer.content
    assert not Authorization.objects.exists()


def test_a_refused_consent_says_so_and_changes_nothing(unauthorized: Tenant) -> None:
    client = unauthorized.signed_in(unauthorized.admin)
    answer = client.get(decided(consent_url(client), "deny"))
    assert answer.status_code == 400
    assert b"NinjaOne gave no access: the access was not allowed" in answer.content
    assert b"Not authorized yet" in client.get(STATE).content


def test_code_and_state_are_shown_nowhere_and_leave_with_no_referrer(unauthorized: Tenant) -> None:
    client = unauthorized.signed_in(unauthorized.admin)
    back = decided(consent_url(client))
    sent = parse_qs(urlsplit(back).query)
    for answer in (client.get(back), client.get(back)):
        for name in ("code", "state"):
            assert sent[name][0] not in answer.content.decode()
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store"


def test_an_answer_counts_once(unauthorized: Tenant) -> None:
    client = unauthorized.signed_in(unauthorized.admin)
    back = decided(consent_url(client))
    assert client.get(back).status_code == 200
    assert client.get(back).status_code == 400
    assert b"is-connected" in client.get(STATE).content


def test_an_answer_counts_in_its_own_session_alone(unauthorized: Tenant) -> None:
    back = decided(consent_url(unauthorized.signed_in(unauthorized.admin)))
    assert unauthorized.signed_in(unauthorized.admin).get(back).status_code == 400
    assert b"Not authorized yet" in unauthorized.signed_in(unauthorized.admin).get(STATE).content


def test_an_answer_counts_for_no_other_msp(acme: Tenant, northwind: Tenant) -> None:
    back = decided(consent_url(acme.signed_in(acme.admin)))
    before = everything()
    assert northwind.signed_in(northwind.admin).get(back).status_code == 400
    assert everything() == before


def test_who_is_not_signed_in_learns_it_without_the_code_travelling_on(unauthorized: Tenant) -> None:
    back = decided(consent_url(unauthorized.signed_in(unauthorized.admin)))
    answer = Client().get(back)
    assert answer.status_code == 403
    assert b"not signed in" in answer.content
    assert urlsplit(back).query not in answer.content.decode()


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_who_is_no_admin_cannot_finish_a_consent(unauthorized: Tenant, role: str) -> None:
    back = decided(consent_url(unauthorized.signed_in(unauthorized.admin)))
    assert unauthorized.signed_in(getattr(unauthorized, role)).get(back).status_code == 400
    unauthorized.connection.refresh_from_db()
    assert unauthorized.connection.access_token is None


def test_an_admin_who_lost_the_role_meanwhile_cannot_finish_it_under_another_hat(
    unauthorized: Tenant, northwind: Tenant
) -> None:
    Membership.objects.create(msp=northwind.msp, user=unauthorized.admin, is_admin=True)
    client = unauthorized.signed_in(unauthorized.admin)
    session = client.session
    session[SESSION_KEY] = str(unauthorized.msp.pk)
    session.save()
    back = decided(consent_url(client))
    Membership.objects.filter(msp=unauthorized.msp, user=unauthorized.admin).update(is_admin=False)
    session = client.session
    session[SESSION_KEY] = str(northwind.msp.pk)
    session.save()
    assert client.get(back).status_code == 400
    unauthorized.connection.refresh_from_db()
    assert unauthorized.connection.access_token is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=abc",
        "code=abc",
        "error=access_denied",
        "state=&code=abc",
        "state=abc&code=",
        "state=abc&code=abc&error=access_denied",
        "state=abc&state=abc&code=abc",
        "state=abc&code=abc&code=abd",
        "state=abc&error=a&error=b",
        "state=abc&error=a&error_description=b&error_description=c",
        f"state={'s' * 201}&code=abc",
        f"state=abc&code={'c' * 2001}",
        f"state=abc&error={'e' * 101}",
        f"state=abc&error=a&error_description={'d' * 1001}",
        "state=abc&code=a%00b",
        "state=a%0d%0ab&code=abc",
        "state=%ff%fe&code=abc",
        "state=abc&code=never-issued",
        "state=abc&error=%3Cscript%3Ealert(1)%3C/script%3E",
    ],
)
def test_an_address_that_ninjaone_did_not_make_gets_a_clear_page(unauthorized: Tenant, query: str) -> None:
    client = unauthorized.signed_in(unauthorized.admin)
    consent_url(client)
    answer = client.get(f"{CALLBACK}?{query}")
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "notice is-bad" in page
    assert "Press the button again" in page
    assert "<script>" not in page
    assert Authorization.objects.count() == 1
    assert b"Not authorized yet" in client.get(STATE).content


def test_the_callback_leads_back_to_the_connection(unauthorized: Tenant) -> None:
    answer = unauthorized.signed_in(unauthorized.admin).get(CALLBACK)
    assert f'href="{DETAIL}"' in answer.content.decode()
