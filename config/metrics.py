"""Prometheus text: what waits and what is uncertain, what was done and how long it took, and what it cost."""

from __future__ import annotations

import hmac
import ipaddress
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client import values as counts
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from config.background import Pulse
from config.gauges import LedgerCollector

# The library's own name for it: where the processes of a server keep their counts for each other.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host")


@require_safe
def metrics(request: HttpRequest) -> HttpResponseBase:
    """For whoever asks from this machine itself, or shows METRICS_TOKEN."""
    is_forwarded = any(name in request.headers for name in FORWARDING)
    address = request.META.get("REMOTE_ADDR", "")
    if not may_read(request.headers.get("Authorization", ""), address, is_forwarded=is_forwarded):
        answer = JsonResponse(
            {"error": {"code": "invalid_token", "message": "Metrics are for loopback, or for METRICS_TOKEN."}},
            status=401,
        )
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def text() -> bytes:
    """What the database says, what all processes of this server counted, and what this one is."""
    asked = CollectorRegistry(auto_describe=False)
    asked.register(LedgerCollector())
    asked.register(ThisProcess())
    folder = os.environ.get(FOLDER)
    if not folder:
        return generate_latest(asked) + generate_latest(REGISTRY)
    _forget_the_dead(Path(folder))
    MultiProcessCollector(asked, folder)  # type: ignore[no-untyped-call]
    ProcessCollector(registry=asked)
    return generate_latest(asked)


def count_together(folder: str) -> None:
    """From here on this process and those that it forks count in files of `folder`. Before any of them has counted.

    The library does the same where it finds the variable when it is first imported, which was too early to know.
    """
    os.environ[FOLDER] = folder
    counts.ValueClass = counts.MultiProcessValue()  # type: ignore[no-untyped-call]


class ThisProcess(Collector):
    """What answers, and whether its background work goes on."""

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        values = (platform.python_version(), django.get_version(), connection.vendor, str(os.getpid()))
        info = InfoMetricFamily("countersign", "What this process runs on.", labels=[])
        info.add_metric([], dict(zip(("python", "django", "database", "pid"), values, strict=True)))
        yield info
        if Pulse.last_round_at is not None:
            name = "countersign_background_round_timestamp_seconds"
            yield GaugeMetricFamily(name, "When the background work of this process came round.", Pulse.last_round_at)


def _forget_the_dead(folder: Path) -> None:
    """What processes that are gone said of the present is not so any more; what they counted still counts."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]


def may_read(authorization: str, address: str, *, is_forwarded: bool) -> bool:
    """Whether this is METRICS_TOKEN's bearer, or somebody on this machine."""
    scheme, _, token = authorization.partition(" ")
    if token and settings.METRICS_TOKEN:
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    # Behind a proxy on the same machine everybody comes from loopback.
    return not is_forwarded and is_loopback(address)


def is_loopback(address: str) -> bool:
    """Whether it is this machine's own; False for a name."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
