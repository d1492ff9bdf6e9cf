"""Prometheus text: what waits, what is uncertain, and what this process costs."""

from __future__ import annotations

import hmac
import ipaddress
import os
import platform
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from approvals.models import Invocation, Status
from approvals.models.states import OPEN
from config.background import Pulse
from integrations.clock import database_now

STARTED_AT = time.time()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@require_safe
def metrics(request: HttpRequest) -> HttpResponseBase:
    """For whoever asks from this machine itself, or shows METRICS_TOKEN."""
    if not _may_read(request):
        answer = JsonResponse(
            {"error": {"code": "invalid_token", "message": "Metrics are for loopback, or for METRICS_TOKEN."}},
            status=401,
        )
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse("".join(f"{line}\n" for line in (*_work(), *_process())), content_type=CONTENT_TYPE)


def _may_read(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if token and settings.METRICS_TOKEN:
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    # Behind a proxy on the same machine everybody comes from loopback.
    is_forwarded = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host"))
    return not is_forwarded and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _work() -> Iterator[str]:
    counts = dict.fromkeys((*OPEN, Status.UNKNOWN), 0)
    for rows in (Invocation.objects.filter(status__in=OPEN), Invocation.objects.filter(status=Status.UNKNOWN)):
        counts |= {
            Status(status): count for status, count in rows.order_by().values_list("status").annotate(Count("pk"))
        }
    yield from _help("countersign_invocations", "gauge", "Invocations that are open or uncertain, by status.")
    for status, count in counts.items():
        yield f'countersign_invocations{{status="{status.value}"}} {count}'
    waiting = Invocation.objects.filter(status=Status.PENDING_APPROVAL)
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    age = 0.0 if oldest is None else (database_now() - oldest).total_seconds()
    yield from _help("countersign_oldest_pending_seconds", "gauge", "How long the oldest request waits for a human.")
    yield f"countersign_oldest_pending_seconds {age:.3f}"
    if Pulse.last_round_at is not None:
        name = "countersign_background_round_timestamp_seconds"
        yield from _help(name, "gauge", "When the background work of this process last came round.")
        yield f"{name} {Pulse.last_round_at:.3f}"


def _process() -> Iterator[str]:
    yield from _help("countersign_info", "gauge", "What this process runs on.")
    yield (
        f'countersign_info{{python="{platform.python_version()}",django="{django.get_version()}",'
        f'database="{connection.vendor}",pid="{os.getpid()}"}} 1'
    )
    usage = resource.getrusage(resource.RUSAGE_SELF)
    yield from _help("process_cpu_seconds_total", "counter", "CPU time of this process.")
    yield f"process_cpu_seconds_total {usage.ru_utime + usage.ru_stime:.3f}"
    yield from _help("process_start_time_seconds", "gauge", "When this process loaded its code.")
    yield f"process_start_time_seconds {STARTED_AT:.3f}"
    yield from _help("process_resident_memory_bytes", "gauge", "Memory in use.")
    yield f"process_resident_memory_bytes {_resident_bytes(usage.ru_maxrss * 1024)}"


def _resident_bytes(peak: int) -> int:
    """What Linux says is resident now; elsewhere the peak, which every Unix knows."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return peak
    return pages * resource.getpagesize()


def _help(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
