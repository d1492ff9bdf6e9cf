"""The pictures of the README, taken of the running product: `python -m bench.pictures` (needs Chromium)."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

import requests
from playwright.sync_api import Page, sync_playwright

from bench.servers import Site, site, sqlite

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FOLDER = Path(__file__).resolve().parent.parent / "docs"
SCRIPT = """#!/bin/bash
set -euo pipefail
# free space on / is below 5 %
journalctl --vacuum-time=14d
find /var/log/nginx -name '*.gz' -mtime +30 -delete
systemctl reload nginx
df -h /
"""


def main() -> int:
    """Ask for a few things as the demo's agent, and photograph what the technician sees."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sqlite(Path(folder)) as database, site(database) as place:
        _ask(place, "ninja-list-devices")
        _ask(place, "ninja-get-device-volumes", device_id=43)
        _ask(place, "ninja-control-service", device_id=41, service="Spooler", action="restart")
        _ask(place, "ninja-update-ticket", ticket_id=1014, priority="HIGH")
        bash = _ask(place, "ninja-run-bash", device_id=43, script=SCRIPT)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for name, width, scheme in (("", 1280, "light"), ("-phone", 390, "dark")):
                page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
                _photograph(page, place, bash, name)
            browser.close()
    return 0


def _photograph(page: Page, place: Site, request_id: str, suffix: str) -> None:
    home = f"http://127.0.0.1:{place.port}/dashboard/"
    person = place.people["approver"]
    page.goto(home)
    page.get_by_label("User name").fill(person[0])
    page.get_by_label("Password").fill(person[1])
    page.get_by_role("button", name="Sign in").click()
    for name, path in (
        ("home", ""),
        ("queue", "approvals/approvalrequest/"),
        ("approval", f"approvals/approvalrequest/{request_id}/"),
        ("integration", "integrations/ninjaone/"),
    ):
        page.goto(f"{home}{path}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}{suffix}.png", full_page=not suffix)


def _ask(place: Site, tool: str, /, **arguments: object) -> str:
    answer = requests.post(
        f"http://127.0.0.1:{place.port}/api/v1/tools/{tool}/invoke",
        json={"arguments": arguments, "reason": "Ticket 1014: the disk of the web server is nearly full."},
        headers={"Authorization": f"Bearer {place.keys[0]}", "Idempotency-Key": secrets.token_hex(8)},
        timeout=30,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


if __name__ == "__main__":
    sys.exit(main())
