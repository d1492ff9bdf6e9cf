"""Traces for OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector; without one nothing of it is loaded.

Spans hold names and numbers: never arguments, bodies, query strings, headers, or the text of an error. NinjaOne is not
told of any trace. The SDK reads the other OTEL_ variables itself
(https://opentelemetry.io/docs/languages/sdk-configuration/).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal, Protocol

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

Kind = Literal["internal", "server", "client"]


class Span:
    """What is being done. This one is told and forgets: nobody wants to know."""

    def tell(self, **values: str | int) -> None:
        """Attributes; those that OpenTelemetry has no name for become `countersign.<name>`."""

    def name(self, name: str) -> None:
        """A better name, once it is known."""

    def failed(self) -> None:
        """It went wrong."""


class Tracer(Protocol):
    """Opens spans."""

    def span(self, name: str, kind: Kind, caller: Mapping[str, str] | None) -> AbstractContextManager[Span]:
        """As `span` below."""


class _Traces:
    """The tracer of this process; None where nobody wants traces."""

    tracer: Tracer | None = None


# For any number of blocks, one inside another too.
_NOBODY = nullcontext(Span())


def traces_start() -> None:
    """Begin to send traces, where the environment says where to. Call it in each process that serves or works."""
    if _Traces.tracer is None and any(os.environ.get(name) for name in ENDPOINTS):
        # OpenTelemetry is for those who asked for it: 6 MB in each process, and imports at each start.
        from integrations.trace_exports import Exporting  # noqa: PLC0415 - see above

        _Traces.tracer = Exporting()


def span(
    name: str, *, kind: Kind = "internal", caller: Mapping[str, str] | None = None, **values: str | int
) -> AbstractContextManager[Span]:
    """What the block does, as a part of what this thread is doing. `caller` are WSGI's headers of a request."""
    return _NOBODY if _Traces.tracer is None else _told(_Traces.tracer, name, kind, caller, values)


@contextmanager
def _told(
    tracer: Tracer, name: str, kind: Kind, caller: Mapping[str, str] | None, values: Mapping[str, str | int]
) -> Iterator[Span]:
    with tracer.span(name, kind, caller) as opened:
        opened.tell(**values)
        is_done = False
        try:
            yield opened
            is_done = True
        finally:
            if not is_done:
                opened.failed()
