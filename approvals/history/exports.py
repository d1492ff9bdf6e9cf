"""The activity as a file: what the list shows of each call, without arguments, requests and results."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from approvals.cursors import Cursor
from approvals.display.clock import zone_of
from approvals.display.queue import deciders_of
from approvals.history.filters import Filters, sources_of
from approvals.models import Invocation
from approvals.outcomes.telling import effect_of
from approvals.reading import status_now
from integrations.audit import Actor, audit_append
from integrations.clock import database_now
from integrations.models import Msp, User
from integrations.pooled import connection_release

BATCH = 1_000
# What makes spreadsheets take a cell for a formula, by OWASP's page on CSV injection; also the wide forms, which some
# of them take for the same.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
COLUMNS = (
    "id", "asked_at", "tool", "status", "is_write", "policy", "agent", "device_id", "device", "organization_id",
    "organization", "ticket_id", "reason", "approvals_needed", "approvals_given", "decided_by", "decided_at",
    "reason_code", "comment", "acceptable", "finished_at", "upstream_status", "error_code", "error_message", "note",
    "outcome",
)  # fmt: skip

# What is read for that: the columns of the same name, and what the others are made of.
READ = (
    *(set(COLUMNS) - {"asked_at", "agent", "device", "organization", "decided_by", "outcome"}),
    "created_at", "agent__name", "device_name", "organization_name", "effect__state", "expires_at", "release_by",
    "lease_until", "dispatch_started_at",
)  # fmt: skip


class Format(models.TextChoices):
    """What files there are."""

    CSV = "csv", "CSV"
    JSONL = "jsonl", _("JSON lines")

    @property
    def content_type(self) -> str:
        """For the header."""
        return "text/csv; charset=utf-8" if self is Format.CSV else "application/jsonl; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What somebody exports: `shown` tells the audit what the filters were, in their words."""

    msp: Msp
    user: User
    filters: Filters
    shown: Mapping[str, str]
    format: Format


def activity_export(export: Export) -> Iterator[str]:
    """The file, piece by piece: every call that fits and was asked for by now, newest first.

    It is on record before the first piece is given out. No transaction is open between two pieces.
    """
    with transaction.atomic():
        audit_append(
            msp=export.msp,
            actor=Actor.user(export.user),
            action="activity.exported",
            subject=f"MSP {export.msp.slug}",
            data={"format": export.format.value, "filters": dict(export.shown)},
        )
        now = database_now()
    until = min(now, export.filters.until or now)
    written = _csv if export.format is Format.CSV else _json_lines
    return written(_batches(replace(export, filters=replace(export.filters, until=until)), now))


def formula_safe(value: object) -> str:
    """A cell that no spreadsheet computes."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _batches(export: Export, now: datetime) -> Iterator[list[dict[str, Any]]]:
    sources, zone = sources_of(export.msp, export.filters), zone_of(export.msp.time_zone)
    # One source after the other would not be newest first; each goes on where the last batch ended.
    before: Cursor | None = None
    while True:
        keys = sorted((key for source in sources for key in source.keys(BATCH, before=before)), reverse=True)[:BATCH]
        if not keys:
            return
        before = keys[-1]
        found = Invocation.objects.for_msp(export.msp).filter(pk__in=[key.id for key in keys])
        rows = {row.pk: row for row in found.select_related("agent", "effect").only(*READ)}
        deciders = deciders_of([row for row in rows.values() if row.approvals_needed])
        batch = [_record(rows[key.id], now, zone, deciders) for key in keys if key.id in rows]
        connection_release()  # whoever takes it may be slow, or never come for the next one
        yield batch


def _record(row: Invocation, now: datetime, zone: ZoneInfo, deciders: Mapping[UUID, str]) -> dict[str, Any]:
    """What a line says, in the order of COLUMNS. Times are in the MSP's zone, with its distance to UTC."""
    effect = effect_of(row)
    values = {
        "id": str(row.pk),
        "asked_at": _moment(row.created_at, zone),
        "tool": row.tool_name or row.tool,
        "status": status_now(row, now).value,
        "agent": row.agent.name,
        "device": row.device_name,
        "organization": row.organization_name,
        "decided_by": deciders.get(row.pk, ""),
        "decided_at": _moment(row.decided_at, zone),
        "finished_at": _moment(row.finished_at, zone),
        "outcome": effect.state if effect else "",
    }
    return {name: values[name] if name in values else getattr(row, name) for name in COLUMNS}


def _moment(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="milliseconds")


def _csv(batches: Iterator[Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    # Spreadsheets take a file without this mark for another encoding.
    yield "\ufeff" + _csv_lines([COLUMNS])
    for batch in batches:
        yield _csv_lines([[formula_safe(value) for value in record.values()] for record in batch])


def _csv_lines(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(lines)
    return text.getvalue()


def _json_lines(batches: Iterator[Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for batch in batches:
        yield "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in batch)
