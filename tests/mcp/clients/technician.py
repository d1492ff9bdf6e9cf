"""A technician in the dashboard: signs in and decides through its pages, as a browser without scripts would."""

from __future__ import annotations

import re
from html import unescape

import requests

from tests.cast import PASSWORD
from tests.journeys.conftest import Product

HIDDEN = re.compile(r'<input type="hidden" name="(csrfmiddlewaretoken|digest)" value="([^"]*)"')


class Technician:
    """The MSP's approver, signed in."""

    def __init__(self, product: Product) -> None:
        self.place = f"{product.url}/dashboard"
        self.browser = requests.Session()
        person = {"username": product.tenant.approver.username, "password": PASSWORD}
        answer = self._fill_in(f"{self.place}/login/", f"{self.place}/login/", person)
        assert "/login/" not in answer.url, answer.text

    def approve(self, invocation_id: str) -> None:
        """Countersigns what the page shows."""
        self._decide(invocation_id, "approve", {})

    def deny(self, invocation_id: str, *, reason_code: str, comment: str) -> None:
        """Says no, and why."""
        self._decide(invocation_id, "deny", {"reason_code": reason_code, "comment": comment})

    def _decide(self, invocation_id: str, verb: str, fields: dict[str, str]) -> None:
        page = f"{self.place}/approvals/approvalrequest/{invocation_id}/"
        answer = self._fill_in(page, f"{page}{verb}/", fields)
        assert answer.ok, answer.text

    def _fill_in(self, page: str, target: str, fields: dict[str, str]) -> requests.Response:
        form = self.browser.get(page, timeout=30)
        assert form.ok, form.text
        hidden = {name: unescape(value) for name, value in HIDDEN.findall(form.text)}
        return self.browser.post(target, data={**hidden, **fields}, headers={"Referer": page}, timeout=30)
