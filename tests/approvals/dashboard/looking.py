"""Short ways to look at the approval pages."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from approvals.models import Invocation

QUEUE = "/dashboard/approvals/approvalrequest/"
ACTIVITY = "/dashboard/approvals/invocation/"


def page_url(row: Invocation) -> str:
    """The address that the wire contract gives to agents and people."""
    return f"{QUEUE}{row.pk}/"


def text(client: Client, url: str, status: int = 200, *, is_poll: bool = False) -> str:
    """The page, which must answer with `status`."""
    response = client.get(url, headers={"HX-Request": "true"} if is_poll else None)
    assert response.status_code == status, response.status_code
    return response.content.decode()


def approve(client: Client, row: Invocation, digest: str | None = None) -> Any:
    """Press Approve on the page of `row`."""
    return client.post(f"{page_url(row)}approve/", {"digest": row.digest if digest is None else digest})


def deny(client: Client, row: Invocation, **fields: str) -> Any:
    """Press Deny on the page of `row`."""
    posted = {"digest": row.digest, "reason_code": "wrong_time", "comment": "Not during surgery.", **fields}
    return client.post(f"{page_url(row)}deny/", posted)


def settle(client: Client, row: Invocation, **fields: str) -> Any:
    """Say what happened to an unknown call."""
    return client.post(f"{page_url(row)}settle/", {"happened": "yes", "note": "Seen in the feed.", **fields})


def named(name: str, *args: object) -> str:
    """The address of an admin view."""
    return reverse(f"admin:{name}", args=args)
