"""Alerts: conditions that were triggered and still stand."""

from __future__ import annotations

from tools.args import AlertUid, Limit, Offset, OrganizationId, SourceType
from tools.calls import Call, delete, get
from tools.definitions import tool
from tools.lists import Filter, WholeAnswer
from tools.models import Mode
from tools.queries import filter_of, query_of


@tool("ninja-list-alerts", Mode.AUTO, group="alerts", read_only=True)
def list_alerts(
    *,
    organization_id: OrganizationId | None = None,
    source_type: SourceType | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Call:
    """List the alerts that stand, of all organizations or of one."""
    # Most alerts do not say whose they are; those that do must fit.
    scope = () if organization_id is None else (Filter(("device", "organizationId"), organization_id, lenient=True),)
    kind = () if source_type is None else (Filter(("sourceType",), source_type, lenient=True),)
    return get(
        "/v2/alerts",
        query=query_of(sourceType=source_type, df=filter_of(organization_id)),
        answer=WholeAnswer(
            limit,
            offset,
            filters=scope + kind,
            narrow="Ask for the rest with next, or narrow by organization_id or source_type.",
        ),
    )


@tool("ninja-dismiss-alert", Mode.APPROVAL_NEEDED, group="alerts", destructive=True, idempotent=True)
def dismiss_alert(*, alert_uid: AlertUid) -> Call:
    """Dismiss (reset) an alert. Its condition can trigger again."""
    return delete("/v2/alert/{}", alert_uid)
