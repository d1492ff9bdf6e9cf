"""Short ways to attack the dashboard, and to see whether it held."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest
from django.test import Client, RequestFactory

from integrations.models import AuditEvent, Membership, User
from tests.cast import Tenant

BASE = "/dashboard/integrations"
AGENTS, TEAM, AUDIT = f"{BASE}/agent/", f"{BASE}/membership/", f"{BASE}/auditevent/"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def page_of(client: Client, url: str, **posted: Any) -> str:
    """What a browser sees in the end; posts where there is something to post."""
    response = client.post(url, posted, follow=True) if posted else client.get(url, follow=True)
    return response.content.decode()


def told_apart(client: Client, foreign: str, none: str, **posted: Any) -> bool:
    """Whether two addresses that differ in an id alone answer differently."""
    answers = []
    for url in (foreign, none):
        response = client.post(url, posted) if posted else client.get(url)
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())
        place = response.headers.get("Location", "")
        # Links of a page may carry the id on that one asked with.
        for asked in (url, *ID.findall(url)):
            place, text = place.replace(asked, ""), text.replace(asked, "")
        answers.append((response.status_code, place, text))
    return answers[0] != answers[1]


def membership(tenant: Tenant, user: User) -> Membership:
    """The membership of somebody in the tenant."""
    return Membership.objects.get(msp=tenant.msp, user=user)


def actions(tenant: Tenant) -> list[str]:
    """What the tenant's audit says was done, oldest first."""
    return list(AuditEvent.objects.for_msp(tenant.msp).order_by("number").values_list("action", flat=True))


def request_of(user: User, url: str = "/", **posted: Any) -> HttpRequest:
    """A request of somebody who is signed in, for a class that no address leads to."""
    request = RequestFactory().post(url, posted) if posted else RequestFactory().get(url)
    request.user = user
    request.session = {}  # type: ignore[assignment]
    return request
