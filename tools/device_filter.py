"""NinjaOne's device filter `df`, read strictly: NinjaOne ignores what it does not know, and then answers with more."""

from __future__ import annotations

import re

from tools.errors import FaultyValueError

_JOIN = re.compile(r"\s+and\s+|\s*&&\s*", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?P<key>[a-z]+)\s*(?P<operator>!=|<>|=|<|>|!in\b|(?<=\s)(?:eq|neq|in|nin|notin|before|after)\b)\s*"
    r"(?P<value>\([^()]*\)|[^\s()]+)",
    re.IGNORECASE,
)
_GROUP = re.compile(r"group\s+([1-9][0-9]{0,9})", re.IGNORECASE)
_NUMBER = r"[1-9][0-9]{0,9}"
_WORD = r"[A-Z][A-Z_]{0,39}"
_DATE = r"[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?Z?)?"
_VALUES = {
    "org": _NUMBER,
    "organization": _NUMBER,
    "loc": _NUMBER,
    "location": _NUMBER,
    "role": _NUMBER,
    "id": _NUMBER,
    "class": _WORD,
    "status": "PENDING|APPROVED",
    "created": _DATE,
}
_EQUALITY = {"=": "=", "eq": "=", "!=": "!=", "neq": "!=", "<>": "!="}
_LISTS = {"in": "in", "nin": "notin", "notin": "notin", "!in": "notin"}
_TIMES = {"=": "=", "eq": "=", "<": "<", ">": ">", "before": "before", "after": "after"}
_EXAMPLE = "Write clauses such as `class = LINUX_SERVER AND org in (2,3) AND online`."


def device_filter_read(text: str) -> str:
    """The filter in one spelling, its clauses joined with AND. Raises FaultyValueError."""
    if not text.isascii():
        raise _faulty(text, "it has letters that no filter has")
    clauses = _JOIN.split(text.strip())
    return " AND ".join(_clause_read(clause.strip()) for clause in clauses)


def _clause_read(clause: str) -> str:
    if clause.lower() in {"online", "offline"}:
        return clause.lower()
    if group := _GROUP.fullmatch(clause):
        return f"group {group[1]}"
    match = _CLAUSE.fullmatch(clause)
    key = match["key"].lower() if match else ""
    if match is None or key not in _VALUES:
        raise _faulty(clause, "it is not a clause that NinjaOne knows, and there is no OR")
    return _compiled(clause, key, match["operator"].lower(), match["value"])


def _compiled(clause: str, key: str, operator: str, value: str) -> str:
    if value.startswith("("):
        if key == "created" or operator not in _LISTS:
            raise _faulty(clause, f"a list does not fit {key} {operator}")
        values = [_value_read(clause, key, one.strip()) for one in value[1:-1].split(",")]
        return f"{key} {_LISTS[operator]} ({','.join(values)})"
    operators = _TIMES if key == "created" else _EQUALITY
    if operator not in operators:
        raise _faulty(clause, f"{operator} does not fit {key} and one value")
    return f"{key} {operators[operator]} {_value_read(clause, key, value)}"


def _value_read(clause: str, key: str, value: str) -> str:
    spelled = value.upper()
    if not re.fullmatch(_VALUES[key], spelled):
        raise _faulty(clause, f"{value!r} is no value of {key}")
    return spelled


def _faulty(clause: str, why: str) -> FaultyValueError:
    return FaultyValueError("format", f"The clause {clause[:80]!r} cannot be used: {why}. {_EXAMPLE}")
