"""An admin makes an agent with few tools, copies its key, sees its call; tests the connection and ends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from integrations.models import Agent, ConnectionState
from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.cast import PASSWORD
from tests.journeys.conftest import Product

pytestmark = IN_A_BROWSER
AGENTS = "/dashboard/integrations/agent/"


@pytest.fixture(params=["wide", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, product: Product) -> Iterator[Page]:
    """A browser in which the admin signed in; at its end no page has complained, and none was too wide."""
    context: BrowserContext = chromium.new_context(viewport=PHONE if request.param == "phone" else WIDE)
    context.set_default_timeout(PATIENCE_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=product.url)
    complaints = complaints_of(context, product.url)
    page = context.new_page()
    page.goto(f"{product.url}{AGENTS}")
    page.get_by_label("User name").fill(product.tenant.admin.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Agents")
    yield page
    context.close()
    assert complaints == []


def fits(page: Page) -> bool:
    """Nothing sticks out to the right."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width == 0


def test_an_agent_is_made_with_few_tools_and_its_call_is_seen(page: Page, product: Product) -> None:
    page.get_by_role("link", name="New agent").click()
    page.get_by_label("Name", exact=True).fill("night-bot")
    box = page.get_by_label("Get device", exact=True)
    expect(box).to_be_hidden()
    page.get_by_label("Every tool that policy allows").uncheck()
    box.check()
    assert fits(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("night-bot is created. It has no key yet")).to_be_visible()
    assert Agent.objects.get(name="night-bot").allowed_tools == ["ninjaone:ninja-get-device"]
    page.get_by_role("button", name="New key").click()
    page.get_by_role("button", name="Copy the key", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    key = page.evaluate("navigator.clipboard.readText()")
    assert fits(page)
    for tool, status in (("ninja-get-device", 200), ("ninja-reboot-device", 403)):
        answer = requests.post(
            f"{product.url}/api/v1/tools/{tool}/invoke",
            json={"arguments": {"device_id": 43}},
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
        )
        assert answer.status_code == status, answer.text
    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator("#calls")).to_contain_text("ninja-get-device")
    assert fits(page)
    page.get_by_role("link", name="All calls of night-bot").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Activity")
    expect(page.get_by_role("link", name="ninja-get-device").first).to_be_visible()


def test_a_connection_is_tested_and_ended(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/dashboard/integrations/")
    page.get_by_role("link", name="Manage NinjaOne").click()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("NinjaOne answers, and shows 3 organizations")).to_be_visible()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("Nothing was sent: the connection was tested")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.locator("#connection .badge")).to_have_text("Not authorized yet")
    product.tenant.connection.refresh_from_db()
    assert product.tenant.connection.state == ConnectionState.NOT_AUTHORIZED
