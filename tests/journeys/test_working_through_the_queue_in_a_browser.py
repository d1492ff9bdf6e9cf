"""A technician works through the queue with the keyboard while agents ask and others decide, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from approvals.models import Invocation
from tests.approvals.asking import deny
from tests.browser import IN_A_BROWSER
from tests.journeys.conftest import Product, window_of

pytestmark = IN_A_BROWSER
QUEUE = "/dashboard/approvals/approvalrequest/"
# What the page shows and sounds goes through the browser's own, and is written down.
LISTENING = """
  window.heard = [];
  window.Notification = class extends Notification {
    constructor(title, options) { super(title, options); heard.push(options.body); }
    static requestPermission() { heard.push("asked"); return super.requestPermission(); }
  };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) { heard.push(this.frequency.value); start.apply(this, when); };
"""


@pytest.fixture
def page(chromium: Browser, product: Product) -> Iterator[Page]:
    """The approver's queue."""
    with window_of(chromium, product, product.tenant.approver) as window:
        yield window.new_page()


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
    page.get_by_label("Comment for the agent").focus()
    page.keyboard.type("jkad?")
    expect(page.get_by_label("Comment for the agent")).to_have_value("jkad?")
    assert Invocation.objects.get(pk=first).status == "pending_approval"
    reason.select_option("wrong_time")
    page.get_by_role("button", name="Deny", exact=True).press("Enter")
    expect(page.locator("#standing")).to_contain_text("Denied")


def test_a_new_request_sounds_and_notifies_once_it_is_turned_on(page: Page, product: Product) -> None:
    page.context.grant_permissions(["notifications"], origin=product.url)
    page.add_init_script(LISTENING)
    asked(product, 43)
    page.goto(f"{product.url}{QUEUE}")
    sound, notifications = page.get_by_role("button", name="Sound"), page.get_by_role("button", name="Notifications")
    expect(sound).to_have_text("Sound: off")
    expect(notifications).to_have_text("Notifications: off")
    asked(product, 41)
    expect(page).to_have_title("(2) Approvals · Acme MSP · Countersign")
    assert page.evaluate("heard") == []

    notifications.click()
    expect(notifications).to_have_text("Notifications: on")
    sound.click()
    expect(sound).to_have_text("Sound: on")
    assert page.evaluate("heard.splice(0)") == [
        "asked",
        "From now on you are told here when a request arrives.",
        660,
        880,
    ]

    # It is told on every page, by what is kept in this browser; what waited already is no news.
    page.goto(f"{product.url}/dashboard/")
    page.mouse.click(5, 5)
    asked(product, 45)
    expect(page).to_have_title("(3) Home · Acme MSP · Countersign")
    assert page.evaluate("heard.splice(0)") == [660, 880, "3 requests wait for a decision."]
    expect(page.locator("#waiting-card")).to_contain_text("ACME-DC01")
    page.goto(f"{product.url}{QUEUE}")
    sound.click()
    notifications.click()
    expect(notifications).to_have_text("Notifications: off")
    assert page.evaluate("[heard.length, localStorage.length]") == [0, 1]
