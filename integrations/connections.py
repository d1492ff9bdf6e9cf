"""An MSP's connection, as the hot path reads it."""

from __future__ import annotations

import uuid

from integrations.models import Connection, Msp
from integrations.prepared import PreparedQuery


def connection_of(msp: Msp) -> Connection | None:
    """The MSP's connection to NinjaOne; None before there is one. Its secrets are sealed until somebody opens them."""
    row = _OF_MSP.first(msp.pk)
    if row is not None:
        row.msp = msp
    return row


_OF_MSP: PreparedQuery[Connection] = PreparedQuery(
    lambda msp_id: Connection.objects.filter(msp_id=msp_id, vendor="ninjaone").order_by(),
    model=Connection,
    field="id",
    stand_in=uuid.UUID(int=1),
)
