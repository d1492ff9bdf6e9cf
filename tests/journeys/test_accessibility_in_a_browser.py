"""Every page as axe sees it, wide and on a phone, in light and dark; and the way to Approve by keyboard alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import Browser, Page, ViewportSize, expect

from approvals.models import Invocation
from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE
from tests.journeys.conftest import Product
from tests.journeys.walking import opened_pages

pytestmark = IN_A_BROWSER
QUEUE = "/dashboard/approvals/approvalrequest/"
# Each page twice, and as each other person may open it once more, in turns.
FIRST_LOOKS: list[tuple[ViewportSize, Any]] = [(WIDE, "light"), (PHONE, "dark")]
OTHER_LOOKS: list[tuple[ViewportSize, Any]] = [(WIDE, "dark"), (PHONE, "light")]
GRAVE = {"serious", "critical"}
# The whole page is judged: what is folded is unfolded.
MOVING = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
UNFOLD = "for (const one of document.querySelectorAll('main details')) one.open = true"


@pytest.mark.skipif(connection.vendor == "postgresql", reason="the pages are the same on both databases")
def test_no_page_has_a_grave_fault_that_axe_knows(chromium: Browser, product: Product) -> None:
    product.invoke("ninja-run-bash", device_id=43, script="uptime\n")
    product.invoke("ninja-update-ticket", ticket_id=1014, priority="HIGH")
    product.invoke("ninja-get-device", device_id=43)
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    faults, judged = [], Counter[str]()
    for page, _, url in opened_pages(context, product):
        page.evaluate(UNFOLD)
        for size, scheme in FIRST_LOOKS if not judged[url] else [OTHER_LOOKS[judged[url] % 2]]:
            faults += [f"{url} {size['width']} {scheme}: {fault}" for fault in faults_of(page, size, scheme)]
        judged[url] += 1
    context.close()
    assert faults == []
    assert len(judged) >= 35


def test_axe_would_see_a_fault(chromium: Browser, product: Product) -> None:
    page = chromium.new_page()
    page.goto(f"{product.url}/dashboard/login/")
    assert faults_of(page, WIDE, "light") == []
    page.evaluate("document.querySelector('label').remove()")
    assert "label" in faults_of(page, WIDE, "light")[0]
    page.close()


def faults_of(page: Page, size: ViewportSize, scheme: Any) -> list[str]:
    """What is grave on the page as it is, in this size and in these colours."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def approvers_page(chromium: Browser, product: Product, **options: Any) -> Page:
    """Where the approver is signed in."""
    context = chromium.new_context(viewport=WIDE, **options)
    context.set_default_timeout(PATIENCE_MS)
    cookie = product.tenant.signed_in(product.tenant.approver).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": product.url}])
    return context.new_page()


@pytest.mark.parametrize("keys", [["j", "a"], ["j", "Enter", "a"]])
def test_a_request_is_approved_without_a_mouse(chromium: Browser, product: Product, keys: list[str]) -> None:
    asked = product.invoke("ninja-reboot-device", device_id=43).json()["id"]
    page = approvers_page(chromium, product)
    page.goto(f"{product.url}{QUEUE}")
    for key in keys:
        page.keyboard.press(key)
        if key != "j":
            page.wait_for_url(f"**{QUEUE}{asked}/**")
    approve = page.get_by_role("button", name="Approve exactly this")
    expect(approve).to_be_focused()
    # What has the focus is seen to have it, and nothing was decided by coming here.
    assert approve.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    assert Invocation.objects.get(pk=asked).status == "pending_approval"
    page.keyboard.press("Enter")
    expect(page.locator("#standing")).to_contain_text("Succeeded")


def test_everything_of_the_queue_is_reached_with_the_tab_key(chromium: Browser, product: Product) -> None:
    asked = product.invoke("ninja-reboot-device", device_id=43).json()["id"]
    page = approvers_page(chromium, product)
    page.goto(f"{product.url}{QUEUE}")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")))
        if f"row-{asked}" in reached:
            break
    assert reached[0] == "Skip to main content"
    assert {"Waiting", "Decided", "All", "filter-organization", "filter-tool", "filter-agent"} <= set(reached)
    assert reached[-1] == f"row-{asked}"


def test_nothing_moves_for_whoever_wants_it_still(chromium: Browser, product: Product) -> None:
    product.invoke("ninja-reboot-device", device_id=43)
    page = approvers_page(chromium, product, reduced_motion="reduce")
    for url in ("/dashboard/", QUEUE, "/dashboard/integrations/ninjaone/"):
        page.goto(f"{product.url}{url}")
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.evaluate(MOVING) == 0
