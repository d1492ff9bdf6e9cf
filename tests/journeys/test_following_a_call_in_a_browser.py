"""A page that is left open follows its call: whatever on it goes by the state says the same, without a reload."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from approvals.dispatch import dispatch_due
from approvals.outcomes import judging
from integrations.audit import Actor
from integrations.brakes import agent_freeze
from integrations.ninjaone.sandbox import ACME
from integrations.ninjaone.sandbox.faults import dropped
from integrations.ninjaone.sandbox.runs import world_settle
from tests.approvals.asking import again, approve
from tests.approvals.outcomes.looking import ended, look_everywhere
from tests.browser import IN_A_BROWSER
from tests.journeys.conftest import Product, window_of
from tools.policy import policies_update

pytestmark = IN_A_BROWSER
QUEUE, ACTIVITY = "/dashboard/approvals/approvalrequest/", "/dashboard/approvals/invocation/"
REBOOT = "/v2/device/43/reboot/NORMAL"


@pytest.fixture
def page(chromium: Browser, unsent: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """An approver's browser."""
    monkeypatch.setattr(judging, "SETTLED", timedelta())
    with window_of(chromium, unsent, unsent.tenant.approver) as window:
        yield window.new_page()


def asked(product: Product) -> UUID:
    """A reboot that waits."""
    return UUID(product.invoke("ninja-reboot-device", device_id=43).json()["id"])


def started(product: Product) -> None:
    """The reboot begins on the device now; it does not end."""
    world = product.sandbox.clients[ACME].world
    for run in world.runs:
        (_, begin), (_, end) = run.steps
        run.steps = [(0.0, begin), (3_600.0, end)]
    world_settle(world)


def kept(page: Page) -> bool:
    """Whether the browser still has the page that it had when this was asked first."""
    return bool(page.evaluate("() => { const kept = window.kept === true; window.kept = true; return kept; }"))


def test_after_the_click_head_and_body_say_the_same_all_the_way(page: Page, unsent: Product) -> None:
    unsent.sandbox.clients[ACME].world.script_start_seconds = 3_600.0
    row_id = asked(unsent)
    page.goto(f"{unsent.url}{QUEUE}{row_id}/")
    page.get_by_role("button", name="Approve exactly this").click()
    badge, head = page.locator(".page-head .badge"), page.locator("#request")
    expect(badge).to_have_text("Queued")
    expect(page.locator("#standing")).to_contain_text("Queued")
    expect(head).to_have_text("The exact request that will be sent")
    assert not kept(page)

    dispatch_due()
    expect(page.locator("#standing")).to_contain_text("Succeeded")
    expect(page.locator("section[aria-labelledby=effect] .badge")).to_have_text("Sent, not started")
    expect(badge).to_have_text("Sent, not started")
    expect(head).to_have_text("The exact request that was sent")

    started(unsent)
    look_everywhere()
    expect(page.locator("section[aria-labelledby=effect] .badge")).to_have_text("Running")
    expect(badge).to_have_text("Running")
    expect(page.locator(".page-head .badge")).to_have_count(1)
    assert kept(page)

    ended(unsent.sandbox)
    look_everywhere()
    expect(page.locator("section[aria-labelledby=effect] .badge")).to_have_text("Done and verified")
    expect(badge).to_have_text("Done and verified")


def test_a_call_whose_answer_is_lost_can_be_settled_without_loading_the_page(page: Page, unsent: Product) -> None:
    unsent.sandbox.faults.add("POST", REBOOT, dropped())
    row_id = asked(unsent)
    page.goto(f"{unsent.url}{QUEUE}{row_id}/")
    page.get_by_role("button", name="Approve exactly this").click()
    expect(page.locator(".page-head .badge")).to_have_text("Queued")
    dispatch_due()
    expect(page.locator(".page-head .badge")).to_have_text("Outcome unknown")
    page.get_by_label("How do you know?").fill("I look at it")
    assert not kept(page)
    # Nobody's words are lost because the page looks again.
    page.wait_for_event("response", lambda response: "/standing/" in response.url)
    expect(page.get_by_label("How do you know?")).to_have_value("I look at it")
    assert kept(page)


def test_who_writes_a_denial_sees_the_first_of_two_approvals_and_a_stopped_agent(page: Page, unsent: Product) -> None:
    tenant = unsent.tenant
    policies_update(
        connection=tenant.connection,
        actor=Actor.user(tenant.admin),
        changes={},
        approvals={"ninjaone:ninja-reboot-device": 2},
    )
    row_id = asked(unsent)
    page.goto(f"{unsent.url}{QUEUE}{row_id}/")
    expect(page.locator("#decide")).to_contain_text("2 of 2 approvals missing.")
    page.get_by_label("Comment for the agent").fill("Not before 22:00.")
    assert not kept(page)
    approve(tenant, again(row_id), tenant.second_approver)
    expect(page.locator("#decide")).to_contain_text("1 of 2 approvals missing.")
    agent_freeze(agent=tenant.agent, actor=Actor.user(tenant.admin))
    expect(page.locator("#decide")).to_contain_text("is stopped: nothing of it can be approved.")
    expect(page.get_by_label("Comment for the agent")).to_have_value("Not before 22:00.")
    assert kept(page)


def test_the_page_of_a_call_stops_offering_a_decision(page: Page, unsent: Product) -> None:
    row_id = asked(unsent)
    page.goto(f"{unsent.url}{ACTIVITY}{row_id}/")
    link, head = page.locator(".page-head a"), page.locator("#request")
    expect(link).to_have_text("Decide")
    link.focus()
    assert not kept(page)
    approve(unsent.tenant, again(row_id))
    expect(link).to_have_text("The approval")
    expect(head).to_have_text("The exact request that will be sent")
    dispatch_due()
    expect(head).to_have_text("The exact request that was sent")
    expect(link).to_be_focused()
    assert kept(page)
