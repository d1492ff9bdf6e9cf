"""What the activity can be narrowed to, and where the rows that fit are found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.db.models import Q, QuerySet

from approvals.cursors import Cursor
from approvals.models import Decision, Invocation, Status
from approvals.models.invocations import InvocationQuerySet
from approvals.reading import lapsed_into, status_condition, stored_as
from integrations.clock import Now
from integrations.models import Msp

# What is searched for words, beside the number of the ticket.
TEXTS = ("reason", "device_name", "organization_name", "comment", "note", "error_message", "error_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """None and "" narrow nothing. `person` decided; `since` is the first moment, `until` the first one after."""

    id: UUID | None = None
    status: Status | None = None
    tool: str = ""
    agent: UUID | None = None
    organization: int | None = None
    devices: tuple[int, ...] | None = None
    person: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""

    def without_words(self) -> Self:
        """The others."""
        return replace(self, words="")


class Source(NamedTuple):
    """Rows in which an index has the order of the activity: calls themselves, or votes, which lead to calls.

    `at` and `key` are the columns with the call's moment and its id.
    """

    rows: QuerySet[Any]
    at: str = "created_at"
    key: str = "id"

    def keys(self, limit: int, *, before: Cursor | None = None, after: Cursor | None = None) -> list[Cursor]:
        """The newest ones, or the oldest ones that are newer than `after`; from either end, none twice."""
        return [Cursor(at, pk) for at, pk in self._ordered(before, after).values_list(self.at, self.key)[:limit]]

    def key_at(self, number: int, *, before: Cursor | None) -> Cursor | None:
        """The one at that place, counted from 1 and from the newest; None where there are fewer."""
        found = self._ordered(before, None).values_list(self.at, self.key)[number - 1 : number]
        return next((Cursor(at, pk) for at, pk in found), None)

    def since(self, oldest: Cursor) -> Source:
        """Those that are not older."""
        return self._replace(rows=self.rows.filter(**{f"{self.at}__gte": oldest.at}))

    def _ordered(self, before: Cursor | None, after: Cursor | None) -> QuerySet[Any]:
        rows, at, key = self.rows, self.at, self.key
        # The first condition is what an index can use; the second leaves out what was shown.
        if before is not None:
            rows = rows.filter(**{f"{at}__lte": before.at})
            rows = rows.filter(Q(**{f"{at}__lt": before.at}) | Q(**{f"{key}__lt": before.id}))
        if after is None:
            return rows.order_by(f"-{at}", f"-{key}")
        rows = rows.filter(**{f"{at}__gte": after.at})
        return rows.filter(Q(**{f"{at}__gt": after.at}) | Q(**{f"{key}__gt": after.id})).order_by(at, key)


def sources_of(msp: Msp, filters: Filters) -> list[Source]:
    """Where the calls of an MSP that fit are found. No call is in two of them."""
    rows = narrowed(Invocation.objects.for_msp(msp), filters)
    parts = [rows] if filters.status is None else _by_status(rows, filters.status)
    return [_source(msp, part, filters) for part in parts]


def count_of(msp: Msp, filters: Filters, most: int) -> int:
    """How many calls of an MSP fit, counted no further than `most`. One query: nothing has to be in order."""
    rows = narrowed(Invocation.objects.for_msp(msp), filters)
    if filters.status is not None:
        maybe = {filters.status, Status.PENDING_APPROVAL, Status.QUEUED, Status.DISPATCHING}
        rows = rows.filter(status_condition(filters.status, Now()), status__in=maybe)
    return int(_source(msp, rows, filters).rows.order_by().values("pk")[:most].count())


def _source(msp: Msp, rows: InvocationQuerySet, filters: Filters) -> Source:
    if filters.person is None:
        return Source(within(rows, "created_at", filters))
    votes = within(Decision.objects.for_msp(msp).filter(user=filters.person), "asked_at", filters)
    if filters != Filters(person=filters.person, since=filters.since, until=filters.until):
        votes = votes.filter(invocation__in=rows)
    return Source(votes, at="asked_at", key="invocation_id")


def narrowed(rows: InvocationQuerySet, filters: Filters) -> InvocationQuerySet:
    """By everything but status, person and time."""
    if filters.id is not None:
        rows = rows.filter(pk=filters.id)
    if filters.tool:
        rows = rows.filter(tool=filters.tool)
    if filters.agent is not None:
        rows = rows.filter(agent=filters.agent)
    if filters.organization is not None:
        rows = rows.filter(organization_id=filters.organization)
    if filters.devices is not None:
        rows = _on_devices(rows, filters.devices)
    return rows.filter(_with_words(filters.words)) if filters.words else rows


def within(rows: QuerySet[Any], at: str, filters: Filters) -> QuerySet[Any]:
    """Those of the time that is looked at, by the column `at`."""
    if filters.since is not None:
        rows = rows.filter(**{f"{at}__gte": filters.since})
    return rows if filters.until is None else rows.filter(**{f"{at}__lt": filters.until})


def _by_status(rows: InvocationQuerySet, status: Status) -> list[InvocationQuerySet]:
    """In two parts: where one condition says OR of another status, no index has the order of both."""
    lapsed = lapsed_into(status, Now())
    stored = rows.filter(stored_as(status, Now()))
    return [stored] if lapsed is None else [stored, rows.filter(lapsed)]


def _on_devices(rows: InvocationQuerySet, devices: tuple[int, ...]) -> InvocationQuerySet:
    return rows.filter(device_id=devices[0]) if len(devices) == 1 else rows.filter(device_id__in=devices)


def _with_words(words: str) -> Q:
    found = Q()
    for name in TEXTS:
        found |= Q(**{f"{name}__icontains": words})
    number = words.removeprefix("#")
    return found | Q(ticket_id=int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else found
