"""Who we are in NinjaOne, as far as runs that were provably ours have shown."""

from __future__ import annotations

from approvals.models import Lookout
from approvals.outcomes.opening import origin_of
from integrations.models import Connection


def own_user_of(connection: Connection) -> int | None:
    """The id of the technician whose consent we use; None before it was learned, or for another NinjaOne."""
    known = Lookout.objects.filter(connection=connection, origin=origin_of(connection))
    return known.values_list("user_id", flat=True).first()
