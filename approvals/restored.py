"""After a database came back from a backup: nothing that was open in it goes on by itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from approvals.models import Attempt, Invocation, Status
from approvals.models.states import OPEN
from approvals.notices.events import invocation_changed
from integrations.audit import Actor, audit_append
from integrations.clock import Now
from integrations.models import Authorization, Connection, Msp

RESTORE = Actor.system("post_restore")
BATCH = 200
BLOCKED = "Not sent, because the database was brought back from a backup. Look at what happened since, then ask again."
UNKNOWN = (
    "The database was brought back from a backup that was made while this call was being sent. It may or may not have "
    "happened; it is not sent again."
)
LOST = "The answer was lost: the database was brought back from a backup. Ask again."


def restore_settle() -> Counter[str]:
    """End every open call, outdate every consent, end every session; how many of each. May be run again."""
    counts: Counter[str] = Counter()
    for msp in Msp.objects.order_by("pk"):
        counts.update(_settle(msp))
        counts.update(_outdate(msp))
    counts["consents under way"] = Authorization.objects.all().delete()[0]
    # Whoever was signed out since the backup would be signed in again.
    counts["sessions"] = Session.objects.all().delete()[0]
    return counts


def _settle(msp: Msp) -> Counter[str]:
    counts: Counter[str] = Counter()
    rows = Invocation.objects.for_msp(msp).filter(status__in=OPEN).order_by("pk")
    while batch := list(rows[:BATCH]):
        for row in batch:
            status, values = _end_of(row)
            with transaction.atomic():
                if not _move(row, status, values):
                    continue
                audit_append(
                    msp=msp,
                    actor=RESTORE,
                    action=f"invocation.{status.value}",
                    subject=f"invocation {row.pk}",
                    data={"was": row.status, "tool": row.tool},
                )
                invocation_changed(row, status)
            counts[f"{row.status} -> {status.value}"] += 1
    return counts


def _end_of(row: Invocation) -> tuple[Status, dict[str, Any]]:
    """What becomes of an open call."""
    if row.status != Status.DISPATCHING:
        return Status.BLOCKED, {"error_message": BLOCKED}
    if row.is_write:
        return Status.UNKNOWN, {"error_code": "outcome_unknown", "error_message": UNKNOWN}
    return Status.FAILED, {"error_code": "upstream_unavailable", "error_message": LOST}


def _move(row: Invocation, status: Status, values: dict[str, Any]) -> bool:
    same = Invocation.objects.filter(pk=row.pk, status=row.status)
    if not same.update(status=status, finished_at=Now(), lease_until=None, **values):
        return False
    if row.status == Status.DISPATCHING:
        Attempt.objects.filter(invocation=row, finished_at=None).update(error_code=values["error_code"])
    return True


def _outdate(msp: Msp) -> Counter[str]:
    """No consent given before matches the connection as it is from now on; nobody holds a lease."""
    with transaction.atomic():
        connections = Connection.objects.for_msp(msp).update(
            epoch=F("epoch") + 1, token_version=F("token_version") + 1, refresh_lease_until=None
        )
        audit_append(
            msp=msp,
            actor=RESTORE,
            action="database.restored",
            subject=f"MSP {msp.slug}",
            data={"connections_outdated": connections},
        )
    return Counter({"connections": connections, "MSPs": 1})
