from __future__ import annotations

from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.tickets import ticket_log_add
from integrations.ninjaone.sandbox.world import World


def ticket_seed(
    world: World,
    ticket_id: int,
    *,
    at: float,
    client_id: int,
    subject: str,
    description: str,
    status_id: int,
    node_id: int | None = None,
    version: int = 1,
    priority: str = "MEDIUM",
    severity: str = "MODERATE",
    tags: tuple[str, ...] = (),
    comments: tuple[str, ...] = (),
) -> None:
    """A ticket of the first technician; the log has its description, comments and change of status."""
    status = next(row for row in world.ticket_statuses if row["statusId"] == status_id)
    author = world.users[0]
    ticket: Json = {
        "id": ticket_id,
        "version": version,
        "clientId": client_id,
        "locationId": world.organizations[client_id].locations[0]["id"],
        "assignedAppUserId": author["id"],
        "requesterUid": author["uid"],
        "subject": subject,
        "status": status,
        "type": "PROBLEM",
        "priority": priority,
        "severity": severity,
        "ticketFormId": 1,
        "source": "TECHNICIAN",
        "tags": list(tags),
        "ccList": {"uids": [], "emails": []},
        "createTime": at,
        "deleted": False,
        "attributeValues": [],
    }
    if node_id is not None:
        ticket["nodeId"] = node_id
    world.tickets[ticket_id] = ticket
    texts = [("DESCRIPTION", description), *(("COMMENT", comment) for comment in comments)]
    _log_seed(world, ticket_id, at=at, texts=texts, status_id=status_id)


def _log_seed(world: World, ticket_id: int, *, at: float, texts: list[tuple[str, str]], status_id: int) -> None:
    for number, (kind, text) in enumerate(texts):
        ticket_log_add(
            world,
            ticket_id,
            kind=kind,
            author=world.users[0],
            at=round(at + 600 * number, 3),
            body=text,
            htmlBody=f"<p>{text}</p>",
            publicEntry=kind == "DESCRIPTION",
            timeTracked=0,
        )
    if status_id != 1000:
        ticket_log_add(
            world,
            ticket_id,
            kind="SAVE",
            author=None,
            at=round(at + 200, 3),
            publicEntry=False,
            system=True,
            changeDiff={"status": {"old": "1000", "new": str(status_id)}},
        )
