"""The section Connection: form, card, test and disconnect."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Connection, ConnectionState
from tests.cast import Tenant
from tests.tools.pages.addresses import AUTHORIZE, DETAIL, DISCONNECT, LIST, SAVE, STATE, TEST, TOP
from tests.tools.pages.snapshots import everything

CANARY = "canary-client-secret"


def text(tenant: Tenant, address: str = DETAIL) -> str:
    return tenant.signed_in(tenant.admin).get(address).content.decode()


def test_the_first_save_stores_and_says_that_authorization_is_missing(acme: Tenant) -> None:
    Connection.objects.all().delete()
    client = acme.signed_in(acme.admin)
    answer = client.post(SAVE, {"region": "eu", "client_id": "app", "client_secret": CANARY}, follow=True)
    connection = Connection.objects.for_msp(acme.msp).get()
    assert (connection.region, connection.client_id) == ("eu", "app")
    assert connection.secret("client_secret") == CANARY
    assert b"not authorized yet" in answer.content
    assert b"Not authorized yet" in answer.content
    assert b"Europe" in answer.content
    assert AUTHORIZE.encode() in answer.content


def test_the_secret_never_comes_back(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    refused = client.post(SAVE, {"region": "mars", "client_id": "app", "client_secret": CANARY})
    assert refused.status_code == 200
    assert CANARY not in refused.content.decode()
    saved = client.post(SAVE, {"region": "eu", "client_id": "app", "client_secret": CANARY}, follow=True)
    assert CANARY not in saved.content.decode()
    for address in (LIST, DETAIL, STATE):
        assert CANARY not in text(acme, address)


def test_an_empty_secret_keeps_the_stored_one(acme: Tenant) -> None:
    before = acme.connection.secret("client_secret")
    page = text(acme)
    assert "Leave empty to keep it" in page
    form = {"region": acme.connection.region, "client_id": acme.connection.client_id, "client_secret": ""}
    answer = acme.signed_in(acme.admin).post(SAVE, form, follow=True)
    assert b"stays authorized" in answer.content
    acme.connection.refresh_from_db()
    assert acme.connection.secret("client_secret") == before


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"region": "", "client_id": "app"}, "id_region_error"),
        ({"region": "mars", "client_id": "app"}, "id_region_error"),
        ({"region": "https://evil.example", "client_id": "app"}, "id_region_error"),
        ({"region": "us", "client_id": ""}, "id_client_id_error"),
        ({"region": "us", "client_id": "two words", "client_secret": "secret"}, "id_client_id_error"),
        ({"region": "us", "client_id": "another"}, "id_client_secret_error"),
        ({"region": "us", "client_id": "x" * 201}, "id_client_id_error"),
        ({"region": "us", "client_id": "a\x00b"}, "id_client_id_error"),
        ({"region": "us", "client_id": "app", "client_secret": "x" * 501}, "id_client_secret_error"),
    ],
)
def test_a_faulty_form_is_shown_again_with_the_fault_at_its_field(
    acme: Tenant, form: dict[str, str], wrong: str
) -> None:
    before = everything()
    answer = acme.signed_in(acme.admin).post(SAVE, form)
    assert answer.status_code == 200
    assert f'id="{wrong}"' in answer.content.decode()
    assert everything() == before


def test_the_first_save_asks_for_the_secret(acme: Tenant) -> None:
    Connection.objects.all().delete()
    answer = acme.signed_in(acme.admin).post(SAVE, {"region": "us", "client_id": "app"})
    assert 'id="id_client_secret_error"' in answer.content.decode()
    assert not Connection.objects.exists()


def test_the_page_says_what_to_create_in_ninjaone(acme: Tenant) -> None:
    page = text(acme)
    for words in ("http://testserver/dashboard/integrations/ninjaone-callback", "Web application", "Monitoring"):
        assert words in page
    assert "Authorization Code" in page
    assert "Refresh Token" in page


def test_the_card_names_region_scopes_and_who_authorized_when(acme: Tenant) -> None:
    page = text(acme, LIST)
    assert "Local sandbox" in page
    assert "by <b>acme-admin</b>" in page
    assert "monitoring, management, control, offline_access" in page


def test_the_card_says_why_authorization_is_needed_again(acme: Tenant) -> None:
    Connection.objects.update(
        state=ConnectionState.NEEDS_REAUTHORIZATION, state_reason="NinjaOne took the <consent> back."
    )
    for address in (LIST, DETAIL, STATE):
        page = text(acme, address)
        assert "Needs reauthorization" in page
        assert "NinjaOne took the &lt;consent&gt; back." in page
    Connection.objects.update(state_reason="")
    assert "no longer accepts the authorization" in text(acme)


def test_the_card_names_missing_scopes(acme: Tenant) -> None:
    Connection.objects.update(granted_scopes="monitoring offline_access")
    page = text(acme)
    assert "is-limited" in page
    assert "did not grant management, control" in page


def test_the_card_copes_with_an_authorizer_who_left_and_a_region_that_is_gone(acme: Tenant) -> None:
    Connection.objects.update(authorized_by=None, region="atlantis")
    page = text(acme, LIST)
    assert "somebody who has left" in page
    assert "atlantis" in page


def test_test_shows_what_ninjaone_said(acme: Tenant) -> None:
    answer = acme.signed_in(acme.admin).post(TEST, follow=True)
    assert answer.redirect_chain == [(TOP, 302)]
    assert b"notice is-good" in answer.content


def test_a_failed_test_says_why(acme: Tenant) -> None:
    Connection.objects.update(access_token=None, refresh_token=None, state=ConnectionState.NOT_AUTHORIZED)
    answer = acme.signed_in(acme.admin).post(TEST, follow=True)
    assert answer.status_code == 200
    assert b"notice is-bad" in answer.content


def test_disconnect_asks_first_and_then_forgets_the_tokens(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    assert b"Disconnect NinjaOne?" in client.get(DISCONNECT).content
    answer = client.post(DISCONNECT, follow=True)
    assert b"the tokens are forgotten" in answer.content
    acme.connection.refresh_from_db()
    assert acme.connection.access_token is None
    assert acme.connection.refresh_token is None
    assert acme.connection.secret("client_secret") is not None
    assert f'="{TEST}"' not in text(acme)


def test_a_connection_without_refresh_token_says_what_is_missing(acme: Tenant) -> None:
    Connection.objects.update(refresh_token=None, state_reason="NinjaOne gave no refresh token.")
    page = text(acme)
    assert "is-limited" in page
    assert "NinjaOne gave no refresh token." in page
    Connection.objects.update(granted_scopes="monitoring management control")
    page = text(acme)
    assert "NinjaOne gave no refresh token. NinjaOne did not grant offline_access" in page


def test_secrets_that_no_key_opens_give_words_and_no_crash(acme: Tenant, settings: Any) -> None:
    settings.FERNET_KEYS = ["another-key-than-the-one-that-sealed-them-0123"]
    client = acme.signed_in(acme.admin)
    assert client.get(DETAIL).status_code == 200
    assert b"notice is-bad" in client.post(TEST, follow=True).content
    assert client.post(AUTHORIZE).status_code == 400
