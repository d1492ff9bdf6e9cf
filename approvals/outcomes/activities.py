"""NinjaOne's activities of one device, as runs: the rows that share a `seriesUid` are one run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tools.calls import JSON

# In the order in which they follow each other.
LIFE = ("START_REQUESTED", "STARTED", "IN_PROCESS", "COMPLETED", "CANCELLED", "BLOCKED")
ENDS = frozenset({"COMPLETED", "CANCELLED", "BLOCKED"})
REBOOTED = "SYSTEM_REBOOTED"
OUTPUT_HEAD = "Output: "
RESULT = re.compile(r" Result: ([A-Z_]+)\b")


@dataclass(slots=True)
class Series:
    """One run. `texts` are all that its last row says, message first."""

    uid: str
    first_id: int
    requested_at: datetime
    source_name: str
    user_id: int | None
    kind: str
    begun: str  # the code of its first row
    started_at: datetime | None = None
    ended_at: datetime | None = None
    code: str = ""
    result: str = ""
    message: str = ""
    texts: list[str] = field(default_factory=list)
    exit_code: int | None = None

    @property
    def has_ended(self) -> bool:
        """Nothing more comes."""
        return self.code in ENDS

    @property
    def has_started(self) -> bool:
        """It is or was under way on the device."""
        return self.started_at is not None

    @property
    def is_success(self) -> bool:
        """Completed, and well: COMPLETED with FAILURE is a failure."""
        return self.code == "COMPLETED" and self.result == "SUCCESS"

    @property
    def is_unjudged(self) -> bool:
        """Completed, and NinjaOne does not say how."""
        return self.code == "COMPLETED" and not self.result

    @property
    def output(self) -> str:
        """What the run printed: NinjaOne puts a line of its own before it."""
        _, found, rest = self.message.partition(OUTPUT_HEAD)
        head, newline, output = rest.partition("\n")
        return output if found and newline and head.startswith("Action: ") else rest


def series_of(rows: Iterable[JSON]) -> list[Series]:
    """The runs in a list of activities, in the order in which they were requested; rows that make no sense are left."""
    found: dict[str, Series] = {}
    usable = [row for row in rows if isinstance(row, dict) and id_of(row) is not None and moment_of(row)]
    for row in sorted(usable, key=lambda each: each["id"]):
        uid = text_of(row, "seriesUid") or f"activity {row['id']}"
        series = found.get(uid)
        if series is None:
            series = found[uid] = _series(uid, row)
        _add(series, row)
    return sorted(found.values(), key=lambda each: each.first_id)


def code_of(row: JSON) -> str:
    """`statusCode`, and where it is missing what `status` says."""
    return (text_of(row, "statusCode") or text_of(row, "status")).upper().replace(" ", "_")


def rows_of(page: JSON) -> list[dict[str, JSON]]:
    """The activities of an answer; none where it makes no sense."""
    rows = page.get("activities") if isinstance(page, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def moment_of(row: JSON, key: str = "activityTime") -> datetime | None:
    """A time of NinjaOne's, epoch seconds with a fraction."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**34:
        return None
    return datetime.fromtimestamp(value, UTC)


def id_of(row: JSON, key: str = "id") -> int | None:
    """An id; None for what is none, or more than a column holds."""
    value = row.get(key)
    return value if type(value) is int and abs(value) < 2**63 else None


def text_of(row: JSON, key: str) -> str:
    """A text; "" for everything else."""
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _series(uid: str, row: JSON) -> Series:
    return Series(
        uid=uid[:64],
        first_id=row["id"],
        requested_at=moment_of(row) or datetime.now(UTC),
        source_name=text_of(row, "sourceName"),
        user_id=id_of(row, "userId"),
        kind=text_of(row, "activityType"),
        begun=code_of(row),
    )


def _add(series: Series, row: JSON) -> None:
    code, at = code_of(row), moment_of(row)
    if code in {"STARTED", "IN_PROCESS"}:
        series.started_at = series.started_at or at
    if code in LIFE and series.code in ENDS and code not in ENDS:
        return  # it has ended; what came late changes nothing
    series.code = code
    if code in ENDS:
        series.ended_at = at
        series.message = text_of(row, "message")
        series.result = text_of(row, "activityResult").upper() or _result_in(series.message, series.source_name)
        data = row.get("data")
        series.texts = [series.message, *_texts(data)]
        series.exit_code = _exit_code(data)


def _result_in(message: str, name: str) -> str:
    """What the message says where nothing else does: "Action completed: Run <name> Result: FAILURE Output: ..."."""
    found = RESULT.match(message.partition(name)[2]) if name else None
    return found[1] if found else ""


def _texts(value: JSON) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for part in value.values() for text in _texts(part)]
        case list():
            return [text for part in value for text in _texts(part)]
    return []


def _exit_code(value: JSON) -> int | None:
    """Some instances say it in `data`, as `exitCode` or `resultCode`."""
    if isinstance(value, dict):
        for name in ("exitCode", "resultCode"):
            code = value.get(name)
            if type(code) is int and 0 <= code <= 32767:
                return code
        return next((code for part in value.values() if (code := _exit_code(part)) is not None), None)
    return None
