"""Every page of the dashboard in Chromium: nothing that its content policy stops, and the headers that keep it shut."""

from __future__ import annotations

from django.test import Client
from playwright.sync_api import Browser

from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, chromium, complaints_of
from tests.every_page import every_page, onlookers
from tests.journeys.conftest import Product

__all__ = ["chromium"]
pytestmark = IN_A_BROWSER
POLICY = {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"}


def test_no_page_has_a_script_or_style_that_the_policy_stops(chromium: Browser, product: Product) -> None:
    product.invoke("ninja-run-bash", device_id=43, script="uptime\n")
    product.invoke("ninja-get-device", device_id=43)
    urls = every_page(product.tenant)
    context = chromium.new_context(viewport=PHONE, color_scheme="dark")
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    page = context.new_page()
    seen = set()
    for user in (None, *onlookers(product.tenant)):
        client = Client()
        if user is not None:
            client.force_login(user)
            cookie = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": product.url}])
        for url in urls:
            # Ways to other pages, doors for POST alone, and what was seen already are not opened.
            answer = client.get(url)
            is_page = answer.status_code not in {301, 302, 405} and "text/html" in answer.headers["Content-Type"]
            if not is_page or (url in seen and answer.status_code != 200):
                continue
            response = page.goto(f"{product.url}{url}")
            assert response is not None
            hardened(response.headers, url)
            assert complaints == [], url
            seen.add(url)
    context.close()
    assert len(seen) >= 35, seen


def hardened(headers: dict[str, str], url: str) -> None:
    """What every page says of itself."""
    assert set(headers["content-security-policy"].split("; ")) >= POLICY, url
    assert "unsafe" not in headers["content-security-policy"], url
    assert "no-store" in headers["cache-control"], url
    assert (headers["cross-origin-opener-policy"], headers["x-frame-options"]) == ("same-origin", "DENY"), url
    assert headers["x-content-type-options"] == "nosniff", url
    assert headers["referrer-policy"] in {"same-origin", "no-referrer"}, url
