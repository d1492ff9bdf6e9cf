"""Passkeys in Chromium, whose virtual authenticator stands for a fingerprint reader."""

from __future__ import annotations

import time

from django.conf import LazySettings
from playwright.sync_api import Browser, BrowserContext, expect

from integrations.people.sessions import SessionStore
from integrations.step_up import SESSION_KEY
from tests.browser import IN_A_BROWSER, PATIENCE_MS, WIDE, complaints_of
from tests.cast import PASSWORD
from tests.integrations.people.signing_in import events
from tests.journeys.conftest import Product

pytestmark = IN_A_BROWSER
READER = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def let_session_age(context: BrowserContext, seconds: float) -> None:
    """The last proof of this browser's session was `seconds` ago."""
    [cookie] = [one["value"] for one in context.cookies() if one["name"] == "sessionid"]
    session = SessionStore(cookie)
    session[SESSION_KEY] = time.time() - seconds
    session.save()


def test_a_passkey_is_added_signs_in_without_a_password_and_confirms(
    chromium: Browser, product: Product, settings: LazySettings
) -> None:
    settings.SECOND_FACTOR_REQUIRED, settings.STEP_UP_SECONDS = True, 300
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    page = context.new_page()
    reader = context.new_cdp_session(page)
    reader.send("WebAuthn.enable")
    reader.send("WebAuthn.addVirtualAuthenticator", {"options": READER})

    page.goto(f"{product.url}/dashboard/")
    page.get_by_label("User name").fill(product.tenant.approver.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Set one up to go on.")).to_be_visible()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Show the codes").click()
    expect(page.get_by_text("Write them down now.")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(product.tenant.msp.name)

    page.get_by_role("button", name="Log out").filter(visible=True).click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    page.goto(f"{product.url}/dashboard/approvals/approvalrequest/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text(product.tenant.msp.name).filter(visible=True).first).to_be_visible()

    let_session_age(context, 301)
    page.goto(f"{product.url}/dashboard/account/confirm/?next=/dashboard/approvals/approvalrequest/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Approvals")

    assert complaints == []
    context.close()
    assert events(product.tenant, "login.", "second_factor.") == [
        "login.succeeded",
        "second_factor.added",
        "second_factor.added",
        "second_factor.codes_shown",
        "login.ended",
        "login.succeeded",
        "login.confirmed",
    ]
