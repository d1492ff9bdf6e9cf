"""Which function answers which path. Routes register with `@route`; `routes/__init__` lists the files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from integrations.ninjaone.sandbox.devices import Device
from integrations.ninjaone.sandbox.messages import Json, SandboxRequest, SandboxResponse
from integrations.ninjaone.sandbox.refusals import bad_request, method_not_allowed, not_found
from integrations.ninjaone.sandbox.world import Organization, World

READ = "monitoring"
WRITE = "management"


@dataclass(kw_only=True)
class Call:
    """One API call: whose world, what was sent, and what the braces of the path stood for."""

    request: SandboxRequest
    world: World
    parts: list[str]
    query: dict[str, list[str]]

    def text(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[0] if values else None

    def number(self, name: str) -> int | None:
        value = self.text(name)
        if value is None or value == "":
            return None
        # NinjaOne answers 404 to a query parameter of the wrong type.
        return _int32(value)

    def long_number(self, name: str) -> int | None:
        """A number of 64 bits."""
        text = self.text(name)
        if text and re.fullmatch(r"-?[0-9]{1,18}", text) is None:
            raise not_found()
        return int(text) if text else None

    def path_number(self, index: int = 0) -> int:
        return _int32(self.parts[index])

    def device(self) -> Device:
        device = self.world.devices.get(self.path_number())
        if device is None:
            raise not_found("Device not found")
        return device

    def organization(self) -> Organization:
        organization = self.world.organizations.get(self.path_number())
        if organization is None:
            raise not_found("Organization not found")
        return organization

    def page(self, rows: list[Json]) -> list[Json]:
        """Cuts rows, which are in the order of their ids, by `after` (an id) and `pageSize`."""
        after, size = self.number("after"), self.number("pageSize")
        if after is not None:
            rows = [row for row in rows if row["id"] > after]
        if size is not None and size < 1:
            raise bad_request("pageSize must be positive")
        return rows if size is None else rows[:size]


def _int32(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10 and abs(int(text)) < 2**31):
        raise not_found()
    return int(text)


Handler = Callable[[Call], SandboxResponse]


@dataclass
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    braces: _Node | None = None
    methods: dict[str, tuple[Handler, str]] = field(default_factory=dict)


_root = _Node()
ROUTES: list[tuple[str, str]] = []  # (method, path with braces) of everything that is registered


def route(method: str, path: str, scope: str = READ) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        node = _root
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                node.braces = node.braces or _Node()
                node = node.braces
            else:
                node = node.literal.setdefault(segment, _Node())
        if method in node.methods:
            raise ValueError(f"{method} {path} is routed twice")
        node.methods[method] = (handler, scope)
        ROUTES.append((method, path))
        return handler

    return register


def route_find(method: str, path: str) -> tuple[Handler, str, list[str]]:
    """The handler, its scope, and what stood in the braces."""
    node: _Node | None = _root
    parts: list[str] = []
    for raw in path.split("/")[1:]:
        segment = unquote(raw)
        if node is None:
            break
        if segment in node.literal:
            node = node.literal[segment]
        else:
            node = node.braces
            parts.append(segment)
    if node is None or not node.methods:
        raise not_found()
    if method not in node.methods:
        raise method_not_allowed()
    handler, scope = node.methods[method]
    return handler, scope, parts
