"""Signing in by OpenID Connect, against a provider that runs here."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings, settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from config import environment
from integrations.models import Invitation, User
from integrations.ninjaone.sandbox import ACME, Sandbox
from tests.cast import PASSWORD, Tenant, make_tenant
from tests.integrations.people.identity_provider import CLIENT_ID, Provider, provider
from tests.integrations.people.signing_in import CODE, FACTORS, HOME, age, app_of, events
from tests.integrations.people.test_invitations import invited, joined

__all__ = ["provider"]
SERVICE = "/dashboard/account/service/entra/"
LOGIN = "/dashboard/login/"


@pytest.fixture
def acme(sandbox: Sandbox, transactional_db: None) -> Tenant:
    """The usual MSP, without a NinjaOne: the provider is reached over real HTTP."""
    return make_tenant("acme", ACME, sandbox)


def way_back(client: Client, **fields: str) -> str:
    """Out to the service; the address to which it sends the browser back."""
    page = client.post(f"{SERVICE}login/", fields)
    target = re.search(r'id="forward"[^>]*href="([^"]+)"', page.content.decode(), re.DOTALL)
    assert target is not None, page
    assert page["Referrer-Policy"] == "no-referrer"
    sent = requests.get(unescape(target[1]), allow_redirects=False, timeout=10)
    back = urlsplit(sent.headers["Location"])
    return f"{back.path}?{back.query}"


def round_trip(client: Client, **fields: str) -> Any:
    """Out to the service, and back with what it says."""
    return client.get(way_back(client, **fields))


def test_an_account_that_its_owner_linked_comes_in(acme: Tenant, provider: Provider) -> None:
    client = acme.signed_in(acme.viewer)
    assert "Link Microsoft" in client.get(FACTORS).content.decode()
    assert round_trip(client, process="connect")["Location"] == FACTORS
    answer = round_trip(Client())
    assert (answer["Location"], answer["Referrer-Policy"]) == (HOME, "no-referrer")
    assert events(acme, "sign_in_service.") == ["sign_in_service.linked"]
    assert events(acme, "login.")[-1] == "login.succeeded"


def test_an_address_that_the_service_claims_opens_nobodys_account(
    acme: Tenant, provider: Provider, client: Client
) -> None:
    provider.claims |= {"email": acme.viewer.email, "email_verified": True, "preferred_username": "acme-viewer"}
    before = User.objects.count()
    answer = round_trip(client)
    assert answer["Location"] == LOGIN
    assert "not linked to anybody here" in client.get(LOGIN).content.decode()
    assert client.get(HOME).status_code == 302
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_an_invitation_makes_the_account_and_the_link(acme: Tenant, provider: Provider, client: Client) -> None:
    link = invited(acme, is_approver="on")
    assert "Continue with Microsoft" in client.get(link).content.decode()
    assert round_trip(client, invitation=link.split("/")[-2])["Location"] == HOME
    assert joined(acme) == "approver"
    user = User.objects.get(username="erin")
    assert not user.has_usable_password()
    assert Invitation.objects.get().accepted_by == user
    assert round_trip(Client())["Location"] == HOME


def test_a_spent_invitation_makes_nothing(acme: Tenant, provider: Provider, client: Client) -> None:
    token = invited(acme).split("/")[-2]
    round_trip(client, invitation=token)
    provider.claims["sub"] = "mallory"
    assert round_trip(Client(), invitation=token)["Location"] == LOGIN
    assert SocialAccount.objects.count() == 1


def test_the_second_factor_is_asked_for_all_the_same(acme: Tenant, provider: Provider) -> None:
    round_trip(acme.signed_in(acme.approver), process="connect")
    app_of(acme.approver)
    browser = Client()
    assert round_trip(browser)["Location"] == CODE
    assert browser.get(HOME).status_code == 302


def test_somebody_removed_from_the_team_or_switched_off_does_not_come_in(acme: Tenant, provider: Provider) -> None:
    round_trip(acme.signed_in(acme.viewer), process="connect")
    User.objects.filter(pk=acme.viewer.pk).update(is_active=False)
    assert round_trip(Client())["Location"] == LOGIN
    User.objects.filter(pk=acme.viewer.pk).update(is_active=True)
    acme.viewer.memberships.all().delete()
    assert round_trip(Client())["Location"] == LOGIN


def test_a_token_of_another_issuer_or_for_another_client_opens_nothing(acme: Tenant, provider: Provider) -> None:
    round_trip(acme.signed_in(acme.viewer), process="connect")
    for issuer, audience in (("https://evil.example", CLIENT_ID), (provider.url, "another-client")):
        provider.issuer, provider.audience = issuer, audience
        browser = Client()
        assert round_trip(browser)["Location"] == LOGIN
        assert "Nothing was changed" in browser.get(LOGIN).content.decode()


def test_a_callback_that_this_browser_did_not_start_opens_nothing(acme: Tenant, provider: Provider) -> None:
    round_trip(acme.signed_in(acme.viewer), process="connect")
    for query in ("code=stolen&state=forged", "code=stolen", "error=access_denied&state=forged", ""):
        browser = Client()
        assert browser.get(f"{SERVICE}login/callback/?{query}")["Location"] == LOGIN, query
        assert browser.get(HOME).status_code == 302


def test_a_refusal_of_the_service_says_what_to_do(acme: Tenant, provider: Provider, client: Client) -> None:
    provider.refuses = "access_denied"
    assert round_trip(client)["Location"] == LOGIN
    assert "Microsoft did not sign you in" in client.get(LOGIN).content.decode()


def test_a_service_that_is_down_says_so(acme: Tenant, provider: Provider, client: Client, unused_port: int) -> None:
    settings.SIGN_IN_SERVICES[0]["settings"]["server_url"] = f"http://127.0.0.1:{unused_port}"
    assert client.post(f"{SERVICE}login/")["Location"] == LOGIN
    assert "Microsoft does not answer" in client.get(LOGIN).content.decode()


def test_nothing_begins_with_a_link_from_elsewhere(acme: Tenant, provider: Provider) -> None:
    client = acme.signed_in(acme.viewer)
    assert client.get(f"{SERVICE}login/").status_code == 405
    assert client.post(f"{SERVICE}login/", {"process": "redirect"}).status_code == 404
    assert client.post("/dashboard/account/service/nobody/login/").status_code == 404
    assert client.get("/dashboard/account/service/nobody/login/callback/").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(acme.viewer)
    assert strict.post(f"{SERVICE}login/", {"process": "connect"}).status_code == 403


def test_an_open_browser_links_and_unlinks_nothing(acme: Tenant, provider: Provider, settings: LazySettings) -> None:
    settings.STEP_UP_SECONDS = 300
    client = acme.signed_in(acme.viewer)
    round_trip(client, process="connect")
    age(client, 301)
    for url, fields in ((f"{SERVICE}login/", {"process": "connect"}), (f"{SERVICE}unlink/", {})):
        assert client.post(url, fields)["Location"].startswith("/dashboard/account/confirm/")
    assert SocialAccount.objects.count() == 1
    client.force_login(acme.viewer)
    client.post(f"{SERVICE}unlink/")
    assert SocialAccount.objects.count() == 0
    assert events(acme, "sign_in_service.") == ["sign_in_service.linked", "sign_in_service.unlinked"]
    assert round_trip(Client())["Location"] == LOGIN


def test_an_open_browser_leaves_no_link_behind_that_its_owner_confirms_unawares(
    acme: Tenant, provider: Provider, settings: LazySettings
) -> None:
    settings.STEP_UP_SECONDS = 300
    client = acme.signed_in(acme.viewer)
    age(client, 301)
    assert client.post(f"{SERVICE}login/?process=connect").status_code == 404
    age(client, 1)
    back = way_back(client, process="connect")
    age(client, 301)
    assert client.get(back)["Location"].startswith("/dashboard/account/confirm/")
    answer = client.post(f"/dashboard/account/confirm/password/?next={HOME}", {"password": PASSWORD})
    assert answer["Location"] == HOME
    assert SocialAccount.objects.count() == 0


def test_a_service_that_anybody_could_answer_for_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ENTRA_CLIENT_ID", "x")
    with pytest.raises(ImproperlyConfigured, match="OIDC_ENTRA_URL is not set"):
        environment.sign_in_service("entra")
    monkeypatch.setenv("OIDC_ENTRA_CLIENT_SECRET", "y")
    for url, words in (
        ("http://login.example/t/v2.0", "Use https"),
        ("https://login.microsoftonline.com/common/v2.0", "Name your tenant"),
    ):
        monkeypatch.setenv("OIDC_ENTRA_URL", url)
        with pytest.raises(ImproperlyConfigured, match=words):
            environment.sign_in_service("entra")
    monkeypatch.setenv("OIDC_ENTRA_URL", "https://login.microsoftonline.com/0f3c/v2.0")
    assert environment.sign_in_service("entra")["settings"]["server_url"].endswith("/0f3c/v2.0")
    with pytest.raises(ImproperlyConfigured, match="small letters"):
        environment.sign_in_service("../x")
    monkeypatch.delenv("OIDC_ENTRA_CLIENT_SECRET")
    with pytest.raises(ImproperlyConfigured, match="OIDC_ENTRA_CLIENT_SECRET is not set"):
        environment.sign_in_service("entra")
