"""A technician signs in, reads, and decides, in Chromium, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.cast import PASSWORD
from tests.journeys.conftest import Product

pytestmark = IN_A_BROWSER


@pytest.fixture(params=["wide", "phone"])
def window(request: pytest.FixtureRequest, chromium: Browser, product: Product) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=PHONE if request.param == "phone" else WIDE)
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    yield context
    context.close()
    assert complaints == []


def signed_in(window: BrowserContext, product: Product) -> Page:
    page = window.new_page()
    page.goto(f"{product.url}/dashboard/")
    page.get_by_label("User name").fill(product.tenant.approver.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(product.tenant.msp.name).filter(visible=True).first).to_be_visible()
    return page


def opened_from_the_queue(page: Page, product: Product, device: str) -> None:
    page.goto(f"{product.url}/dashboard/approvals/approvalrequest/")
    page.get_by_role("link", name=device).first.click()


def test_a_reboot_is_approved_with_one_click_and_its_outcome_appears(window: BrowserContext, product: Product) -> None:
    envelope = product.invoke("ninja-reboot-device", device_id=43, reason="hung since 01:40").json()
    page = signed_in(window, product)
    opened_from_the_queue(page, product, "ACME-WEB01")
    expect(page.get_by_role("heading", level=1)).to_contain_text("ACME-WEB01")
    expect(page.get_by_text("hung since 01:40").first).to_be_visible()
    expect(page.get_by_text("/v2/device/43/reboot/NORMAL").first).to_be_visible()
    expect(page.get_by_text(envelope["digest"])).to_be_visible()
    assert not product.sandbox.calls("POST")
    page.get_by_role("button", name="Approve exactly this").click()
    expect(page.locator("#standing")).to_contain_text("Succeeded")
    assert [call.path for call in product.sandbox.calls("POST")] == ["/v2/device/43/reboot/NORMAL"]
    assert product.outcome(envelope["id"])["status"] == "succeeded"


def test_a_bash_script_is_read_whole_and_approved_and_its_output_appears(
    window: BrowserContext, product: Product
) -> None:
    script = "#!/bin/bash\nset -euo pipefail\nsystemctl restart nginx\necho done\n"
    envelope = product.invoke("ninja-run-bash", device_id=43, script=script).json()
    page = signed_in(window, product)
    opened_from_the_queue(page, product, "ACME-WEB01")
    for line in script.splitlines():
        expect(page.get_by_text(line, exact=True).first).to_be_visible()
    page.get_by_role("link", name="Line 3").click()
    expect(page.locator("#line-3")).to_be_in_viewport()
    page.get_by_role("button", name="Approve exactly this").click()
    expect(page.locator("#standing")).to_contain_text("Succeeded")
    # Without a click: the page looks again until the device has told.
    expect(page.get_by_text("Done and verified").first).to_be_visible()
    expect(page.locator("section[aria-labelledby=effect] .code-lines")).to_contain_text("done")
    told = product.outcome(envelope["id"])
    assert (told["status"], told["outcome"]["exit_code"]) == ("succeeded", 0)
    assert len(product.sandbox.calls("POST", "/v2/device/43/script/run")) == 1


def test_a_denial_teaches_the_agent(window: BrowserContext, product: Product) -> None:
    envelope = product.invoke("ninja-reboot-device", device_id=41).json()
    page = signed_in(window, product)
    opened_from_the_queue(page, product, "ACME-PRINT01")
    page.locator("form.deny select").select_option("wrong_time")
    page.get_by_label("Comment for the agent").fill("Not before 22:00.")
    page.get_by_label("What would you approve instead?").fill("The same after 22:00")
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("Not before 22:00.").first).to_be_visible()
    denied = product.outcome(envelope["id"])
    assert (denied["status"], denied["approval"]["reason_code"]) == ("denied", "wrong_time")
    assert (denied["approval"]["do_not_retry"], denied["approval"]["acceptable"]) == (True, "The same after 22:00")
    assert not product.sandbox.calls("POST")


def test_the_second_of_two_technicians_is_told_what_stands(window: BrowserContext, product: Product) -> None:
    envelope = product.invoke("ninja-reboot-device", device_id=43).json()
    page = signed_in(window, product)
    # The page would notice by itself within seconds; the click that loses is the one before it has.
    page.route("**/standing/**", lambda route: route.fulfill(status=204))
    opened_from_the_queue(page, product, "ACME-WEB01")
    other = window.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Approve exactly this").click()
    expect(other.locator("#standing")).to_contain_text("Succeeded")
    with page.expect_response(lambda response: response.status == 409):
        page.get_by_role("button", name="Approve exactly this").click()
    assert product.outcome(envelope["id"])["status"] == "succeeded"
    assert len(product.sandbox.calls("POST")) == 1


def test_a_page_left_open_shows_what_somebody_else_decided(window: BrowserContext, product: Product) -> None:
    product.invoke("ninja-reboot-device", device_id=43)
    page = signed_in(window, product)
    opened_from_the_queue(page, product, "ACME-WEB01")
    other = window.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Approve exactly this").click()
    expect(page.locator("#standing")).to_contain_text("Succeeded")
    expect(page.get_by_role("button", name="Approve exactly this")).to_have_count(0)
