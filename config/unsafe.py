"""What must not stand in the environment where others reach the product. Each reason is one line, with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# Django's own check asks for as much.
SHORTEST_SECRET = 50
FEWEST_LETTERS = 10
# What stands in examples, in tests, and in what people type to get on.
PLACEHOLDER = re.compile(
    r"insecure|change[-_ ]?me|for-tests-only|example|secret[-_ ]?key|password|12345678", re.IGNORECASE
)
HOW = 'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'


@dataclass(frozen=True, slots=True)
class Start:
    """The settings that decide whether a start is safe; rings by their variable, newest key first."""

    debug: bool
    is_trial: bool
    public_url: str
    allowed_hosts: Sequence[str]
    sandbox_url: str
    rings: Mapping[str, Sequence[str]] = field(repr=False)

    @property
    def host(self) -> str:
        """The host that people are told."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine is meant to reach it."""
        return self.host in LOOPBACK


def load_safely(start: Start) -> None:
    """Raises ImproperlyConfigured with a line for each reason that no command should run."""
    problems = [*_missing(start), *_exposed(start), *_hosts(start), *_sandbox(start)]
    _refuse(problems if start.is_local else [*problems, *_production(start)])


def serve_safely(start: Start) -> None:
    """Raises ImproperlyConfigured with a line for each reason that no server should start."""
    _refuse([*_exposed(start), *_hosts(start), *_debugging(start), *_production(start)])


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ImproperlyConfigured("\n".join(problems))


def _debugging(start: Start) -> Iterator[str]:
    if start.debug:
        yield "DEBUG is on: errors would show secrets. Set DEBUG=0; to work on Countersign, use manage.py runserver."


def _missing(start: Start) -> Iterator[str]:
    for name, ring in start.rings.items():
        if not ring:
            yield f"{name} is not set. {HOW}; `make demo` makes one for a trial in var/demo.env."


def _exposed(start: Start) -> Iterator[str]:
    if start.debug and not start.is_local:
        yield f"DEBUG is on, and PUBLIC_URL is {start.public_url}: errors would show secrets to others. Set DEBUG=0."
    if start.is_trial and not start.is_local:
        yield (
            f"COUNTERSIGN_SANDBOX is on, and PUBLIC_URL is {start.public_url}: a trial, where a password alone lets "
            "people in, is for this machine. Set COUNTERSIGN_SANDBOX=0, or PUBLIC_URL=http://127.0.0.1:8800."
        )


def _hosts(start: Start) -> Iterator[str]:
    if "*" in start.allowed_hosts:
        yield "ALLOWED_HOSTS holds *, so links could be made to lead anywhere. Name the hosts of PUBLIC_URL."
    elif not validate_host(start.host, list(start.allowed_hosts)):
        yield f"ALLOWED_HOSTS does not name {start.host or 'a host'}, which PUBLIC_URL tells people to open. Add it."


def _sandbox(start: Start) -> Iterator[str]:
    if start.sandbox_url and not start.debug and not start.is_trial:
        yield (
            "NINJAONE_SANDBOX_URL is set on a production start. Remove it, or set COUNTERSIGN_SANDBOX=1 for a trial on "
            "this machine."
        )


def _production(start: Start) -> Iterator[str]:
    if start.debug or start.is_trial:
        return
    if not start.public_url.startswith("https://"):
        yield (
            f"PUBLIC_URL is {start.public_url}, so passwords and sessions would travel in the clear. Use https:// "
            "behind a proxy that terminates TLS (for a trial on this machine: make demo)."
        )
    yield from _guessable({name: ring for name, ring in start.rings.items() if ring})


def _guessable(rings: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, ring in rings.items():
        if PLACEHOLDER.search(ring[0]) or len(set(ring[0])) < FEWEST_LETTERS:
            yield f"{name} begins with a key that others can guess. {HOW}"
    if "SECRET_KEY" in rings and len(rings["SECRET_KEY"][0]) < SHORTEST_SECRET:
        yield f"SECRET_KEY begins with a key of fewer than {SHORTEST_SECRET} characters. {HOW}"
    keys = [key for ring in rings.values() for key in ring]
    if len(set(keys)) != len(keys):
        yield f"{', '.join(rings)}: two of them share a key. Each has a purpose of its own. {HOW}"
