"""The alerts that stand on a device when an agent asks: for people to see, of no weight for the call itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tools.calls import Call, get
from tools.errors import UnusableAnswerError
from tools.fact_types import Fact
from tools.lists import rows_of

if TYPE_CHECKING:
    from tools.calls import JSON

NAMED = 3
LONGEST_NAME = 80
NAME_KEYS = ("subject", "conditionName", "sourceName", "message")


@dataclass(frozen=True)
class AlertsFact(Fact):
    """How many alerts stand, and what the newest are called. `count` None: nobody knows, and `trouble` says why."""

    kind = "alerts"
    count: int | None
    names: tuple[str, ...] = ()
    trouble: str = ""

    @classmethod
    def of(cls, page: JSON, device_id: int) -> Self:
        """From GET /v2/device/{id}/alerts. Raises UnusableAnswerError."""
        rows = rows_of(page)
        if any(row.get("deviceId") not in (None, device_id) for row in rows):
            raise UnusableAnswerError("NinjaOne answered with alerts of another device.")
        newest = sorted(rows, key=_created, reverse=True)[:NAMED]
        return cls(len(rows), tuple(filter(None, map(_name, newest))))

    def to_json(self) -> dict[str, JSON]:
        """All fields; JSON has lists, not tuples."""
        return {"count": self.count, "names": list(self.names), "trouble": self.trouble}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Self:
        """The fact that `to_json` wrote."""
        return cls(**{**data, "names": tuple(data["names"])})


def alerts_call(device_id: int) -> Call:
    """The read that an AlertsFact is made of."""
    return get("/v2/device/{}/alerts", device_id)


def _created(row: dict[str, JSON]) -> float:
    value = row.get("createTime")
    return float(value) if isinstance(value, int | float) else 0.0


def _name(row: dict[str, JSON]) -> str:
    names = (row.get(key) for key in NAME_KEYS)
    name = next((one for one in names if isinstance(one, str) and one.strip()), "")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
