"""What the database says of all MSPs together, as gauges: read when Prometheus asks, the same from every process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet, Sum
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from approvals.models import Delivery, Invocation, Status
from approvals.models.states import OPEN
from integrations.clock import database_now
from integrations.models import AuditHead, Connection, ConnectionState


class LedgerCollector(Collector):
    """Few statements, each on an index; none counts a tenant's history."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges. Raises Django's database errors."""
        now = database_now()
        yield _labelled("countersign_invocations", "Invocations that are open or uncertain.", "status", _statuses())
        waiting = Invocation.objects.filter(status=Status.PENDING_APPROVAL)
        text = "How long the oldest request waits for a human."
        yield GaugeMetricFamily("countersign_oldest_pending_seconds", text, _age(waiting, "created_at", now))
        queued = Invocation.objects.filter(status=Status.QUEUED)
        text = "How long the oldest approved call waits to be sent."
        yield GaugeMetricFamily("countersign_oldest_queued_seconds", text, _age(queued, "decided_at", now))
        overdue = Delivery.objects.filter(due_at__lte=now, destination__is_enabled=True)
        text = "How long the oldest message that is due waits to be delivered."
        yield GaugeMetricFamily("countersign_oldest_notice_seconds", text, _age(overdue, "due_at", now))
        yield _connections()
        entries = AuditHead.objects.aggregate(entries=Sum("number"))["entries"] or 0
        yield GaugeMetricFamily("countersign_audit_entries", "Entries of all audit chains; it never falls.", entries)


def _statuses() -> dict[str, int]:
    counts = {status.value: 0 for status in (*OPEN, Status.UNKNOWN)}
    # Two statements, for each has a partial index of its own.
    for rows in (Invocation.objects.filter(status__in=OPEN), Invocation.objects.filter(status=Status.UNKNOWN)):
        counts |= dict(rows.order_by().values_list("status").annotate(Count("pk")))
    return counts


def _connections() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "countersign_connections", "Connections to NinjaOne by region and state.", labels=["region", "state"]
    )
    found = Connection.objects.order_by().values_list("region", "state").annotate(Count("pk"))
    counts = {(region, state.value): 0 for region, _, _ in found for state in ConnectionState}
    for region, state, count in found:
        counts[region, state] = count
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)
    return family


def _labelled(name: str, text: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _age(rows: QuerySet[Any], field: str, now: datetime) -> float:
    oldest = rows.order_by().aggregate(oldest=Min(field))["oldest"]
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
