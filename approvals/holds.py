"""What is queued, and who checks it: one process at a time, or all workers would ask NinjaOne the same at once.

A courtesy with an end. Should a check take longer a second one begins, and it is the claim that lets one of them send.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from approvals.models import Invocation, Status
from integrations.clock import Now, database_now

# Whoever dies over a check is replaced after this long.
CHECK_SECONDS = 20.0


def due(
    *, limit: int, but_not: Collection[uuid.UUID] = (), but_not_of: Collection[uuid.UUID] = ()
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Ids of queued invocations that nobody checks and their MSPs, most urgent first, without those rows and MSPs."""
    queued = Invocation.objects.filter(_unheld(), status=Status.QUEUED, release_by__gt=Now()).order_by("release_by")
    wanted = queued.exclude(pk__in=but_not).exclude(msp_id__in=but_not_of)
    return list(wanted.values_list("pk", "msp_id")[:limit])


def hold(row_id: uuid.UUID) -> datetime | None:
    """Until when the caller has this queued invocation for itself; None where it is not queued, or somebody else's."""
    until = database_now() + timedelta(seconds=min(CHECK_SECONDS, settings.DISPATCH_LEASE_SECONDS))
    queued = Invocation.objects.filter(_unheld(), pk=row_id, status=Status.QUEUED)
    return until if queued.update(lease_until=until) else None


def let_go(row_id: uuid.UUID, until: datetime) -> None:
    """It stays queued, and anybody may check it."""
    Invocation.objects.filter(pk=row_id, status=Status.QUEUED, lease_until=until).update(lease_until=None)


def _unheld() -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=Now())
