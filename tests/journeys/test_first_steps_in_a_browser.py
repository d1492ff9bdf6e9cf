"""From an empty database to the first approved script, by what the pages say: as somebody goes who has never been here.

Nothing is put into the database beside the operator's account, as README says; server, worker and NinjaOne sandbox are
processes of their own. How long it took is printed.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from bench.servers import postgresql_at
from config.ports import free_port
from tests.browser import IN_A_BROWSER, PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.cast import PASSWORD
from tests.config.processes import environment_of, manage, running, wait_until_it_answers

pytestmark = [
    *IN_A_BROWSER,
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs: curl (apt install curl)"),
]
ROOT_PASSWORD = "an operator's long password"


@dataclass
class Fresh:
    """A server on an empty database, and what the terminal of the sandbox printed."""

    url: str
    client_id: str
    secret: str
    runner: str


@contextlib.contextmanager
def database_url(folder: Path) -> Iterator[str]:
    """An empty database of the kind that the tests run on."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'fresh.sqlite3'}"
    else:
        with postgresql_at(settings.TEST_DATABASE_URL) as database:
            yield database.url


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Fresh]:
    port, ninjaone_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    with database_url(tmp_path) as database, contextlib.ExitStack() as processes:
        env = environment_of(
            tmp_path,
            DATABASE_URL=database,
            PUBLIC_URL=url,
            NINJAONE_SANDBOX_URL=f"http://127.0.0.1:{ninjaone_port}",
            DJANGO_SUPERUSER_PASSWORD=ROOT_PASSWORD,
        )
        for command in ("migrate --verbosity 0", "createsuperuser --noinput --username root --email root@msp.example"):
            done = manage(env, *command.split())
            assert done.returncode == 0, done.stderr
        ninjaone = processes.enter_context(running(env, "ninjaone_sandbox", "--port", str(ninjaone_port)))
        server = processes.enter_context(running(env, "serve", "--port", str(port)))
        if connection.vendor != "sqlite":
            processes.enter_context(running(env, "worker"))
        printed = ""
        while "with the region Sandbox" not in printed:
            assert ninjaone.stdout is not None
            printed += ninjaone.stdout.readline()
        found = re.search(r"client id (\S+), secret (\S+), bash runner (\d+)", printed)
        assert found is not None, printed
        wait_until_it_answers(f"{url}/readyz", server)
        yield Fresh(url, *found.groups())


def in_terminal(line: str) -> dict[str, Any]:
    """What a line answers that was copied from a page and pasted into a shell."""
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def menu(page: Page, name: str) -> None:
    """A line of the navigation, which is a menu on a phone."""
    opens = page.locator(".topbar > summary")
    if opens.is_visible():
        opens.click()
    page.get_by_role("link", name=name, exact=True).filter(visible=True).click()


def next_step(page: Page, action: str) -> None:
    """The button of the step that the home page names as the next one."""
    menu(page, "Home")
    page.locator(".first-steps .is-next").get_by_role("link", name=action, exact=True).click()


def an_msp_with_its_first_admin(page: Page, fresh: Fresh) -> None:
    """The operator makes the MSP and hands the link on; whoever opens it is the admin."""
    page.goto(f"{fresh.url}/dashboard/")
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password").fill(ROOT_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="MSPs").filter(visible=True).last.click()
    page.get_by_role("link", name="New MSP").click()
    page.get_by_label("Name", exact=True).fill("Harbour IT")
    page.get_by_label("Slug").fill("harbour-it")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Invite its first admin").click()
    page.get_by_label("E-mail").fill("mara@harbour.example")
    page.get_by_role("button", name="Make an invitation").click()
    link = page.locator("#invitation-link").inner_text()
    opens = page.locator(".topbar > summary")
    if opens.is_visible():
        opens.click()
    page.get_by_role("button", name="Log out").filter(visible=True).click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    page.goto(link)
    page.get_by_label("User name").fill("mara")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()


def connect_ninjaone(page: Page, fresh: Fresh) -> None:
    next_step(page, "Set up the connection")
    page.get_by_label("Region").select_option(label="Local sandbox (not a real NinjaOne)")
    page.get_by_label("Client ID").fill(fresh.client_id)
    page.get_by_label("Client secret").fill(fresh.secret)
    page.get_by_role("button", name="Save", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Authorize").click()
    opened.value.get_by_role("button", name="Allow").click()
    expect(page.locator("#connection .badge")).to_have_text("Connected")
    next_step(page, "Set the bash runner")
    page.get_by_label("Script ID").fill(fresh.runner)
    page.get_by_role("button", name="Check and save").click()
    expect(page.get_by_text("Saved and sealed.")).to_be_visible()
    next_step(page, "Look at the policies")
    page.get_by_role("button", name="Keep the defaults").click()
    expect(page.get_by_text("the policies stay as they are")).to_be_visible()


def make_an_agent(page: Page) -> tuple[str, str]:
    """The two lines to paste: a read, and a script for a device."""
    next_step(page, "Make yourself an approver")
    page.get_by_label("Approver").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messagelist")).to_be_visible()
    next_step(page, "Create an agent")
    page.get_by_label("Name", exact=True).fill("helpdesk-bot")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="New key").click()
    expect(page.get_by_text("Copy it now.")).to_be_visible()
    return page.locator("#try-read").inner_text(), page.locator("#try-script").inner_text()


@pytest.mark.parametrize("screen", ["wide", "phone"])
def test_a_stranger_gets_from_nothing_to_an_approved_script(
    chromium: Browser, fresh: Fresh, screen: str, capsys: pytest.CaptureFixture[str]
) -> None:
    context = chromium.new_context(viewport=PHONE if screen == "phone" else WIDE)
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, fresh.url)
    page = context.new_page()
    started = time.monotonic()

    an_msp_with_its_first_admin(page, fresh)
    connect_ninjaone(page, fresh)
    read, script = make_an_agent(page)

    devices = in_terminal(read)["result"]["items"]
    linux = next(device["id"] for device in devices if "LINUX" in device["nodeClass"] and not device["offline"])
    assert in_terminal(script.replace("DEVICE_ID", str(linux)))["status"] == "pending_approval"
    page.locator("#try").get_by_role("link", name="Approvals").click()
    page.get_by_role("link", name="Run a bash script").first.click()
    page.get_by_role("button", name="Approve exactly this").click()
    expect(page.locator("#standing")).to_contain_text("Succeeded")
    seconds = time.monotonic() - started

    menu(page, "Home")
    expect(page.get_by_text("Recent activity")).to_be_visible()
    expect(page.get_by_role("heading", name="First steps")).to_have_count(0)
    context.close()
    assert complaints == []
    with capsys.disabled():
        print(f"\n  from an empty database to the first approved script, on a {screen} screen: {seconds:.1f} s")
