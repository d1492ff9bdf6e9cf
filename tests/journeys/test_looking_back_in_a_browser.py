"""Home and activity in Chromium, wide and on a phone: what waits, what happened, one call's story, and a file of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.approvals.asking import approved_and_sent, ask
from tests.browser import IN_A_BROWSER
from tests.journeys.conftest import Product, window_of

pytestmark = IN_A_BROWSER
ACTIVITY = "/dashboard/approvals/invocation/"


@pytest.fixture(params=["wide", "phone"])
def window(request: pytest.FixtureRequest, chromium: Browser, product: Product) -> Iterator[BrowserContext]:
    """The approver's browser."""
    with window_of(chromium, product, product.tenant.approver, is_phone=request.param == "phone") as window:
        yield window


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_home_tells_what_waits_and_keeps_that_current(window: BrowserContext, product: Product) -> None:
    product.invoke("ninja-get-device", device_id=43)
    page = window.new_page()
    page.goto(f"{product.url}/dashboard/")
    waiting = page.locator("#waiting-card")
    expect(waiting).to_contain_text("Nothing waits.")
    product.invoke("ninja-reboot-device", device_id=43)
    expect(waiting).to_contain_text("ACME-WEB01")
    expect(waiting).to_contain_text("The oldest has waited for")
    expect(page.get_by_role("img", name="Calls per day by outcome")).to_be_visible()
    page.get_by_text("The numbers").first.click()
    expect(page.get_by_role("table").first).to_be_visible()
    assert fits(page)
    waiting.get_by_role("link", name="ACME-WEB01").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ACME-WEB01")


def test_a_call_is_found_and_tells_its_story(window: BrowserContext, product: Product) -> None:
    product.invoke("ninja-get-device", device_id=45)
    done = approved_and_sent(product.tenant, ask(product.tenant, "ninja-reboot-device", device_id=43))
    page = window.new_page()
    page.goto(f"{product.url}{ACTIVITY}")
    expect(page.locator("main a[id^=row-]")).to_have_count(2)
    page.get_by_text("More filters").click()
    page.get_by_label("Device").fill("web01")
    page.get_by_label("Decided by").select_option(label=product.tenant.approver.username)
    page.get_by_label("Asked").select_option(label="Last hour")
    assert fits(page)
    page.get_by_role("button", name="Show").click()
    expect(page.locator("main a[id^=row-]")).to_have_count(1)
    # What narrows the list stays in sight.
    expect(page.get_by_label("Device")).to_have_value("web01")
    expect(page.get_by_text("1 call fits")).to_be_visible()
    when = page.locator("main table time").first
    expect(when).to_have_attribute("title", f"{done.created_at.day} {done.created_at:%b %Y, %H:%M:%S} UTC")
    page.locator(f"#row-{done.pk}").click()
    story = page.locator(".timeline")
    for words in (
        "asked for ninja-reboot-device",
        "Held for one approval",
        "Approved by acme-approver",
        "sent to NinjaOne",
    ):
        expect(story).to_contain_text(words)
    assert fits(page)


def test_what_is_listed_is_taken_along_as_a_file(window: BrowserContext, product: Product, tmp_path: Path) -> None:
    product.invoke("ninja-list-alerts")
    row = product.invoke("ninja-get-device", device_id=43).json()
    page = window.new_page()
    page.goto(f"{product.url}{ACTIVITY}?tool=ninjaone:ninja-get-device")
    for kind, read in (("CSV", csv.DictReader), ("JSON lines", lambda lines: map(json.loads, lines))):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            assert [line["id"] for line in read(lines)] == [row["id"]]
    assert fits(page)
