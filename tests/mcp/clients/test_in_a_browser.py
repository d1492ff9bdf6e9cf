"""What an agent asks for over MCP, approved in Chromium."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from mcp import Client
from playwright.sync_api import Browser, expect

from tests.browser import IN_A_BROWSER, WIDE, complaints_of
from tests.cast import PASSWORD
from tests.journeys.conftest import Product
from tests.mcp.clients.sdk import envelope_of, talk
from tests.mcp.clients.tasks_extension import TasksExtension

pytestmark = IN_A_BROWSER


def test_the_agent_gets_its_result_after_the_click(chromium: Browser, product: Product) -> None:
    window = chromium.new_context(viewport=WIDE)
    complaints = complaints_of(window, product.url)
    page = window.new_page()
    page.goto(f"{product.url}/dashboard/")
    page.get_by_label("User name").fill(product.tenant.approver.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    async def story(client: Client) -> str:
        result = await client.call_tool("ninja-reboot-device", {"device_id": 43, "reason": "Hung since 01:40."})
        return str(envelope_of(result)["status"])

    with ThreadPoolExecutor() as agent:
        status = agent.submit(talk, product, "auto", story, extensions=[TasksExtension()])
        link = page.get_by_role("link", name="ACME-WEB01").first
        while not link.is_visible():
            page.goto(f"{product.url}/dashboard/approvals/approvalrequest/")
        link.click()
        expect(page.get_by_text("Hung since 01:40.").first).to_be_visible()
        assert not status.done()
        page.get_by_role("button", name="Approve exactly this").click()
        assert status.result(timeout=60) == "succeeded"
    window.close()
    assert complaints == []
