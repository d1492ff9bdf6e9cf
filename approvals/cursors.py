"""Where a page of the ledger begins: behind a row, named so that rows that come meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TEXT = re.compile(r"([0-9]{1,17})\.([0-9a-f]{32})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """When a call was asked for and its id: the order of every list of the ledger."""

    at: datetime
    id: uuid.UUID

    def __str__(self) -> str:
        """As it stands in an address."""
        microseconds = (self.at - EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(f"{microseconds}.{self.id.hex}".encode()).decode().rstrip("=")


def cursor_read(text: str) -> Cursor | None:
    """The cursor that was written so; None for anything else."""
    try:
        match = TEXT.fullmatch(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        return None if match is None else Cursor(EPOCH + timedelta(microseconds=int(match[1])), uuid.UUID(match[2]))
    except (binascii.Error, ValueError, OverflowError):
        return None
