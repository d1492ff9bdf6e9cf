"""Every address under a prefix, read from the URL configuration itself, and what stands for its ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, get_resolver

# Addresses that are patterns: one example of each.
PATTERNS = {
    "^(?P<app_label>integrations|approvals)/$": "integrations/",
    "(?P<url>.*)$": "nothing/of/the/kind",
    "^api(?:/|$)": "api/nothing",
}
# What an id in an address names, where it is not the row of the page's own model.
IDS = {
    "agent_id": "agent",
    "key_id": "agentkey",
    "invocation_id": "invocation",
    "msp_id": "msp",
    "pk": "passkey",
    "invitation_id": "invitation",
    # Whoever holds a link may see whose it is, so the matrix holds none.
    "token": "token",
    # Of another service to sign in with: there is none by this name.
    "provider_id": "token",
    "tool": "tool",  # of the API
    "destination_id": "destination",
    "message_id": "message",
    "alarm_id": "alarm",
}
_PART = re.compile(r"<(?:\w+:)?(\w+)>")
_MODEL = re.compile(r"dashboard/(?:integrations|approvals)/([a-z]+)/<")


@dataclass(frozen=True)
class Address:
    """One pattern, such as dashboard/integrations/agent/<path:object_id>/change/."""

    name: str
    pattern: str

    @property
    def named(self) -> list[str]:
        """What its ids name, in order. Raises KeyError for an id that nobody told this file of."""
        model = _MODEL.match(self.pattern)
        return [
            model[1] if part in {"object_id", "id"} and model else IDS[part] for part in _PART.findall(self.pattern)
        ]

    def filled(self, ids: list[str]) -> str:
        """The address with these ids."""
        rest = iter(ids)
        return "/" + _PART.sub(lambda _: next(rest), self.pattern)


def addresses(prefix: str) -> list[Address]:
    """Every address below the prefix."""
    found: dict[str, Address] = {}
    for address in _walk(get_resolver(), ""):
        if address.pattern.startswith(prefix):
            found.setdefault(address.pattern, address)  # Django, too, takes the first one that fits
    return list(found.values())


def _walk(resolver: object, above: str) -> Iterator[Address]:
    for one in resolver.url_patterns:  # type: ignore[attr-defined]
        text = str(one.pattern)
        pattern = above + PATTERNS.get(text, text)
        if isinstance(one, URLPattern):
            yield Address(one.name or "", pattern)
        else:
            yield from _walk(one, pattern)
