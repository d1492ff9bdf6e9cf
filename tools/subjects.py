"""What the arguments of a call name: a device, a ticket, a script. Also when the agent wrote the route itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tools.schema import INT32_MAX

if TYPE_CHECKING:
    from tools.calls import JSON

_ID = r"0*([0-9]{1,10})"
_UUID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
# Lower case: we do not know whether NinjaOne tells the case of routes apart.
_DEVICE = re.compile(rf"/v2/device/{_ID}(?:/|\Z)")
_ORGANIZATION = re.compile(rf"/v2/organization/{_ID}(?:/|\Z)")
_TICKET = re.compile(rf"/v2/ticketing/ticket/{_ID}(?:/|\Z)")
_ALERT = re.compile(rf"/v2/alert/{_UUID}(?:/|\Z)")
_SCRIPT_RUN = re.compile(r"/v2/device/[^/]+/script/run\Z")
# In a body of script/run, what is not the id of a script, although a number may stand there.
_NOT_AN_ID = frozenset({"parameters", "runas", "type", "uid"})
_SCRIPT_ID_NAMES = frozenset({"scriptid", "scriptids"})


class Subjects(NamedTuple):
    """The ids that a call names. None where it names none."""

    device_id: int | None = None
    organization_id: int | None = None
    script_id: int | None = None
    action_uid: str | None = None
    ticket_id: int | None = None
    alert_uid: str | None = None

    def names(self) -> list[str]:
        """The facts that a person must see of them."""
        named = {
            "alert": self.alert_uid,
            "ticket": self.ticket_id,
            "device": self.device_id or self.alert_uid or self.ticket_id,
            "organization": self.organization_id or self.ticket_id,
            "script": self.script_id,
            "action": self.action_uid if self.device_id else None,
        }
        return [name for name, value in named.items() if value is not None]


def subjects_of(arguments: Mapping[str, JSON]) -> Subjects:
    """What the arguments name."""
    path = arguments.get("path")
    if isinstance(path, str):
        return _subjects_of_route(path.lower(), arguments.get("body"))
    return Subjects(
        device_id=arguments.get("device_id"),
        organization_id=arguments.get("organization_id"),
        script_id=arguments.get("script_id"),
        action_uid=arguments.get("action_uid"),
        ticket_id=arguments.get("ticket_id"),
        alert_uid=arguments.get("alert_uid"),
    )


def reaches_runner(arguments: Mapping[str, JSON], runner_id: int) -> bool:
    """Whether a call would run the script `runner_id`, however its id is written."""
    if arguments.get("script_id") == runner_id:
        return True
    path, body = arguments.get("path"), arguments.get("body")
    if not isinstance(path, str):
        return False
    if _SCRIPT_RUN.fullmatch(path.lower()):
        return any(_is_number(value, runner_id) for name, value in _scalars(body, "") if name not in _NOT_AN_ID)
    return any(_is_number(value, runner_id) for name, value in _scalars(body, "") if name in _SCRIPT_ID_NAMES)


def ids_named(value: JSON, names: Collection[str]) -> list[JSON]:
    """What stands under one of these names (small letters alone), however deep."""
    return [found for name, found in _scalars(value, "") if name in names]


def _subjects_of_route(path: str, body: JSON) -> Subjects:
    script_id = action_uid = None
    if _SCRIPT_RUN.fullmatch(path) and isinstance(body, dict):
        script_id = body.get("id") if _is_id(body.get("id")) else None
        uid = body.get("uid")
        action_uid = uid.lower() if isinstance(uid, str) and re.fullmatch(_UUID, uid.lower()) else None
    alert = _ALERT.match(path)
    return Subjects(
        device_id=_id_in(_DEVICE, path),
        organization_id=_id_in(_ORGANIZATION, path),
        script_id=script_id,
        action_uid=None if script_id else action_uid,
        ticket_id=_id_in(_TICKET, path),
        alert_uid=alert[1] if alert else None,
    )


def _id_in(pattern: re.Pattern[str], path: str) -> int | None:
    match = pattern.match(path)
    return int(match[1]) if match and _is_id(int(match[1])) else None


def _is_id(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= INT32_MAX


def _scalars(value: JSON, name: str) -> Iterator[tuple[str, JSON]]:
    """Every scalar with the small-lettered name it stands under; items of a list stand under the list's name."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _scalars(part, re.sub(r"[^a-z]", "", key.lower()))
    elif isinstance(value, list):
        for part in value:
            yield from _scalars(part, name)
    else:
        yield name, value


def _is_number(value: JSON, number: int) -> bool:
    """Whether a lenient reader may take the value for the number: 146, 146.0, 146.9, "146", " 0146 "."""
    try:
        return value is not None and int(float(value)) == number
    except (ValueError, OverflowError):
        return False
