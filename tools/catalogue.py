"""What each route of NinjaOne may do, and which tool of our own does the same."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tools.definitions import VENDOR
from tools.models import Mode
from tools.routes import ROUTES


class RouteClass(enum.StrEnum):
    """What a route may do, from the harmless to what nobody may do through us."""

    READ = "read"
    WRITE = "write"
    DESTRUCTIVE = "destructive"
    DISCLOSES = "discloses"
    UNKNOWN = "unknown"
    ADMINISTRATION = "admin"

    @property
    def floor(self) -> Mode:
        """The mode below which no generic call to such a route goes, whatever its tool's policy says."""
        match self:
            case RouteClass.READ | RouteClass.WRITE:
                return Mode.AUTO
            case RouteClass.DESTRUCTIVE | RouteClass.DISCLOSES | RouteClass.UNKNOWN:
                return Mode.APPROVAL_NEEDED
            case RouteClass.ADMINISTRATION:
                return Mode.DISABLED

    @property
    def sentence(self) -> str:
        """What a person should know of it."""
        match self:
            case RouteClass.READ:
                return "Reads."
            case RouteClass.WRITE:
                return "Changes something."
            case RouteClass.DESTRUCTIVE:
                return "Interrupts, deletes or runs something."
            case RouteClass.DISCLOSES:
                return "Hands out secrets, signed URLs, installers or values that may be secret."
            case RouteClass.UNKNOWN:
                return "Is not in the catalogue of NinjaOne's routes."
            case RouteClass.ADMINISTRATION:
                return "Changes who may do what in the tenant, its policies or its webhook."


@dataclass(frozen=True)
class Route:
    """One method of one route; a part of None takes anything."""

    method: str
    template: str
    parts: tuple[str | None, ...]
    route_class: RouteClass
    tool: str | None

    @cached_property
    def named(self) -> frozenset[tuple[int, str]]:
        """The parts that it names, each with its place."""
        return frozenset((place, part) for place, part in enumerate(self.parts) if part is not None)

    @cached_property
    def classification(self) -> Classification:
        """What every request to it is."""
        return Classification(self.route_class, self.tool, self.template)


class Classification(NamedTuple):
    """What a request may do. `tool` is the id of the tool of our own that does the same; None without one."""

    route_class: RouteClass
    tool: str | None
    template: str | None


def _routes_read(text: str) -> tuple[Route, ...]:
    routes = []
    for line in text.strip().splitlines():
        template, *methods = line.split()
        parts = tuple(None if part == "{}" else part.lower() for part in template.split("/"))
        for one in methods:
            method, _, what = one.partition("=")
            name, _, tool = what.partition(":")
            tool_id = f"{VENDOR}:ninja-{tool}" if tool else None
            routes.append(Route(method, template, parts, RouteClass(name), tool_id))
    # Where two templates fit, the one that names more of the path is the one that NinjaOne serves.
    return tuple(sorted(routes, key=lambda route: [part is None for part in route.parts]))


CATALOGUE = _routes_read(ROUTES)
_UNKNOWN = Classification(RouteClass.UNKNOWN, None, None)

# By method, number of parts and what follows /v2/, which every route names, in the catalogue's order: every call is
# classified, so a few candidates must do.
_CANDIDATES: dict[tuple[str, int, str | None], list[Route]] = {}
for _route in CATALOGUE:
    _CANDIDATES.setdefault((_route.method, len(_route.parts), _route.parts[2]), []).append(_route)


def classify(method: str, path: str, query: Collection[tuple[str, str]] = ()) -> Classification:
    """What a request to a path below /v2/ may do. The case of the path does not matter: a server may ignore it."""
    parts = path.lower().split("/")
    candidates = _CANDIDATES.get((method.upper(), len(parts), parts[2]), []) if len(parts) > 2 else []
    there = set(enumerate(parts))
    found = next((route.classification for route in candidates if route.named <= there), _UNKNOWN)
    if found.route_class is RouteClass.READ and query and any(asks_for_secrets(name) for name, _ in query):
        return Classification(RouteClass.DISCLOSES, found.tool, found.template)
    return found


def asks_for_secrets(name: str) -> bool:
    """Whether the name of a query parameter is `showSecureValues`, however it is spelled and whatever its value."""
    return "securevalue" in re.sub(r"[^a-z]", "", name.lower())
