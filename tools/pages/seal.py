"""The seal of the bash runner, readable: what NinjaOne said of the script when its number was saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.models import Connection


@dataclass(frozen=True, kw_only=True)
class Seal:
    """Name of the script, what it runs on, who changed it when; None and "" where NinjaOne did not say."""

    name: str
    language: str
    systems: str
    changed_at: datetime | None
    changed_by: str


def seal_of(connection: Connection | None) -> Seal | None:
    """None where no bridge script is saved."""
    if connection is None or connection.runner_script_id is None:
        return None
    said: dict[str, Any] = connection.runner_seal or {}
    return Seal(
        name=str(said.get("name") or ""),
        language=str(said.get("language") or ""),
        systems=_systems(said.get("operatingSystems")),
        changed_at=_moment(said.get("updatedOn")),
        changed_by=str(said.get("lastUpdatedBy") or ""),
    )


def _systems(listed: object) -> str:
    return ", ".join(map(str, listed)) if isinstance(listed, list) else ""


def _moment(seconds: object) -> datetime | None:
    """NinjaOne's timestamps are seconds since 1970, with a fraction."""
    if not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
