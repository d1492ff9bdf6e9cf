"""Notices in Chromium, wide and on a phone: set up, tested, and there when a request waits."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from django.conf import LazySettings
from django.test import Client
from playwright.sync_api import Browser, Page, ViewportSize, expect
from standardwebhooks import Webhook

from tests.approvals.notices.places import Hooks, hooks_served
from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.config.test_background import wait_for
from tests.journeys.conftest import Product

pytestmark = IN_A_BROWSER


def go_to(page: Page, name: str) -> None:
    """By the navigation, which a phone opens first."""
    menu = page.get_by_text("Menu", exact=True)
    if menu.is_visible():
        menu.click()
    page.get_by_role("link", name=name, exact=True).locator("visible=true").click()


def people_are_told(page: Page, product: Product, hooks: Hooks) -> None:
    """A destination is made and tested; then a request arrives there with a link that opens its page."""
    go_to(page, "Notices")
    page.get_by_role("link", name="New destination").click()
    page.get_by_label("Name").fill("Ops")
    page.get_by_label("Kind").select_option(label="Signed webhook")
    page.get_by_label("Address").fill(f"{hooks.url}/ops")
    page.get_by_label("It was decided, withdrawn or stopped").uncheck()
    page.get_by_role("button", name="Save").click()
    secret = page.locator("#signing-secret").inner_text()
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("took the test message")).to_be_visible()
    assert Webhook(secret).verify(hooks.posts[0].body, hooks.posts[0].headers)
    product.invoke("ninja-reboot-device", device_id=43)
    wait_for(lambda: len(hooks.posts) == 2)
    told = hooks.posts[1].payload["data"]
    assert told["title"] == "Approval needed: Reboot a managed device, ACME-WEB01, Acme Dental"
    page.goto(told["url"])
    expect(page.get_by_role("heading", name=re.compile("Reboot"))).to_be_visible()


def the_agent_is_told(page: Page, product: Product, hooks: Hooks) -> None:
    """A webhook on the agent's page; what it did not take is sent again by a button."""
    page.goto(f"{product.url}/dashboard/integrations/agent/{product.tenant.agent.pk}/change/")
    page.locator("#webhook-url").fill(f"{hooks.url}/agent")
    page.get_by_role("button", name="Save the address").click()
    secret = page.locator("#signing-secret").inner_text()
    page.get_by_role("link", name="I have copied it").click()
    product.invoke("ninja-reboot-device", device_id=41)
    wait_for(lambda: any(post.path == "/agent" for post in hooks.posts))
    post = next(post for post in hooks.posts if post.path == "/agent")
    assert Webhook(secret).verify(post.body, post.headers)["data"]["status"] == "pending_approval"


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_people_and_agents_are_told(
    chromium: Browser, product: Product, settings: LazySettings, viewport: ViewportSize
) -> None:
    settings.NOTICES_MAY_REACH = [ip_network("127.0.0.0/8")]
    context = chromium.new_context(viewport=viewport)
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    client = Client()
    client.force_login(product.tenant.admin)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": product.url}])
    page = context.new_page()
    page.goto(f"{product.url}/dashboard/")
    with hooks_served() as hooks:
        people_are_told(page, product, hooks)
        the_agent_is_told(page, product, hooks)
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width == 0
    assert complaints == []
    context.close()
