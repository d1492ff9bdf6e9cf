"""Team, Settings and Audit in Chromium, wide and on a phone: an invitation, a new role, a changed rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from integrations.models import Msp
from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.journeys.conftest import Product

pytestmark = IN_A_BROWSER


@pytest.fixture(params=["wide", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, product: Product) -> Iterator[Page]:
    """The admin's browser, at home."""
    is_phone = request.param == "phone"
    context = chromium.new_context(viewport=PHONE if is_phone else WIDE, color_scheme="dark" if is_phone else "light")
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    cookie = product.tenant.signed_in(product.tenant.admin).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": product.url}])
    page = context.new_page()
    page.goto(f"{product.url}/dashboard/")
    yield page
    context.close()
    assert complaints == []


def go(page: Page, place: str) -> None:
    """By the navigation, which a phone keeps in its menu."""
    link = page.get_by_role("navigation").get_by_role("link", name=place)
    if not link.first.is_visible():
        page.get_by_text("Menu", exact=True).click()
    link.locator("visible=true").first.click()
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_admin_invites_somebody_and_changes_a_role(page: Page, product: Product) -> None:
    go(page, "Team")
    expect(page.get_by_text("acme-approver").first).to_be_visible()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("E-mail").fill("night.shift@acme.example")
    page.get_by_label("Approver").check()
    page.get_by_role("button", name="Make an invitation").click()
    expect(page.get_by_text("/invitation/").first).to_be_visible()
    go(page, "Team")
    page.get_by_role("link", name="acme-viewer").click()
    page.get_by_label("Approver").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_be_visible()
    go(page, "Audit")
    expect(page.get_by_text("membership.").first).to_be_visible()


def test_a_changed_setting_stands_in_the_audit(page: Page, product: Product) -> None:
    go(page, "Settings")
    page.get_by_label("Time zone").select_option("Europe/Zurich")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Msp.objects.get(pk=product.tenant.msp.pk).time_zone == "Europe/Zurich"
    go(page, "Audit")
    page.get_by_role("searchbox").fill("rules")
    page.get_by_role("searchbox").press("Enter")
    page.locator("main a[href*='/change/']").first.click()
    expect(page.get_by_text("Europe/Zurich").first).to_be_visible()
