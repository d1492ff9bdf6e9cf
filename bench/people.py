"""A technician's browser, as far as HTTP goes."""

from __future__ import annotations

import re
import time

import requests

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
DIGEST = re.compile(r'name="digest" value="([^"]+)"')


def signed_in(home: str, name: str, password: str) -> requests.Session:
    """A browser's session, by the form that people fill in."""
    session = requests.Session()
    page = session.get(f"{home}/dashboard/", timeout=60)
    answer = _posted(session, page.url, {"username": name, "password": password}, page.text)
    if "Log out" not in answer:
        raise SystemExit("Signing in did not work.")
    return session


def approve(session: requests.Session, page_url: str) -> float:
    """Open the page of a request and press Approve; when that was, on the monotonic clock."""
    page = session.get(page_url, timeout=60).text
    digest = DIGEST.search(page)
    if digest is None:
        raise SystemExit(f"{page_url} has nothing to approve.")
    pressed_at = time.monotonic()
    _posted(session, f"{page_url}approve/", {"digest": digest[1]}, page)
    return pressed_at


def _posted(session: requests.Session, url: str, fields: dict[str, str], page: str) -> str:
    """What comes back from a form of `page`."""
    token = TOKEN.search(page)
    fields = {**fields, "csrfmiddlewaretoken": token[1] if token else ""}
    return session.post(url, data=fields, headers={"Referer": url}, timeout=60).text
