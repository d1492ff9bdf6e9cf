"""A technician turns the pages of what was decided and of what was done while new calls come, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import IN_A_BROWSER
from tests.journeys.conftest import Product, window_of

pytestmark = IN_A_BROWSER
QUEUE = "/dashboard/approvals/approvalrequest/?show=all"
ACTIVITY = "/dashboard/approvals/invocation/"


@pytest.fixture(params=["wide", "phone"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, product: Product, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Page]:
    """Two calls to a page."""
    monkeypatch.setattr("approvals.admin.queue.ApprovalRequestAdmin.list_per_page", 2)
    monkeypatch.setattr("approvals.history.pages.SIZE", 2)
    with window_of(chromium, product, product.tenant.approver, is_phone=request.param == "phone") as window:
        yield window.new_page()


def asked(product: Product, *devices: int) -> list[str]:
    """Reboots that wait; their ids."""
    return [str(product.invoke("ninja-reboot-device", device_id=device).json()["id"]) for device in devices]


@pytest.mark.parametrize("path", [QUEUE, ACTIVITY])
def test_the_next_page_begins_behind_what_stands_here_now(page: Page, product: Product, path: str) -> None:
    one, two, three = asked(product, 43, 41, 45)
    page.goto(f"{product.url}{path}")
    expect(page.locator(f"#row-{three}")).to_be_visible()
    older = page.get_by_role("link", name="Older")
    older.focus()
    # A new call pushes the last row off this page. The link follows, and the focus stays on it.
    (four,) = asked(product, 44)
    expect(page.locator(f"#row-{four}")).to_be_visible()
    expect(page.locator(f"#row-{two}")).to_be_hidden()
    expect(older).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{two}")).to_be_visible()
    expect(page.locator(f"#row-{one}")).to_be_visible()
    expect(page.get_by_role("link", name="Older")).to_be_hidden()
    page.get_by_role("link", name="Newer").click()
    expect(page.locator(f"#row-{four}")).to_be_visible()
