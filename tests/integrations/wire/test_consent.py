"""The consent round trip: a state works once, for one session, one person and one connection, for ten minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings

from integrations.clock import database_now
from integrations.models import AuditEvent, Authorization, Connection, ConnectionState, Membership
from integrations.ninjaone.connect import (
    ConnectError,
    authorization_start,
    connection_disconnect,
    connection_save,
    missing_scopes,
    redirect_uri,
)
from integrations.ninjaone.consent import code_exchange, consent_url
from integrations.ninjaone.oauth import Tokens
from integrations.ninjaone.sandbox import ACME, Sandbox
from tests.cast import Tenant
from tests.integrations.wire.browser import consent
from tests.integrations.wire.consenting import SESSION, finish, saved, start

__all__ = ["saved"]


def test_it_connects(saved: Tenant, ninjaone: Sandbox) -> None:
    connection = finish(saved, consent(ninjaone, start(saved)))

    assert connection.state == ConnectionState.CONNECTED
    assert connection.secret("access_token")
    assert connection.secret("refresh_token")
    assert connection.granted_scopes == "monitoring management control offline_access"
    assert missing_scopes(connection) == []
    assert connection.state_reason == ""
    assert connection.authorized_by == saved.admin
    assert connection.authorized_at is not None
    assert connection.epoch == 3  # seeded, disconnected, connected
    assert Authorization.objects.count() == 0
    actions = list(AuditEvent.objects.for_msp(saved.msp).values_list("action", flat=True))
    assert actions[:2] == ["connection.authorized", "connection.authorization_started"]


def test_the_consent_url_asks_as_ninjaone_understands(saved: Tenant) -> None:
    url = start(saved)

    assert url.startswith("http://127.0.0.1:8801/ws/oauth/authorize?")
    assert "+" not in url
    assert "scope=monitoring%20management%20control%20offline_access" in url
    asked = parse_qs(urlsplit(url).query)
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [redirect_uri()] == ["http://testserver/dashboard/integrations/ninjaone-callback"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) == 43


def test_a_real_region_is_asked_over_https() -> None:
    url = consent_url(
        base_url="https://eu.ninjarmm.com", client_id="a+b c", redirect_uri="https://x/y", state="s", verifier="v" * 43
    )

    assert url.startswith("https://eu.ninjarmm.com/ws/oauth/authorize?")
    assert parse_qs(urlsplit(url).query)["client_id"] == ["a+b c"]


def test_the_code_is_exchanged_in_the_form_that_ninjaone_takes(saved: Tenant, ninjaone: Sandbox) -> None:
    finish(saved, consent(ninjaone, start(saved)))

    form = parse_qs(ninjaone.calls("POST", "/ws/oauth/token")[0].body.decode())
    assert form["grant_type"] == ["authorization_code"]
    assert form["client_id"] == [ACME]
    assert form["client_secret"] == [f"{ACME}-secret"]
    assert form["redirect_uri"] == [redirect_uri()]
    assert 43 <= len(form["code_verifier"][0]) <= 128


def test_a_state_works_once(saved: Tenant, ninjaone: Sandbox) -> None:
    returned = consent(ninjaone, start(saved))
    finish(saved, returned)

    with pytest.raises(ConnectError):
        finish(saved, returned)
    assert len(ninjaone.calls("POST", "/ws/oauth/token")) == 1


def test_a_state_is_used_up_by_a_refusal(saved: Tenant, ninjaone: Sandbox) -> None:
    returned = consent(ninjaone, start(saved))

    with pytest.raises(ConnectError) as caught:
        finish(saved, returned, code="", error="access_denied", error_description="No\u202e thanks")
    assert "not allowed" in caught.value.message
    assert '("No thanks")' in caught.value.message
    with pytest.raises(ConnectError):
        finish(saved, returned)
    assert AuditEvent.objects.for_msp(saved.msp).filter(action="connection.authorization_failed").count() == 1


def test_pressing_deny_leaves_it_unauthorized(saved: Tenant, ninjaone: Sandbox) -> None:
    with pytest.raises(ConnectError):
        finish(saved, consent(ninjaone, start(saved), decision="deny"))

    assert Connection.objects.get(pk=saved.connection.pk).state == ConnectionState.NOT_AUTHORIZED


def test_an_app_without_the_scopes_is_told_which(saved: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.clients[ACME].scopes = ("monitoring",)

    with pytest.raises(ConnectError) as caught:
        finish(saved, consent(ninjaone, start(saved)))
    assert "monitoring, management, control, offline_access" in caught.value.message


def test_an_answer_without_code_and_error_is_refused(saved: Tenant, ninjaone: Sandbox) -> None:
    with pytest.raises(ConnectError) as caught:
        finish(saved, consent(ninjaone, start(saved)), code="")
    assert "no code" in caught.value.message


@pytest.mark.parametrize("change", ["session", "user", "state"])
def test_a_state_of_somebody_else_is_refused_and_kept_for_them(saved: Tenant, ninjaone: Sandbox, change: str) -> None:
    returned = consent(ninjaone, start(saved))
    Membership.objects.filter(user=saved.approver).update(is_admin=True)
    changes: dict[str, dict[str, Any]] = {
        "session": {"session_key": "another"},
        "user": {"user": saved.approver},
        "state": {"state": returned.state[::-1]},
    }

    with pytest.raises(ConnectError):
        finish(saved, returned, **changes[change])
    assert finish(saved, returned).state == ConnectionState.CONNECTED


def test_a_newer_authorization_replaces_the_older(saved: Tenant, ninjaone: Sandbox) -> None:
    older, newer = start(saved), start(saved)

    with pytest.raises(ConnectError):
        finish(saved, consent(ninjaone, older))
    assert finish(saved, consent(ninjaone, newer)).state == ConnectionState.CONNECTED


def test_ten_minutes_are_enough(saved: Tenant, ninjaone: Sandbox) -> None:
    returned = consent(ninjaone, start(saved))
    row = Authorization.objects.get()
    assert 590 < (row.expires_at - database_now()).total_seconds() <= 600
    Authorization.objects.update(expires_at=database_now() - timedelta(seconds=1))

    with pytest.raises(ConnectError) as caught:
        finish(saved, returned)
    assert "10 minutes" in caught.value.message
    assert ninjaone.calls("POST", "/ws/oauth/token") == []


def test_the_state_and_verifier_are_not_stored_in_the_clear(saved: Tenant) -> None:
    state = parse_qs(urlsplit(start(saved)).query)["state"][0]

    row = Authorization.objects.values().get()
    assert state not in str(row)
    assert SESSION not in str(row)
    assert repr(row["verifier"]) == "<sealed integrations.authorization.verifier>"


@pytest.mark.parametrize("change", ["demoted", "disabled", "removed"])
def test_only_an_admin_finishes(saved: Tenant, ninjaone: Sandbox, change: str) -> None:
    returned = consent(ninjaone, start(saved))
    membership = Membership.objects.filter(user=saved.admin)
    match change:
        case "demoted":
            membership.update(is_admin=False)
        case "disabled":
            saved.admin.is_active = False
            saved.admin.save()
        case "removed":
            membership.delete()

    with pytest.raises(ConnectError):
        finish(saved, returned)
    assert ninjaone.calls("POST", "/ws/oauth/token") == []


def test_only_an_admin_starts(saved: Tenant) -> None:
    for user in (saved.approver, saved.viewer):
        with pytest.raises(ConnectError):
            authorization_start(connection=saved.connection, user=user, session_key=SESSION)
    assert Authorization.objects.count() == 0


def test_an_admin_of_another_msp_does_not_start(saved: Tenant, northwind: Tenant) -> None:
    with pytest.raises(ConnectError):
        authorization_start(connection=saved.connection, user=northwind.admin, session_key=SESSION)


def test_a_browser_without_a_session_does_not_start(saved: Tenant) -> None:
    with pytest.raises(ConnectError):
        start(saved, session_key="")


def test_credentials_that_do_not_open_do_not_start(saved: Tenant, settings: LazySettings) -> None:
    settings.FERNET_KEYS = ["another-key-for-tests-only-0123456789"]

    with pytest.raises(ConnectError) as caught:
        start(saved)
    assert "FERNET_KEYS" in caught.value.message


def test_a_consent_for_credentials_that_changed_is_not_stored(saved: Tenant, ninjaone: Sandbox) -> None:
    returned = consent(ninjaone, start(saved))
    Connection.objects.filter(pk=saved.connection.pk).update(client_id="other")

    with pytest.raises(ConnectError) as caught:
        finish(saved, returned)
    assert "changed" in caught.value.message
    assert ninjaone.calls("POST", "/ws/oauth/token") == []


def test_saving_other_credentials_ends_a_consent_under_way(saved: Tenant, ninjaone: Sandbox) -> None:
    returned = consent(ninjaone, start(saved))
    connection_save(msp=saved.msp, user=saved.admin, region="eu", client_id=ACME, client_secret="new")

    with pytest.raises(ConnectError):
        finish(saved, returned)
    assert Connection.objects.get(pk=saved.connection.pk).access_token is None


def test_a_change_during_the_exchange_wins(saved: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    returned = consent(ninjaone, start(saved))

    def exchange_and_disconnect(**arguments: Any) -> Tokens:
        tokens = code_exchange(**arguments)
        connection_disconnect(connection=saved.connection, user=saved.admin)
        return tokens

    monkeypatch.setattr("integrations.ninjaone.consent.code_exchange", exchange_and_disconnect)

    with pytest.raises(ConnectError):
        finish(saved, returned)
    assert Connection.objects.get(pk=saved.connection.pk).state == ConnectionState.NOT_AUTHORIZED


def test_reconnecting_keeps_the_old_tokens_until_the_new_ones_are_there(acme: Tenant, ninjaone: Sandbox) -> None:
    url = start(acme)
    assert Connection.objects.get(pk=acme.connection.pk).state == ConnectionState.CONNECTED

    assert finish(acme, consent(ninjaone, url)).epoch == acme.connection.epoch + 1
