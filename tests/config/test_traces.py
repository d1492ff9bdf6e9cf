"""Traces, as a collector gets them from the running product: who caused what, how long it took, and nothing secret."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from config.ports import free_port
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.config.processes import environment_of, running, wait_until_it_answers
from tests.config.test_serve import countersigned, filled, wait_for_exit

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SCRIPT = "echo a-script-that-nobody-else-reads"


@dataclass
class Collector:
    """What arrived, as OTLP has it."""

    url: str
    spans: list[Any] = field(default_factory=list)
    raw: bytes = b""
    keys: set[str] = field(default_factory=set)

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.raw += body
            collector.keys.add(self.headers.get("x-collector-key", ""))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    collector.spans += scope.spans
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield collector
        server.shutdown()
        thread.join()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def story(tmp_path: Path) -> tuple[Collector, requests.Response, str]:
    """What was collected of a read, a script that waits and a reboot; the read's answer, and the agent's key."""
    port = free_port()
    with collecting() as collector, serve_in_thread(Sandbox()) as sandbox:
        env = environment_of(
            tmp_path,
            NINJAONE_SANDBOX_URL=sandbox.url,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS="x-collector-key=a-key-of-the-collector",
        )
        key = filled(env)["msps"][0]["agents"][0]["key"]
        with running(env, "serve", "--port", str(port)) as server:
            wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
            api = requests.Session()
            api.headers["Authorization"] = f"Bearer {key}"
            api.headers["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"
            home = f"http://127.0.0.1:{port}/api/v1"
            read = api.post(f"{home}/tools/ninja-get-device/invoke", json={"arguments": {"device_id": 45}}, timeout=30)
            assert read.status_code == 200, read.text
            bash = {"arguments": {"device_id": 43, "script": SCRIPT}, "reason": "a-reason-of-an-agent"}
            assert api.post(f"{home}/tools/ninja-run-bash/invoke", json=bash, timeout=30).status_code == 202
            assert countersigned(env, port, key) == "succeeded"
            server.send_signal(signal.SIGTERM)
            assert wait_for_exit(server)[0] == 0
    return collector, read, key


def test_a_collector_sees_requests_calls_and_ninjaones_part_and_no_secret(tmp_path: Path) -> None:
    collector, read, key = story(tmp_path)
    read_id = read.json()["id"]
    [call] = [span for span in collector.named("call") if attributes(span)["countersign.invocation"] == read_id]
    [asked] = [span for span in collector.spans if span.span_id == call.parent_span_id]
    assert asked.name == "POST /api/v1/tools/<str:tool>/invoke"
    assert call.trace_id == asked.trace_id
    # Anybody may send the header, so the trace is ours, whatever it says.
    assert asked.trace_id.hex() != TRACE
    assert [link.trace_id.hex() for link in asked.links] == [TRACE]
    assert attributes(asked) == {
        "http.request.method": "POST",
        "http.route": "/api/v1/tools/<str:tool>/invoke",
        "http.response.status_code": 200,
        "countersign.request": read.headers["X-Request-Id"],
    }
    [sent] = [span for span in collector.named("NinjaOne GET") if span.parent_span_id == call.span_id]
    assert attributes(sent) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "countersign.region": "sandbox",
        "countersign.outcome": "2xx",
    }
    [dispatched] = [
        span
        for span in collector.named("dispatch")
        if any(part.parent_span_id == span.span_id for part in collector.named("call"))
    ]
    assert dispatched.parent_span_id == b""
    assert collector.keys == {"a-key-of-the-collector"}
    secrets = [key, key[3:11], SCRIPT, "a-reason-of-an-agent", "Bearer", "a-key-of-the-collector", "acme-approver"]
    assert [each for each in secrets if each.encode() in collector.raw] == []


def test_a_collector_that_is_away_holds_nobody_up(tmp_path: Path) -> None:
    port = free_port()
    env = environment_of(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    with running(env, "serve", "--port", str(port)) as server:
        assert wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server).ok
        server.send_signal(signal.SIGTERM)
        assert wait_for_exit(server)[0] == 0


def test_without_a_collector_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, config.wsgi; print([n for n in sys.modules if 'opentelemetry' in n])"],
        env={**environment_of(tmp_path), "COUNTERSIGN_BACKGROUND": "0"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "[]"
