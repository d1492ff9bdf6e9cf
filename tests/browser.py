"""A real Chromium for tests, and what its console complains of."""

from __future__ import annotations

from asyncio import AbstractEventLoop, get_running_loop
from asyncio.events import _set_running_loop
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, ViewportSize, expect, sync_playwright

# Chromium without the parts that draw its windows takes a quarter of the time.
CHROMIUM = next(
    (path for path in map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")) if path.exists()), None
)
# No calls home: the browser talks to loopback alone.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs: Chromium (apt install chromium-headless-shell, or chromium)"),
]


@pytest.fixture(scope="session")
def started() -> Iterator[tuple[Browser, AbstractEventLoop]]:
    """A browser for all tests of this process, and the event loop that Playwright runs in this thread."""
    with sync_playwright() as playwright:
        loop = get_running_loop()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        _set_running_loop(None)
        yield browser, loop
        _set_running_loop(loop)
        browser.close()


@contextmanager
def running(loop: AbstractEventLoop) -> Iterator[None]:
    """Between its tests the browser's loop does not count: others have loops of their own, or query the database."""
    _set_running_loop(loop)
    try:
        yield
    finally:
        _set_running_loop(None)


@pytest.fixture
def chromium(started: tuple[Browser, AbstractEventLoop], monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """The browser without a window. Beside Playwright's loop Django would refuse every query."""
    browser, loop = started
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with running(loop):
        yield browser
        for context in browser.contexts:
            context.close()
        # Beside a running loop Django's connections are not the ones that the thread has without it, and nobody else
        # would close them: PostgreSQL does not drop a database that somebody is in.
        connections.close_all()


def complaints_of(context: BrowserContext, place: str) -> list[str]:
    """A list that fills with the console errors of our pages: violations of the content policy among them."""
    found: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A page that is refused (404, 409) is logged by the browser as an error of the network; that is no bug.
        is_ours = message.location["url"].startswith(place)
        if message.type == "error" and is_ours and "Failed to load resource" not in message.text:
            found.append(message.text)

    context.on("console", hear)
    context.on("weberror", lambda error: found.append(str(error.error)))
    return found
