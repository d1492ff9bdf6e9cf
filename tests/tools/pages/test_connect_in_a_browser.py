"""From nothing to a connected NinjaOne in Chromium, the way an admin goes it: save, authorize in the popup, done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.models import Connection, ConnectionState, Membership, Msp, User
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.seeds import BASH_RUNNER_IDS
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.tools.pages.addresses import CALLBACK, DETAIL, TOP

pytestmark = IN_A_BROWSER


@pytest.fixture
def place(live_server: LiveServer, settings: Any) -> Iterator[str]:
    """Countersign and a NinjaOne of its own, both on real ports; where Countersign is."""
    sandbox = Sandbox()
    with serve_in_thread(sandbox) as server:
        settings.NINJAONE_SANDBOX_URL = server.url
        settings.PUBLIC_URL = live_server.url
        settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
        yield live_server.url


@pytest.fixture
def admin(transactional_db: None) -> User:
    """The admin of an MSP that has connected nothing yet."""
    msp = Msp.objects.create(name="Acme MSP", slug="acme")
    user = User.objects.create_user("acme-admin")
    Membership.objects.create(msp=msp, user=user, is_admin=True)
    return user


@pytest.fixture(params=["wide", "phone", "without scripts"])
def window(request: pytest.FixtureRequest, chromium: Browser, place: str, admin: User) -> Iterator[BrowserContext]:
    """A browser in which the admin is signed in."""
    is_phone = request.param == "phone"
    context = chromium.new_context(
        viewport=PHONE if is_phone else WIDE,
        java_script_enabled=request.param != "without scripts",
    )
    context.set_default_timeout(PATIENCE_MS)
    client = Client()
    client.force_login(admin)
    cookie = client.cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": place}])
    yield context
    context.close()


@pytest.fixture
def complaints(window: BrowserContext, place: str) -> list[str]:
    return complaints_of(window, place)


def saved(window: BrowserContext, place: str) -> Page:
    """The page of NinjaOne after the first save."""
    page = window.new_page()
    page.goto(f"{place}{DETAIL}")
    expect(page.get_by_text("Not connected")).to_be_visible()
    page.get_by_label("Region").select_option("sandbox")
    page.get_by_label("Client ID").fill(ACME)
    page.get_by_label("Client secret").fill(f"{ACME}-secret")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#connection .badge")).to_have_text("Not authorized yet")
    return page


def state() -> str:
    return Connection.objects.values_list("state", flat=True).get()


@pytest.mark.parametrize("window", ["wide", "phone"], indirect=True)
def test_the_popup_connects_and_the_page_notices_by_itself(
    window: BrowserContext, place: str, complaints: list[str]
) -> None:
    page = saved(window, place)
    with window.expect_page() as opened:
        page.get_by_role("button", name="Authorize").click()
    popup = opened.value
    expect(page.get_by_text("Waiting for your answer")).to_be_visible()
    with popup.expect_event("close"):
        popup.get_by_role("button", name="Allow").click()
    expect(page.locator("#connection .badge")).to_have_text("Connected")
    expect(page.get_by_text("Waiting for your answer")).to_be_hidden()
    expect(page.get_by_text("not authorized yet")).to_have_count(0)
    expect(page.get_by_role("button", name="Test")).to_be_visible()
    assert page.url == f"{place}{TOP}"
    assert state() == ConnectionState.CONNECTED
    assert complaints == []


@pytest.mark.parametrize("window", ["wide"], indirect=True)
def test_a_refusal_stays_readable_in_the_popup(window: BrowserContext, place: str) -> None:
    page = saved(window, place)
    with window.expect_page() as opened:
        page.get_by_role("button", name="Authorize").click()
    popup = opened.value
    popup.get_by_role("button", name="Deny").click()
    expect(popup.get_by_text("the access was not allowed")).to_be_visible()
    expect(popup).to_have_url(f"{place}{CALLBACK}")
    expect(page.get_by_text("Waiting for your answer")).to_be_hidden()
    expect(page.locator("#connection .badge")).to_have_text("Not authorized yet")
    assert state() == ConnectionState.NOT_AUTHORIZED


@pytest.mark.parametrize("window", ["wide"], indirect=True)
def test_a_blocked_popup_goes_there_and_back_in_the_same_window(
    window: BrowserContext, place: str, complaints: list[str]
) -> None:
    window.add_init_script("window.open = () => null")
    page = saved(window, place)
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("You can close this window")).to_be_visible()
    page.get_by_role("link", name="To the connection").click()
    expect(page.locator("#connection .badge")).to_have_text("Connected")
    assert len(window.pages) == 1
    assert complaints == []


@pytest.mark.parametrize("window", ["without scripts"], indirect=True)
def test_it_connects_without_scripts(window: BrowserContext, place: str) -> None:
    page = saved(window, place)
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("link", name="To the connection").click()
    expect(page.locator("#connection .badge")).to_have_text("Connected")


@pytest.mark.parametrize("window", ["wide", "phone"], indirect=True)
def test_runner_and_policies_are_set_on_the_same_page(
    window: BrowserContext, place: str, complaints: list[str]
) -> None:
    page = saved(window, place)
    with window.expect_page() as opened:
        page.get_by_role("button", name="Authorize").click()
    opened.value.get_by_role("button", name="Allow").click()
    expect(page.locator("#connection .badge")).to_have_text("Connected")
    page.get_by_label("Script ID").fill(str(BASH_RUNNER_IDS[ACME]))
    page.get_by_role("button", name="Check and save").click()
    expect(page.locator("#runner dl")).to_contain_text(f"number {BASH_RUNNER_IDS[ACME]}")
    approvals = page.get_by_label("Approvals needed for ninja-list-devices")
    expect(approvals).to_be_hidden()
    page.get_by_label("Mode of ninja-list-devices").select_option("approval_needed")
    approvals.select_option("2")
    page.get_by_label("Mode of ninja-reboot-device").select_option("auto")
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_text("1 of 2 changes lets agents do more than now")).to_be_visible()
    expect(page.locator("tr.is-looser")).to_contain_text("ninja-reboot-device")
    page.get_by_role("button", name="Save these changes").click()
    expect(page.get_by_text("in force from the next call on")).to_be_visible()
    expect(approvals).to_have_value("2")
    page.get_by_role("button", name="Reset ninja-reboot-device to its default").click()
    expect(page.locator("tr.is-stricter")).to_contain_text("ninja-reboot-device")
    page.get_by_role("button", name="Save this change").click()
    expect(page.get_by_label("Mode of ninja-reboot-device")).to_have_value("approval_needed")
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width == 0
    assert complaints == []
