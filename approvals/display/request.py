"""The exact request that will be sent, laid out so that a person can read it, and byte for byte."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from approvals.display.invisibles import marked, marked_lines, oddities
from approvals.display.script.reading import Reading, reading_of
from approvals.display.script.shellcheck import Check, check_of
from approvals.models import Invocation
from tools.bash_wrapper import bash_unwrapped

BASH = "ninja-run-bash"


@dataclass(frozen=True)
class Script:
    """A script as the device will get it. `wrapper` is what goes around it, whole; empty where nothing does."""

    raw: bytes
    wrapper: list[SafeString]
    text: str
    oddities: list[str]
    size: int
    sha256: str
    is_text: bool

    @cached_property
    def reading(self) -> Reading:
        """Its lines, and what can be read off them. Costs a process once: only pages that show it ask."""
        return reading_of(self.raw, self.text, is_text=self.is_text)

    def check(self) -> Check | None:
        """What ShellCheck says about it; None where that is not installed, or where it is no text."""
        return check_of(self.raw) if self.is_text else None


class FrozenRequest(NamedTuple):
    """What goes over the wire. `size` counts the body's bytes; `pretty` is None where the body is no JSON."""

    method: str
    url: SafeString
    has_body: bool
    pretty: list[SafeString]
    exact: SafeString
    oddities: list[str]
    size: int


def frozen_request(invocation: Invocation) -> FrozenRequest | None:
    """The request of an invocation; None when it was refused before there was one."""
    if not invocation.method:
        return None
    url = f"{invocation.base_url}{invocation.path}"
    if invocation.query:
        url = f"{url}?{invocation.query}"
    body = invocation.body or ""
    return FrozenRequest(
        method=invocation.method,
        url=marked(url),
        has_body=invocation.body is not None,
        pretty=marked_lines(pretty_json(body)) if body else [],
        exact=marked(body),
        oddities=oddities(url + body),
        size=len(body.encode()),
    )


def script_sent(invocation: Invocation) -> Script | None:
    """The bash script inside the request's body, decoded from what is sent, not from what the agent said.

    None for every other tool, and where the body holds no readable base64 (its exact bytes are shown all the same).
    """
    if invocation.tool_name != BASH or not invocation.body:
        return None
    body = parsed(invocation.body)
    encoded = body.get("parameters") if isinstance(body, dict) else None
    if not isinstance(encoded, str):
        return None
    try:
        sent = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Whatever is not our wrapper to the last byte is shown whole, as a script.
    inside = bash_unwrapped(sent)
    raw = sent if inside is None else inside.script
    text, is_text = script_text(raw)
    return Script(
        raw=raw,
        wrapper=[] if inside is None else marked_lines(sent.decode("ascii")),
        text=text,
        oddities=oddities(text),
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        is_text=is_text,
    )


def script_text(raw: bytes) -> tuple[str, bool]:
    """The bytes as text, and whether they are UTF-8 at all; what is not shows as \\xNN."""
    try:
        return raw.decode(), True
    except UnicodeDecodeError:
        return raw.decode(errors="backslashreplace"), False


def pretty_json(text: str) -> str:
    """JSON laid out for reading; other text as it is."""
    value = parsed(text)
    return text if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def parsed(text: str) -> Any:
    """The JSON value of a text; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def facts_of(invocation: Invocation) -> dict[str, dict[str, Any]]:
    """What NinjaOne said when the agent asked, by name; only objects, whatever was stored."""
    facts = parsed(invocation.facts)
    if not isinstance(facts, dict):
        return {}
    return {name: fact for name, fact in facts.items() if isinstance(fact, dict)}
