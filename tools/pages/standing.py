"""Where the connection stands, in the words of the card."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.models import Connection
from integrations.models.connections import ConnectionState
from integrations.ninjaone.connect import missing_scopes
from integrations.ninjaone.hosts import region_choices

TITLES = {
    "not_connected": "Not connected",
    ConnectionState.NOT_AUTHORIZED: "Not authorized yet",
    ConnectionState.CONNECTED: "Connected",
    "limited": "Connected, but limited",
    ConnectionState.NEEDS_REAUTHORIZATION: "Needs reauthorization",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the card says: `kind` picks the colour of its badge, `mark` changes whenever a consent changed something."""

    kind: str
    title: str
    sentence: str
    mark: str = ""
    region: str = ""
    granted: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def standing_of(connection: Connection | None) -> Standing:
    """The card of a connection, or of its absence."""
    if connection is None:
        return Standing(
            kind="not_connected",
            title=TITLES["not_connected"],
            sentence="Agents cannot reach NinjaOne. Save an app's client id and secret, then authorize it.",
        )
    missing = missing_scopes(connection) if connection.state == ConnectionState.CONNECTED else []
    is_limited = connection.state == ConnectionState.CONNECTED and (missing or connection.state_reason)
    kind = "limited" if is_limited else connection.state
    return Standing(
        kind=kind,
        title=TITLES[kind],
        sentence=_sentence(connection, missing),
        mark=f"{connection.state}.{connection.epoch}.{connection.authorized_at or ''}",
        region=dict(region_choices()).get(connection.region, connection.region),
        granted=connection.granted_scopes.split(),
        missing=missing,
    )


def _sentence(connection: Connection, missing: list[str]) -> str:
    reason = connection.state_reason
    match ConnectionState(connection.state):
        case ConnectionState.NOT_AUTHORIZED:
            return reason or "The credentials are saved. Authorize opens NinjaOne, where you allow the access."
        case ConnectionState.NEEDS_REAUTHORIZATION:
            said = reason or "NinjaOne no longer accepts the authorization."
            return f"{said} Nothing is sent to NinjaOne until somebody authorizes again."
        case ConnectionState.CONNECTED if missing:
            said = f"{reason} " if reason else ""
            return (
                f"{said}NinjaOne did not grant {', '.join(missing)}, so some tools will be refused. "
                "Tick the scopes on the app in NinjaOne, then authorize again."
            )
        case ConnectionState.CONNECTED:
            return reason or "Agents reach NinjaOne, as far as the policies let them."
