"""What stands now where a generic PUT or PATCH would change something: only what its body names, and not too much."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from django.utils.crypto import salted_hmac

from tools.answers import dict_of
from tools.calls import Call, get
from tools.catalogue import RouteClass, classify
from tools.errors import UnusableAnswerError
from tools.fact_types import Fact
from tools.secret_names import holds_secret_name, is_secret_entry, is_secret_name

if TYPE_CHECKING:
    from tools.calls import JSON
    from tools.definitions import Tool

METHODS = {"PUT", "PATCH"}
# A ticket is a fact of its own, whole.
OTHERWISE_KNOWN = {"/v2/ticketing/ticket/{}"}
MOST_FIELDS = 200
MOST_UNSENT = 60
LONGEST_NAME = 200
LONGEST_VALUE = 500
START = 300

Path = tuple[str, ...]


@dataclass(frozen=True)
class PresentFact(Fact):
    """Field by field what stands there now, and whether what is sent is the same.

    A field has `same` and either `value`, `hidden` with a `mark`, or of a long one `start`, `size` and `sha256`; none
    of them where nothing stands there, and with `hidden` then `absent`. A mark tells that a hidden value has changed,
    and nothing to whoever has not the key of this installation. `unsent` are fields that may be lost because they are
    not sent. With `trouble` nothing is known.
    """

    kind = "present"
    fields: dict[str, dict[str, JSON]] = field(default_factory=dict)
    unsent: tuple[str, ...] = ()
    trouble: str = ""

    @classmethod
    def of(cls, page: JSON, call: Call, *, hides_all: bool) -> Self:
        """Of what the GET gave, for the fields of the call's body. Raises UnusableAnswerError."""
        if not isinstance(call.body, dict):
            raise UnusableAnswerError("The body is a list, which is not compared field by field.")
        present = dict_of(page, "an object")
        sent = list(fields_sent(call.body, present))
        if len(sent) > MOST_FIELDS:
            raise UnusableAnswerError(f"The body names {len(sent)} fields, too many to compare.")
        fields = {label_of(path): _entry(path, value, present, hides_all=hides_all) for path, value in sent}
        # A PATCH leaves what it does not name; of what is left out inside an object that it names, nobody knows.
        left_out = (path for path in _left_out(call.body, present) if call.method == "PUT" or len(path) > 1)
        names = sorted(label_of(path)[:LONGEST_NAME] for path in left_out)
        return cls(fields, tuple(names[:MOST_UNSENT]))

    def to_json(self) -> dict[str, JSON]:
        """All fields; JSON has lists, not tuples."""
        return {"fields": self.fields, "unsent": list(self.unsent), "trouble": self.trouble}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Self:
        """The fact that `to_json` wrote."""
        return cls(**{**data, "unsent": tuple(data["unsent"])})


def present_source(tool: Tool, call: Call) -> tuple[Call, bool] | None:
    """The GET of the address that a generic call would change, and whether its values may be secret."""
    if not tool.is_generic or call.method not in METHODS:
        return None
    found = classify("GET", call.path)
    if found.template in OTHERWISE_KNOWN or found.route_class not in (RouteClass.READ, RouteClass.DISCLOSES):
        return None
    return get(call.path), found.route_class is RouteClass.DISCLOSES


def fields_sent(body: JSON, present: JSON, path: Path = ()) -> Iterator[tuple[Path, JSON]]:
    """The fields of a body with what is sent. An object is one field where it would replace something else."""
    if isinstance(body, dict) and body and (present is None or isinstance(present, dict)):
        for name, value in body.items():
            yield from fields_sent(value, None if present is None else present.get(name), (*path, name))
    elif path:
        yield path, body


def label_of(path: Path) -> str:
    """ "address.city", and never the same for two paths: a name with a dot or a quote in it stands in quotes."""
    return ".".join(json.dumps(name, ensure_ascii=False) if "." in name or '"' in name else name for name in path)


def _left_out(body: JSON, present: JSON, path: Path = ()) -> Iterator[Path]:
    if not isinstance(body, dict) or not isinstance(present, dict):
        return
    for name, value in present.items():
        if name not in body:
            yield (*path, name)
        else:
            yield from _left_out(body[name], value, (*path, name))


def _entry(path: Path, sent: JSON, present: JSON, *, hides_all: bool) -> dict[str, JSON]:
    is_secret = hides_all or any(map(is_secret_name, path)) or holds_secret_name(sent)
    for name in path:
        if not isinstance(present, dict) or name not in present:
            return {"same": False, "hidden": True, "absent": True} if is_secret else {"same": False}
        is_secret = is_secret or is_secret_entry(present)
        present = present[name]
    now, text = _text(present), _text(sent)
    same = {"same": now == text}
    if is_secret or holds_secret_name(present):
        return {**same, "hidden": True, "mark": _mark(path, now)}
    if len(now) > LONGEST_VALUE:
        digest = hashlib.sha256(now.encode()).hexdigest()
        return {**same, "start": _start(present, now), "size": len(now), "sha256": digest}
    return {**same, "value": present}


def _mark(path: Path, text: str) -> str:
    return salted_hmac("countersign.present", f"{label_of(path)}\n{text}", algorithm="sha256").hexdigest()


def _start(value: JSON, text: str) -> str:
    return (value if isinstance(value, str) else text)[:START]


def _text(value: JSON) -> str:
    """One text for what is the same: whatever the order of names, and 1 is 1.0 but not true."""
    try:
        return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise UnusableAnswerError("NinjaOne answered with a number that is none.") from None


def _plain(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return list(map(_plain, value))
    return int(value) if isinstance(value, float) and value.is_integer() else value
