"""Where each fact comes from in NinjaOne."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tools.answers import dict_of
from tools.calls import JSON, Call, get
from tools.errors import ToolRefusedError, UnusableAnswerError, UpstreamNotFoundError
from tools.fact_types import ActionFact, AlertFact, DeviceFact, Fact, OrganizationFact, ScriptFact, TicketFact
from tools.lists import rows_of
from tools.subjects import Subjects

Read = Callable[[Call], Any]
Found = TypeVar("Found")


@dataclass(frozen=True)
class FactReading:
    """Reads facts, each of them and each page once. What one fact names (an alert its device) is read after it."""

    read: Read
    subjects: Subjects
    facts: dict[str, Fact] = field(default_factory=dict)
    pages: dict[str, JSON] = field(default_factory=dict)

    def want(self, kind: str) -> None:
        """Adds a fact unless it is there already. Raises ToolRefusedError when NinjaOne does not have it."""
        if kind in self.facts:
            return
        fact = getattr(self, f"_{kind}")()
        if fact is not None:
            self.facts[kind] = fact

    def _device(self) -> DeviceFact | None:
        named = self.subjects.device_id
        if named is not None:
            return self._named(f"Device {named}", lambda: self._device_of(named))
        alert, ticket = self.facts.get("alert"), self.facts.get("ticket")
        implied = alert.device_id if isinstance(alert, AlertFact) else None
        if isinstance(ticket, TicketFact):
            implied = ticket.device_id
        return None if implied is None else self._implied(lambda: self._device_of(implied))

    def _organization(self) -> OrganizationFact | None:
        named = self.subjects.organization_id
        if named is not None:
            return self._named(f"Organization {named}", lambda: self._organization_of(named))
        ticket = self.facts.get("ticket")
        owner = ticket.organization_id if isinstance(ticket, TicketFact) else None
        return None if owner is None else self._implied(lambda: self._organization_of(owner))

    def _script(self) -> ScriptFact:
        script_id = self.subjects.script_id
        rows = rows_of(self._page("/v2/automation/scripts"))
        row = next((row for row in rows if row.get("id") == script_id), None)
        if row is None:
            raise not_found(f"Script {script_id}")
        script = ScriptFact.of(row)
        if not script.active:
            raise ToolRefusedError(
                "not_found",
                f"Script {script_id} ({script.name}) is switched off in NinjaOne, so nothing was sent. "
                "Choose an active one with ninja-list-scripts.",
            )
        return script

    def _action(self) -> ActionFact:
        """A built-in action, if the device offers it."""
        device_id, uid = self.subjects.device_id, self.subjects.action_uid
        page = self._named(f"Device {device_id}", lambda: self._page("/v2/device/{}/scripting/options", device_id))
        rows = rows_of(dict_of(page, "scripting options").get("scripts"))
        actions = (ActionFact.of(row) for row in rows if row.get("type") == "ACTION")
        for action in actions:
            if action.uid == uid:
                return action
        raise not_found(f"An action {uid} on device {device_id}")

    def _ticket(self) -> TicketFact:
        ticket_id = self.subjects.ticket_id
        row = self._named(f"Ticket {ticket_id}", lambda: self._one("/v2/ticketing/ticket/{}", ticket_id))
        return TicketFact.of(row)

    def _alert(self) -> AlertFact:
        """NinjaOne has no route for one alert, so it is looked for in the list."""
        uid = self.subjects.alert_uid
        for row in rows_of(self._page("/v2/alerts")):
            alert = AlertFact.of(row)
            if alert.uid == uid:
                return alert
        raise not_found(f"Alert {uid}")

    def _device_of(self, device_id: int) -> DeviceFact:
        """A device, and the name of whose it is, which NinjaOne tells only at the organization."""
        row = self._one("/v2/device/{}", device_id)
        return DeviceFact.of(row, self._organization_of(row.get("organizationId")))

    def _organization_of(self, organization_id: JSON) -> OrganizationFact:
        return OrganizationFact.of(self._one("/v2/organization/{}", organization_id))

    def locations_of(self, organization_id: int) -> list[JSON]:
        """The ids of an organization's locations."""
        listed = self._one("/v2/organization/{}", organization_id).get("locations")
        return [row.get("id") for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []

    def _one(self, template: str, number: JSON) -> dict[str, JSON]:
        """The object of that number, and no other one."""
        if type(number) is not int:
            raise UnusableAnswerError(f"NinjaOne answered with {number!r} where an id belongs.")
        row = dict_of(self._page(template, number), "an object")
        if row.get("id") != number:
            raise UnusableAnswerError(f"NinjaOne answered with {row.get('id')!r} when asked for {number!r}.")
        return row

    def _page(self, template: str, *parts: object) -> JSON:
        call = get(template, *parts)
        if call.path not in self.pages:
            self.pages[call.path] = self.read(call)
        return self.pages[call.path]

    @staticmethod
    def _named(what: str, source: Callable[[], Found]) -> Found:
        """What the arguments name must exist."""
        try:
            return source()
        except UpstreamNotFoundError:
            raise not_found(what) from None

    @staticmethod
    def _implied(source: Callable[[], Found]) -> Found | None:
        """What another fact names may be gone: a ticket outlives the device it was about."""
        try:
            return source()
        except UpstreamNotFoundError:
            return None


def not_found(what: str) -> ToolRefusedError:
    """A refusal that does not tell "does not exist" from "you may not see it"."""
    return ToolRefusedError(
        "not_found", f"{what} does not exist in NinjaOne, or is not visible to it. Nothing was sent. Check the id."
    )
