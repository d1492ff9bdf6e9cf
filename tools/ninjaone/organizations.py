"""Organizations: the MSP's customers."""

from __future__ import annotations

from tools.args import After, Limit, OrganizationId
from tools.calls import Call, get
from tools.definitions import tool
from tools.lists import PagedAnswer
from tools.models import Mode
from tools.queries import query_of


@tool("ninja-list-organizations", Mode.AUTO, group="organizations", read_only=True)
def list_organizations(*, limit: Limit = 100, after: After | None = None) -> Call:
    """List the organizations (customers) with their ids, in the order of their ids."""
    return get("/v2/organizations", query=query_of(pageSize=limit, after=after), answer=PagedAnswer(limit))


@tool("ninja-get-organization", Mode.AUTO, group="organizations", read_only=True)
def get_organization(*, organization_id: OrganizationId) -> Call:
    """Get one organization with its locations, policies and settings."""
    return get("/v2/organization/{}", organization_id)
