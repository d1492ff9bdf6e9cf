"""Every page of the product in a browser, as each of those may open it who see them all between them."""

from __future__ import annotations

from collections.abc import Iterator

from django.test import Client
from playwright.sync_api import BrowserContext, Page, Response

from tests.every_page import every_page, onlookers
from tests.journeys.conftest import Product

# What is open to everybody beside the dashboard.
OUTSIDE = ["/api/v1/docs"]


def opened_pages(context: BrowserContext, product: Product) -> Iterator[tuple[Page, Response, str]]:
    """One page after the other, its answer and its address; each once, and once more as each kind of refusal."""
    urls = [*every_page(product.tenant), *OUTSIDE]
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
            yield page, response, url
            seen.add(url)
    assert len(seen) >= 35, seen
