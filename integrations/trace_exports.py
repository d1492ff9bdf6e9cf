"""The OpenTelemetry SDK, loaded only where a collector is named."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from integrations.traces import Kind, Span

# May hold what opens the collector. Read once, by the exporter.
HEADERS = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
# OpenTelemetry's own names (semantic conventions for HTTP); all others are ours.
NAMES = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
}


class Exporting:
    """Sends spans to the collector, in batches from a thread of its own; what it does not take is dropped."""

    def __init__(self) -> None:
        os.environ.setdefault("OTEL_SERVICE_NAME", "countersign")
        provider = TracerProvider(resource=Resource.create(), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = provider.get_tracer("countersign")
        for name in HEADERS:
            os.environ.pop(name, None)

        def end_with_process() -> None:
            # The server's processes end without what Python does at exit, but not without their threads.
            threading.main_thread().join()
            provider.shutdown()

        threading.Thread(target=end_with_process, name="traces-end").start()

    @contextmanager
    def span(self, name: str, kind: Kind, caller: Mapping[str, str] | None) -> Iterator[Span]:
        """As `integrations.traces.span`."""
        opened = self._tracer.start_as_current_span(
            name,
            context=None if caller is None else Context(),
            links=_links(caller or {}),
            kind=SpanKind[kind.upper()],
            # The text of an error may quote what was sent.
            record_exception=False,
            set_status_on_exception=False,
        )
        with opened as current:
            yield _Told(current)


class _Told(Span):
    def __init__(self, opened: Any) -> None:
        self._opened = opened

    def tell(self, **values: str | int) -> None:
        for name, value in values.items():
            self._opened.set_attribute(NAMES.get(name, f"countersign.{name}"), value)

    def name(self, name: str) -> None:
        self._opened.update_name(name)

    def failed(self) -> None:
        self._opened.set_status(Status(StatusCode.ERROR))


def _links(caller: Mapping[str, str]) -> list[Link]:
    """To the caller's trace, by the header `traceparent` (W3C Trace Context).

    No more than a link: anybody may send the header, and a parent would say what is sampled and whose trace it is in.
    """
    header = {"traceparent": caller.get("HTTP_TRACEPARENT", "")}
    found = get_current_span(TraceContextTextMapPropagator().extract(header, Context())).get_span_context()
    return [Link(found)] if found.is_valid else []
