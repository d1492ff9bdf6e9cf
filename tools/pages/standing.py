"""Where the connection stands, in the words of the card."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.clock import likely_now
from integrations.encryption import SecretUnreadableError
from integrations.models import Connection
from integrations.models.connections import ConnectionState
from integrations.ninjaone.connect import missing_scopes
from integrations.ninjaone.contact import is_failing
from integrations.ninjaone.hosts import UnknownRegionError, base_url, region_choices
from tools.registry import TOOLS

TITLES = {
    "not_connected": gettext_lazy("Not connected"),
    ConnectionState.NOT_AUTHORIZED: gettext_lazy("Not authorized yet"),
    ConnectionState.CONNECTED: gettext_lazy("Connected"),
    "limited": gettext_lazy("Connected, but limited"),
    ConnectionState.NEEDS_REAUTHORIZATION: gettext_lazy("Needs reauthorization"),
    "error": gettext_lazy("Error"),
}
UNREADABLE = gettext_lazy(
    "The stored credentials do not open with this server's FERNET_KEYS, so nothing can be sent. Restore the key that "
    "they were stored with, or enter the client secret again and authorize."
)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A scope that NinjaOne did not grant, and what agents cannot do without it."""

    name: str
    cost: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the card says: `kind` picks the colour of its badge, `mark` changes whenever a consent changed something."""

    kind: str
    title: str
    sentence: str
    mark: str = ""
    region: str = ""
    granted: list[str] = field(default_factory=list)
    missing: list[Scope] = field(default_factory=list)
    token: str = ""


def standing_of(connection: Connection | None) -> Standing:
    """The card of a connection, or of its absence."""
    if connection is None:
        return Standing(
            kind="not_connected",
            title=str(TITLES["not_connected"]),
            sentence=_("Agents cannot reach NinjaOne. Save an app's client id and secret, then authorize it."),
        )
    is_connected = connection.state == ConnectionState.CONNECTED
    missing = missing_scopes(connection) if is_connected else []
    kind, sentence = _connected(connection, missing) if is_connected else _unconnected(connection)
    return Standing(
        kind=kind,
        title=str(TITLES[kind]),
        sentence=sentence,
        mark=f"{connection.state}.{connection.epoch}.{connection.authorized_at or ''}",
        region=dict(region_choices()).get(connection.region, connection.region),
        granted=connection.granted_scopes.split(),
        missing=[Scope(name=scope, cost=_cost(scope)) for scope in missing],
        token=_token(connection),
    )


def _unconnected(connection: Connection) -> tuple[str, str]:
    if connection.state == ConnectionState.NEEDS_REAUTHORIZATION:
        said = connection.state_reason or _("NinjaOne no longer accepts the authorization.")
        return connection.state, _("%(said)s Nothing is sent to NinjaOne until somebody authorizes again.") % {
            "said": said
        }
    if problem := _unusable(connection):
        return "error", problem
    waits = _("The credentials are saved. Authorize opens NinjaOne, where you allow the access.")
    return connection.state, connection.state_reason or waits


def _connected(connection: Connection, missing: list[str]) -> tuple[str, str]:
    """Kind and sentence of a connection that has a consent: what stops everything first, what costs something then."""
    if problem := _unusable(connection):
        return "error", problem
    now = likely_now()
    said = connection.failure.rstrip(".")
    if is_failing(connection):
        if connection.rests_until is not None and connection.rests_until > now:
            seconds = int((connection.rests_until - now).total_seconds()) + 1
            return "limited", ngettext(
                "%(said)s. Calls are sent again in %(seconds)s second.",
                "%(said)s. Calls are sent again in %(seconds)s seconds.",
                seconds,
            ) % {"said": said, "seconds": seconds}
        return (
            "error",
            _("The last call got no answer: %(said)s. The next one that is answered ends this; Test sends one now.")
            % {"said": said},
        )
    if not missing and not connection.state_reason:
        return connection.state, _("Agents reach NinjaOne, as far as the policies let them.")
    reasons = [connection.state_reason] if connection.state_reason else []
    if missing:
        reasons.append(
            _(
                "NinjaOne did not grant %(scopes)s, so some tools will be refused. "
                "Tick the scopes on the app in NinjaOne, then reconnect."
            )
            % {"scopes": ", ".join(missing)}
        )
    return "limited", " ".join(reasons)


def _unusable(connection: Connection) -> str:
    """Why nothing can be sent with what is stored, whatever NinjaOne thinks of it; "" where it can be used."""
    try:
        base_url(connection.region)
        for name in ("client_secret", "access_token"):
            connection.secret(name)
    except UnknownRegionError:
        return _("There is no NinjaOne region %(region)s here. Nothing can be sent. Choose a region again.") % {
            "region": repr(connection.region)
        }
    except SecretUnreadableError:
        return str(UNREADABLE)
    return ""


def _token(connection: Connection) -> str:
    """What becomes of the access token at its end."""
    if connection.access_expires_at is None:
        return ""
    is_over = connection.access_expires_at <= likely_now()
    if connection.refresh_token is None:
        return (
            _("There is no refresh token: somebody must reconnect.") if is_over else _("The connection ends with it.")
        )
    return _("It is renewed with the next call.") if is_over else _("It is renewed by itself before that.")


def _cost(scope: str) -> str:
    tools = TOOLS.values()
    match scope:
        case "monitoring":
            return _(
                "the %(number)s tools that read are refused, and so is everything that a technician would have to be "
                "shown first"
            ) % {"number": sum(tool.read_only for tool in tools)}
        case "management":
            writing = [tool.name for tool in tools if tool.is_write]
            return _("the %(number)s tools that change something are refused: %(tools)s") % {
                "number": len(writing),
                "tools": ", ".join(writing),
            }
        case "control":
            return _("remote access, which none of the 25 tools is known to need")
        case "offline_access":
            return _("no refresh token: the connection ends with its access token, usually after an hour")
    return _("nothing that is known here")
