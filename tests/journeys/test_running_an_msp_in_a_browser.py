"""Team, Settings and Audit in Chromium, wide and on a phone: an invitation, a new role, a changed rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from integrations.models import Msp
from tests.browser import IN_A_BROWSER
from tests.journeys.conftest import Product, window_of

pytestmark = IN_A_BROWSER


@pytest.fixture(params=["wide", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, product: Product) -> Iterator[Page]:
    """The admin's browser, at home."""
    with window_of(chromium, product, product.tenant.admin, is_phone=request.param == "phone") as window:
        page = window.new_page()
        page.goto(f"{product.url}/dashboard/")
        yield page


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
