"""TOTP and recovery codes, and who must have them."""

from __future__ import annotations

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.test import Client, RequestFactory

from integrations.models import AuditEvent, User
from integrations.people.app_codes import step_claim
from integrations.people.recovery_codes import showing_claim
from tests.cast import PASSWORD, Tenant
from tests.integrations.people.signing_in import (
    CODE,
    FACTORS,
    HOME,
    app_of,
    code_of,
    events,
    password_step,
    recovery_codes_of,
)

APP = "/dashboard/account/app/"
CODES = "/dashboard/account/recovery-codes/"


@pytest.fixture(autouse=True)
def _production(settings: LazySettings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    settings.STEP_UP_SECONDS = 300


def test_a_password_alone_does_not_open_a_session_of_somebody_with_an_app(acme: Tenant, client: Client) -> None:
    secret = app_of(acme.approver)
    assert password_step(client, acme.approver)["Location"] == CODE
    assert client.get(HOME).status_code == 302
    assert events(acme, "login.") == []
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == HOME
    assert client.get(HOME).status_code == 200
    assert events(acme, "login.") == ["login.succeeded"]


def test_the_second_step_is_no_door_of_its_own(client: Client, db: None) -> None:
    assert client.get(CODE)["Location"] == "/dashboard/login/"
    assert client.post(CODE, {"code": "123456"})["Location"] == "/dashboard/login/"


def test_somebody_else_may_sign_in_while_a_code_is_missing(acme: Tenant, client: Client) -> None:
    app_of(acme.approver)
    password_step(client, acme.approver)
    assert client.get("/dashboard/login/").status_code == 200
    assert password_step(client, acme.viewer)["Location"] == HOME


def test_a_code_that_was_seen_once_opens_nothing_a_second_time(acme: Tenant) -> None:
    secret = app_of(acme.approver)
    code = code_of(secret)
    for browser, status in ((Client(), 302), (Client(), 200)):
        password_step(browser, acme.approver)
        assert browser.post(CODE, {"code": code}).status_code == status
    # An older step than the one that was taken is as void, and of two processes that hold the same row one wins.
    app = Authenticator.objects.get(user=acme.approver, type=Authenticator.Type.TOTP)
    twin = Authenticator.objects.get(pk=app.pk)
    assert not step_claim(app, code_of(secret, steps=-1))
    newer = code_of(secret, steps=1)
    assert [step_claim(app, newer), step_claim(twin, newer)] == [True, False]


def test_the_secret_of_an_app_is_sealed_in_the_database(acme: Tenant) -> None:
    secret = app_of(acme.approver)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert not any(code in stored for code in recovery_codes_of(acme.approver))


def test_a_recovery_code_opens_once_and_is_on_record(acme: Tenant) -> None:
    app_of(acme.approver)
    code = recovery_codes_of(acme.approver)[0]
    for browser, status in ((Client(), 302), (Client(), 200)):
        password_step(browser, acme.approver)
        assert browser.post(CODE, {"code": code}).status_code == status
    assert "second_factor.recovery_code_used" in events(acme, "second_factor.")
    assert code not in "".join(AuditEvent.objects.values_list("record", flat=True))


@pytest.mark.parametrize("role", ["approver", "admin"])
def test_whoever_decides_or_administers_gets_no_further_than_setting_one_up(acme: Tenant, role: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    for url in (
        HOME,
        "/dashboard/approvals/approvalrequest/",
        "/dashboard/integrations/ninjaone/",
        "/dashboard/integrations/membership/",
    ):
        assert client.get(url)["Location"] == FACTORS, url
        assert client.post(url, {})["Location"] == FACTORS, url
    page = client.get(FACTORS).content.decode()
    assert "Set one up to go on" in page
    assert "Approvals" not in page
    assert client.get("/dashboard/integrations/ninjaone-callback?state=x&code=y").status_code == 403
    assert client.post("/dashboard/logout/").status_code == 200
    assert client.get(FACTORS)["Location"].startswith("/dashboard/login/")


def test_the_operator_needs_one_and_a_viewer_does_not(acme: Tenant, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))
    assert client.get(HOME)["Location"] == FACTORS
    assert acme.signed_in(acme.viewer).get(HOME).status_code == 200


def test_a_viewer_who_is_promoted_needs_one_with_the_next_click(acme: Tenant) -> None:
    client = acme.signed_in(acme.viewer)
    assert client.get(HOME).status_code == 200
    acme.viewer.memberships.update(is_approver=True)
    assert client.get(HOME)["Location"] == FACTORS


def test_a_trial_asks_for_none(acme: Tenant, settings: LazySettings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    assert acme.signed_in(acme.admin).get(HOME).status_code == 200


def test_setting_up_an_app_opens_the_dashboard_and_shows_the_recovery_codes_once(acme: Tenant, client: Client) -> None:
    password_step(client, acme.approver)
    page = client.get(APP).content.decode()
    secret = re.search(r'id="totp-key">([A-Z2-7]+)<', page)
    assert secret is not None
    wrong = client.post(APP, {"code": "000000"})
    assert "This code is not right" in wrong.content.decode()
    assert client.post(APP, {"code": code_of(secret[1])})["Location"] == CODES
    codes = recovery_codes_of(acme.approver)
    looked, shown, again, later = (
        answer.content.decode()
        for answer in (client.get(CODES), client.post(CODES), client.post(CODES), client.get(CODES))
    )
    assert "Show the codes" in looked
    assert all(code in shown for code in codes)
    assert not any(code in page for code in codes for page in (looked, again, later))
    assert client.get(HOME).status_code == 200
    assert events(acme, "second_factor.") == [
        "second_factor.added",
        "second_factor.added",
        "second_factor.codes_shown",
    ]


def test_the_code_that_an_app_was_tried_with_opens_nothing(acme: Tenant, client: Client) -> None:
    password_step(client, acme.approver)
    secret = re.search(r'id="totp-key">([A-Z2-7]+)<', client.get(APP).content.decode())
    assert secret is not None
    code = code_of(secret[1])
    assert client.post(APP, {"code": code})["Location"] == CODES
    elsewhere = Client()
    password_step(elsewhere, acme.approver)
    assert "This code was used already" in elsewhere.post(CODE, {"code": code}).content.decode()
    assert elsewhere.post(CODE, {"code": code_of(secret[1], steps=1)})["Location"] == HOME


def test_new_recovery_codes_are_shown_by_the_post_that_makes_them(acme: Tenant) -> None:
    app_of(acme.approver)
    old = recovery_codes_of(acme.approver)
    client = acme.signed_in(acme.approver)
    assert "Make new recovery codes?" in client.get(f"{CODES}new/").content.decode()
    assert recovery_codes_of(acme.approver) == old
    page = client.post(f"{CODES}new/").content.decode()
    new = recovery_codes_of(acme.approver)
    assert not set(new) & set(old)
    assert all(code in page for code in new)
    assert sorted(events(acme, "second_factor.")) == ["second_factor.codes_renewed", "second_factor.codes_shown"]


def test_of_two_clicks_on_show_one_sees_the_codes(acme: Tenant, rf: RequestFactory) -> None:
    app_of(acme.approver)
    request = rf.post(CODES)
    request.user = acme.approver
    row = Authenticator.objects.get(user=acme.approver, type=Authenticator.Type.RECOVERY_CODES)
    twin = Authenticator.objects.get(pk=row.pk)
    assert [showing_claim(request, row), showing_claim(request, twin)] == [True, False]
    assert events(acme, "second_factor.") == ["second_factor.codes_shown"]


def test_removing_it_is_on_record_and_closes_the_dashboard_again(acme: Tenant, client: Client) -> None:
    secret = app_of(acme.approver)
    password_step(client, acme.approver)
    client.post(CODE, {"code": code_of(secret)})
    assert client.post(f"{APP}remove/")["Location"] == FACTORS
    assert client.get(HOME)["Location"] == FACTORS
    assert events(acme, "second_factor.")[-2:] == ["second_factor.removed", "second_factor.removed"]


def test_an_open_browser_neither_adds_nor_removes_a_second_factor(acme: Tenant, client: Client) -> None:
    app_of(acme.approver)
    client.force_login(acme.approver)
    session = client.session
    session["identified_at"] = 0.0
    session.save()
    for url in (APP, f"{APP}remove/", "/dashboard/account/passkeys/add/", CODES, f"{CODES}new/"):
        for answer in (client.get(url), client.post(url, {})):
            assert answer["Location"].startswith("/dashboard/account/confirm/"), url
    assert Authenticator.objects.count() == 2


def test_nobody_removes_the_passkey_of_somebody_else(acme: Tenant, client: Client) -> None:
    data = {"name": "Passkey 1", "credential": {}}
    key = Authenticator.objects.create(user=acme.admin, type=Authenticator.Type.WEBAUTHN, data=data)
    client.force_login(acme.viewer)
    url = f"/dashboard/account/passkeys/{key.pk}/remove/"
    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)
    assert client.post("/dashboard/account/passkeys/999999/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()
