"""Signing in by another service, in Chromium: out and back by pages that the content policy lets go on."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.cast import PASSWORD
from tests.integrations.people.identity_provider import Provider, provider
from tests.integrations.people.signing_in import FACTORS, events
from tests.journeys.conftest import Product

__all__ = ["provider"]
pytestmark = IN_A_BROWSER


def look_at_the_way_out(page: Page, provider: Provider) -> None:
    """The page that goes on by itself, held up: the service answers nothing before somebody presses its one button."""
    page.route(f"{provider.url}/**", lambda route: route.fulfill(status=204))
    with page.expect_request(lambda request: request.url.startswith(f"{provider.url}/authorize?")):
        page.get_by_role("button", name="Continue with Microsoft").click()
    forward = page.get_by_role("link", name="Continue to Microsoft")
    expect(forward).to_be_visible()
    assert (forward.get_attribute("href") or "").startswith(f"{provider.url}/authorize?")
    page.unroute(f"{provider.url}/**")
    forward.click()


def test_an_account_is_linked_and_signs_in_without_its_password(
    chromium: Browser, product: Product, provider: Provider
) -> None:
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    page = context.new_page()
    page.goto(f"{product.url}{FACTORS}")
    page.get_by_label("User name").fill(product.tenant.viewer.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Link Microsoft").click()
    expect(page.get_by_text("linked", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out").filter(visible=True).click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()

    page.set_viewport_size(PHONE)
    page.goto(f"{product.url}/dashboard/approvals/approvalrequest/")
    look_at_the_way_out(page, provider)
    expect(page.get_by_role("heading", level=1)).to_have_text("Approvals")
    assert complaints == []
    context.close()
    assert events(product.tenant, "login.", "sign_in_service.") == [
        "login.succeeded",
        "sign_in_service.linked",
        "login.ended",
        "login.succeeded",
    ]
