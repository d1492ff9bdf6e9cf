"""Every address of the dashboard, from the resolver itself: a new page is among them without anybody's doing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.urls import URLResolver, get_resolver

from integrations.models import Invitation, Membership, User
from integrations.people.invitations import invitation_create
from tests.approvals.notices.places import destination
from tests.cast import Tenant

# Answer with a part of a page, with a file, or end the session.
NO_PAGES = {"jsi18n", "approval-standing", "approval-waiting", "ninjaone-state", "logout", "account_logout"}


def onlookers(tenant: Tenant) -> list[User]:
    """Two who may open every page between them: a member with both roles, and an operator."""
    Membership.objects.filter(user=tenant.admin).update(is_approver=True)
    return [tenant.admin, User.objects.create_superuser("root")]


def every_page(tenant: Tenant) -> list[str]:
    """Every address, with rows of the tenant where there are any, and one that does not exist."""
    # On loopback, where messages may not go. The one that has a page is the first one.
    off = {"is_enabled": False, "disabled_because": "It took nothing for 5 days."}
    destination(tenant, "https://127.0.0.1:9/", id=UUID(int=1), **off)
    destination(tenant, "https://127.0.0.1:9/", agent=tenant.agent)
    _, link = invitation_create(
        msp=tenant.msp, invited_by=None, email="erin@acme.example", is_approver=True, is_admin=False
    )
    ids = {
        "token": link.split("/")[-2],
        "agent_id": str(tenant.agent.pk),
        "provider_id": "nobody",
        "pk": "1",
        "invitation_id": str(Invitation.objects.get().pk),
    }
    found = []
    for route in _routes(get_resolver("config.urls").url_patterns):
        row = _first_row(route)
        own = ids if row is None else {**ids, "invocation_id": row, "object_id": row}
        found.append("/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda name, own=own: own.get(name[1], "0"), route))  # type: ignore[misc]
    return [*dict.fromkeys(found), "/dashboard/no-such-page/"]


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}".replace("^", "")
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif route.startswith("dashboard/") and "(?P<" not in route and pattern.name not in NO_PAGES:
            yield route


def _first_row(route: str) -> str | None:
    for model in admin.site._registry:
        if route.startswith(f"dashboard/{model._meta.app_label}/{model._meta.model_name}/"):
            row = model._default_manager.order_by("pk").first()
            return None if row is None else str(row.pk)
    return None
