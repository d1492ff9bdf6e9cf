"""The measuring of `python -m bench.audit`, in a database that is ready."""

from __future__ import annotations

import statistics
import time

from django.db import connection, transaction

from integrations.audit import Actor, audit_append
from integrations.audit.verification import chain_verify
from integrations.models import Msp

APPEND_TARGET_MS = 2.0
VERIFY_TARGET = 50_000
BATCH = 500
DATA = {"tool": "ninjaone:ninja-reboot-device", "method": "POST", "path": "/v2/device/43/reboot/NORMAL", "attempt": 1}


def measure(*, seconds: float, rate: float, entries: int) -> None:
    """Append at a pace, then verify; print both."""
    msp = Msp.objects.create(name="Acme", slug="acme")
    _append(msp, 50)
    cpu = time.process_time()
    latencies = _append(msp, int(seconds * rate), pause=1 / rate)
    cpu_ms = (time.process_time() - cpu) / len(latencies) * 1000
    cuts = statistics.quantiles(latencies, n=100)
    print(f"{connection.vendor}: appending {len(latencies)} entries at {rate:.0f}/s, each in its own transaction")
    print(f"  p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms, p99 {cuts[98]:.2f} ms; {cpu_ms:.2f} ms of CPU each")
    if connection.vendor == "sqlite":
        _target("p95 of an entry, ms", cuts[94], cuts[94] <= APPEND_TARGET_MS)
    for _ in range(0, entries, BATCH):
        with transaction.atomic():
            _append(msp, BATCH)
    speed = _verify(msp)
    _target("verified entries/s", speed, speed >= VERIFY_TARGET)


def _append(msp: Msp, count: int, pause: float = 0) -> list[float]:
    actor, latencies, next_at = Actor.system("bench"), [], time.monotonic()
    for _ in range(count):
        started = time.perf_counter()
        with transaction.atomic():
            audit_append(msp=msp, actor=actor, action="invocation.dispatched", subject="invocation", data=DATA)
        latencies.append((time.perf_counter() - started) * 1000)
        next_at += pause
        time.sleep(max(0.0, next_at - time.monotonic()))
    return latencies


def _verify(msp: Msp) -> float:
    """Entries a second, the best of five: others share this machine."""
    best, least_cpu = 0.0, float("inf")
    for _ in range(5):
        started, cpu = time.perf_counter(), time.process_time()
        verified = chain_verify(msp=msp, vouched=set(), mark=None)
        best = max(best, verified.number / (time.perf_counter() - started))
        least_cpu = min(least_cpu, time.process_time() - cpu)
    print(f"  {verified.number} entries verified, {least_cpu / verified.number * 1e6:.1f} us of CPU each")
    return best


def _target(what: str, value: float, is_met: bool) -> None:
    print(f"  {what}: {value:,.2f}, target {'met' if is_met else 'MISSED'}")
