"""A technician works through the queue with the keyboard while agents ask and others decide, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from approvals.models import Invocation
from tests.approvals.asking import deny
from tests.browser import IN_A_BROWSER, PATIENCE_MS, WIDE, chromium, complaints_of
from tests.journeys.conftest import Product

__all__ = ["chromium"]
pytestmark = IN_A_BROWSER
QUEUE = "/dashboard/approvals/approvalrequest/"


@pytest.fixture
def page(chromium: Browser, product: Product) -> Iterator[Page]:
    """The approver's queue."""
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    cookie = product.tenant.signed_in(product.tenant.approver).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": product.url}])
    yield context.new_page()
    context.close()
    assert complaints == []


def asked(product: Product, device_id: int) -> str:
    """A reboot that waits; its id."""
    return str(product.invoke("ninja-reboot-device", device_id=device_id).json()["id"])


def test_the_queue_is_worked_through_by_keyboard_and_stays_current(page: Page, product: Product) -> None:
    first, second = asked(product, 43), asked(product, 41)
    page.goto(f"{product.url}{QUEUE}")
    expect(page).to_have_title("(2) Approvals · Acme MSP · Countersign")

    # j and k move a focus that one sees, and no further than the list goes.
    for key, focused in (("j", first), ("j", second), ("j", second), ("k", first)):
        page.keyboard.press(key)
        expect(page.locator(f"#row-{focused}")).to_be_focused()

    # A new row comes, somebody else's decision shows in its place, and the keys stay where they are.
    third = asked(product, 45)
    expect(page.locator(f"#row-{third}")).to_be_visible()
    expect(page).to_have_title("(3) Approvals · Acme MSP · Countersign")
    expect(page.locator(".side .count")).to_have_text("3 waiting")
    expect(page.locator("#waiting-words")).to_have_text("3 requests wait for a decision.")
    deny(product.tenant, Invocation.objects.get(pk=second), product.tenant.second_approver)
    row = page.locator("li", has=page.locator(f"#row-{second}"))
    expect(row).to_contain_text("decided by acme-approver2")
    expect(page).to_have_title("(2) Approvals · Acme MSP · Countersign")
    expect(page.locator(f"#row-{first}")).to_be_focused()

    # On the page of a request single keys move the focus and decide nothing.
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{product.url}{QUEUE}{first}/")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve exactly this")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    reason = page.locator("form.deny").get_by_label("Reason")
    expect(reason).to_be_focused()
    # In a field, keys are letters.
    page.locator("form.deny textarea").focus()
    page.keyboard.type("jkad?")
    expect(page.locator("form.deny textarea")).to_have_value("jkad?")
    assert Invocation.objects.get(pk=first).status == "pending_approval"
    reason.select_option("wrong_time")
    page.get_by_role("button", name="Deny", exact=True).press("Enter")
    expect(page.locator("#standing")).to_contain_text("Denied")
