"""Facts: what a tool or a technician must know beyond the arguments, read from NinjaOne and pinned."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tools.errors import UnusableAnswerError
from tools.schema import INT32_MAX

if TYPE_CHECKING:
    from tools.calls import JSON

LINUX_AND_MAC = frozenset({"LINUX_SERVER", "LINUX_WORKSTATION", "MAC", "MAC_SERVER"})


@dataclass(frozen=True)
class Fact:
    """One thing as NinjaOne told it. The name in `kind` is how tools ask for it."""

    kind: ClassVar[str]

    def to_json(self) -> dict[str, JSON]:
        """All fields, as JSON."""
        return {**vars(self)}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Self:
        """The fact that `to_json` wrote."""
        return cls(**data)


@dataclass(frozen=True)
class OrganizationFact(Fact):
    """A customer of the MSP."""

    kind = "organization"
    id: int
    name: str

    @classmethod
    def of(cls, row: JSON) -> Self:
        """From GET /v2/organization/{id}."""
        return cls(id=_number(row, "id"), name=_text(row, "name"))


@dataclass(frozen=True)
class DeviceFact(Fact):
    """A device, and the customer it belongs to. `last_contact` is epoch seconds; None is what NinjaOne does not say."""

    kind = "device"
    id: int
    name: str
    organization_id: int
    organization_name: str
    node_class: str
    os_name: str
    offline: bool | None
    last_contact: float | None

    @classmethod
    def of(cls, row: JSON, organization: OrganizationFact) -> Self:
        """From GET /v2/device/{id}. Devices without a display name go by their system name."""
        number = _number(row, "id")
        names = (_text(row, key) for key in ("displayName", "systemName", "dnsName"))
        system = row.get("os")
        return cls(
            id=number,
            name=next(filter(None, names), f"device {number}"),
            organization_id=organization.id,
            organization_name=organization.name,
            node_class=_text(row, "nodeClass"),
            os_name=_text(system, "name") if isinstance(system, dict) else "",
            offline=_switch(row, "offline"),
            last_contact=_moment(row, "lastContact"),
        )

    @property
    def runs_bash(self) -> bool:
        """Whether it is a computer with NinjaOne's agent and a bash."""
        return self.node_class in LINUX_AND_MAC


@dataclass(frozen=True)
class ScriptFact(Fact):
    """A script of the library. `updated_on` is epoch seconds; who edits it changes what an approval would run."""

    kind = "script"
    id: int
    name: str
    language: str
    active: bool
    operating_systems: tuple[str, ...]
    updated_on: float | None
    last_updated_by: str

    @classmethod
    def of(cls, row: JSON) -> Self:
        """From a row of GET /v2/automation/scripts."""
        systems = row.get("operatingSystems") if isinstance(row, dict) else None
        return cls(
            id=_number(row, "id"),
            name=_text(row, "name"),
            language=_text(row, "language"),
            active=row.get("active") is not False,
            operating_systems=tuple(map(str, systems)) if isinstance(systems, list) else (),
            updated_on=_moment(row, "updatedOn"),
            last_updated_by=_text(row, "lastUpdatedBy"),
        )

    def to_json(self) -> dict[str, JSON]:
        """All fields; JSON has lists, not tuples."""
        return {**vars(self), "operating_systems": list(self.operating_systems)}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Self:
        """The fact that `to_json` wrote."""
        return cls(**{**data, "operating_systems": tuple(data["operating_systems"])})


@dataclass(frozen=True)
class ActionFact(Fact):
    """A built-in action that a device offers."""

    kind = "action"
    uid: str
    name: str

    @classmethod
    def of(cls, row: JSON) -> Self:
        """From a row of GET /v2/device/{id}/scripting/options."""
        return cls(uid=_text(row, "uid").lower(), name=_text(row, "name"))


@dataclass(frozen=True)
class TicketFact(Fact):
    """A ticket as it is now; `version` is NinjaOne's optimistic lock, `ticket` its whole object."""

    kind = "ticket"
    id: int
    version: int
    ticket: dict[str, Any]

    @classmethod
    def of(cls, row: JSON) -> Self:
        """From GET /v2/ticketing/ticket/{id}."""
        return cls(id=_number(row, "id"), version=_number(row, "version"), ticket=row)

    @property
    def subject(self) -> str:
        """What it is about."""
        return _text(self.ticket, "subject")

    @property
    def organization_id(self) -> int | None:
        """Whose it is."""
        return _number_or_none(self.ticket, "clientId")

    @property
    def device_id(self) -> int | None:
        """The device it is about, if any."""
        return _number_or_none(self.ticket, "nodeId")


@dataclass(frozen=True)
class AlertFact(Fact):
    """An alert that stands. `created_at` is epoch seconds."""

    kind = "alert"
    uid: str
    device_id: int | None
    message: str
    subject: str
    source_type: str
    severity: str
    created_at: float | None

    @classmethod
    def of(cls, row: JSON) -> Self:
        """From a row of GET /v2/alerts."""
        return cls(
            uid=_text(row, "uid").lower(),
            device_id=_number_or_none(row, "deviceId"),
            message=_text(row, "message"),
            subject=_text(row, "subject"),
            source_type=_text(row, "sourceType"),
            severity=_text(row, "severity"),
            created_at=_moment(row, "createTime"),
        )


@dataclass(frozen=True)
class RunnerFact(Fact):
    """The bash runner: the id of the bridge script, and what NinjaOne said of it when the id was saved."""

    kind = "runner"
    script_id: int
    seal: dict[str, Any]


@dataclass(frozen=True)
class MarkFact(Fact):
    """Not NinjaOne's word but ours: the nonce by which the output of one run is known. Staff may see it, agents not."""

    kind = "mark"
    nonce: str

    @classmethod
    def new(cls) -> Self:
        """One that nobody can guess."""
        return cls(nonce=secrets.token_hex(16))


FACTS: dict[str, type[Fact]] = {
    fact.kind: fact
    for fact in (OrganizationFact, DeviceFact, ScriptFact, ActionFact, TicketFact, AlertFact, RunnerFact, MarkFact)
}


def _number(row: JSON, key: str) -> int:
    number = _number_or_none(row, key)
    if number is None:
        raise UnusableAnswerError(f"NinjaOne answered with an object that has no {key}.")
    return number


def _number_or_none(row: JSON, key: str) -> int | None:
    value = row.get(key) if isinstance(row, dict) else None
    # What is larger, or below zero, is no id of NinjaOne's.
    return value if type(value) is int and 0 <= value <= INT32_MAX else None


def _switch(row: JSON, key: str) -> bool | None:
    value = row.get(key)
    return value if isinstance(value, bool) else None


def _moment(row: JSON, key: str) -> float | None:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(row: JSON, key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""
