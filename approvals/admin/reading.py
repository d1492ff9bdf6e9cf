"""Find one invocation of the person's MSP and lay it out."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest

from approvals.display.page import Page, page_of
from approvals.models import Invocation
from integrations.clock import Now
from integrations.tenant_admin import acting_member


def invocation_page(request: HttpRequest, invocation_id: UUID, *, requests_only: bool = False) -> Page:
    """The page of an invocation as it stands now. Raises Http404 for foreign and nonexistent ids alike."""
    msp = acting_member(request).msp
    rows = Invocation.objects.for_msp(msp)
    if requests_only:
        rows = rows.requests()
    row = (
        rows.select_related("msp", "agent__owner", "agent_key", "effect")
        .annotate(read_at=Now())
        .filter(pk=invocation_id)
        .first()
    )
    if row is None:
        raise Http404("There is no such page.")
    return page_of(
        row,
        decisions=list(row.decisions.select_related("user")),
        attempts=list(row.attempts.all()),
        now=vars(row)["read_at"],
        zone=msp.time_zone,
    )
