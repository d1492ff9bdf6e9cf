"""Every page of the dashboard in Chromium: nothing that its content policy stops, and the headers that keep it shut."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, complaints_of
from tests.journeys.conftest import Product
from tests.journeys.walking import opened_pages

pytestmark = IN_A_BROWSER
POLICY = {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"}


def test_no_page_has_a_script_or_style_that_the_policy_stops(chromium: Browser, product: Product) -> None:
    product.invoke("ninja-run-bash", device_id=43, script="uptime\n")
    product.invoke("ninja-get-device", device_id=43)
    context = chromium.new_context(viewport=PHONE, color_scheme="dark")
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    for _, response, url in opened_pages(context, product):
        hardened(response.headers, url)
        assert complaints == [], url
    context.close()


def hardened(headers: dict[str, str], url: str) -> None:
    """What every page says of itself."""
    assert set(headers["content-security-policy"].split("; ")) >= POLICY, url
    assert "unsafe" not in headers["content-security-policy"], url
    assert "no-store" in headers["cache-control"], url
    assert (headers["cross-origin-opener-policy"], headers["x-frame-options"]) == ("same-origin", "DENY"), url
    assert headers["x-content-type-options"] == "nosniff", url
    assert headers["referrer-policy"] in {"same-origin", "no-referrer"}, url
