"""Before and after of a generic PUT or PATCH, field by field, as far as NinjaOne let us look."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.display.invisibles import marked
from approvals.display.request import parsed
from approvals.display.ticket import IGNORED, READ_NAMES, Change, ticket_changes
from approvals.models import Invocation
from tools.present import label_of

TOOLS = {"ninja-api-put", "ninja-api-patch"}
LONGEST = 500
# What NinjaOne keeps of a ticket by itself.
OWN = {"id", "version", "createTime", "updateTime", "deleted", "source"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`same` are fields that are sent and stand there already, `unsent` those that may be lost because they are not."""

    changes: list[Change] = field(default_factory=list)
    same: list[SafeString] = field(default_factory=list)
    unsent: list[SafeString] = field(default_factory=list)
    is_put: bool = False
    trouble: SafeString | None = None


def comparison_of(row: Invocation, facts: Mapping[str, Mapping[str, Any]]) -> Comparison | None:
    """None for calls of other tools, and for those that nobody was asked about."""
    if row.tool_name not in TOOLS or not row.approvals_needed:
        return None
    body, is_put = parsed(row.body or ""), row.method == "PUT"
    ticket, present = facts.get("ticket", {}).get("ticket"), facts.get("present")
    if isinstance(ticket, dict) and isinstance(body, dict) and is_put and present is None:
        return _of_ticket(ticket, body)
    if present is None:
        return Comparison(trouble=escape(_("NinjaOne's document has no way to read what is at this address.")))
    if present.get("trouble"):
        return Comparison(trouble=marked(str(present["trouble"])))
    fields = present.get("fields")
    return _of_fields(fields if isinstance(fields, dict) else {}, body, present.get("unsent") or [], is_put=is_put)


def _of_fields(fields: dict[str, dict[str, Any]], body: Any, unsent: list[Any], *, is_put: bool) -> Comparison:
    sent = dict(_parts(body))
    changed = {label: one for label, one in sorted(fields.items()) if not one.get("same")}
    return Comparison(
        changes=[Change(marked(label), _before(one), _after(one, sent.get(label))) for label, one in changed.items()],
        same=[marked(label) for label in sorted(fields.keys() - changed)],
        unsent=[marked(str(label)) for label in unsent],
        is_put=is_put,
    )


def _of_ticket(ticket: dict[str, Any], body: dict[str, Any]) -> Comparison:
    changes = ticket_changes(ticket, body)
    sent_names = {read: sent for sent, read in READ_NAMES.items()}
    there = {sent_names.get(name, name) for name, value in ticket.items() if value not in (None, "", [], {})} - OWN
    changed = {change.field for change in changes}
    return Comparison(
        changes=changes,
        same=[marked(name) for name in sorted(body.keys() - IGNORED) if marked(name) not in changed],
        unsent=[marked(name) for name in sorted(there - body.keys())],
        is_put=True,
    )


def _parts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Everything in a body, objects and what is in them, by its label."""
    if path:
        yield label_of(path), value
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _parts(part, (*path, name))


def _before(one: dict[str, Any]) -> SafeString:
    if one.get("hidden") and not one.get("absent"):
        return _ours(_("hidden: it may be a secret"))
    if "start" in one:
        return _cut(str(one["start"]), int(one["size"]))
    return marked(_words(one["value"])) if "value" in one else _ours(_("not there"))


def _after(one: dict[str, Any], value: Any) -> SafeString:
    if one.get("hidden"):
        return _ours(_("hidden here; it stands in the exact request"))
    words = _words(value)
    return marked(words) if len(words) <= LONGEST else _cut(words[:LONGEST], len(words))


def _ours(words: str) -> SafeString:
    """Words of ours, which nobody shall take for a value."""
    return format_html('<span class="no-value">{}</span>', words)


def _words(value: Any) -> str:
    """Text as it is, everything else as JSON; text that would read like something else stands in quotes."""
    is_clear = isinstance(value, str) and value == value.strip() != "" and value != "null" and parsed(value) is None
    return str(value) if is_clear else json.dumps(value, ensure_ascii=False)


def _cut(start: str, size: int) -> SafeString:
    return format_html("{}… ({})", marked(start), _("%(size)d characters") % {"size": size})
