"""What the home page counts. Every figure is of the last 14 days and of at most 20,000 calls: a ledger is not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateTimeField,
    ExpressionWrapper,
    IntegerField,
    Min,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from approvals.display.clock import absolute, duration, zone_of
from approvals.models import Invocation, Status
from integrations.models import Msp

DAYS = 14
MOST_CALLS = 20_000
MOST_DECISIONS = 2_000
# Fewer decisions than this have no nine of ten.
ENOUGH = 10

# What became of a call, as the chart tells it: CSS class, words, statuses.
OUTCOMES: tuple[tuple[str, str, frozenset[Status]], ...] = (
    ("succeeded", "Succeeded", frozenset({Status.SUCCEEDED})),
    ("open", "Waiting or running", frozenset({Status.PENDING_APPROVAL, Status.QUEUED, Status.DISPATCHING})),
    ("stopped", "Not sent", frozenset({Status.DENIED, Status.EXPIRED, Status.CANCELLED, Status.BLOCKED})),
    ("failed", "Failed or refused", frozenset({Status.FAILED})),
    ("unknown", "Outcome unknown", frozenset({Status.UNKNOWN})),
)
VERDICTS = (("approved", "Approved"), ("denied", "Denied"), ("undecided", "Not decided"))
OUTCOME_OF = {status: name for name, _, statuses in OUTCOMES for status in statuses}


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by day and outcome, oldest day first, and by tool and verdict, most asked first."""

    days: list[tuple[date, Counter[str]]]
    tools: list[tuple[str, Counter[str]]]
    decisions: int
    median: str
    nine_of_ten: str
    counted_since: str

    @property
    def outcomes(self) -> Counter[str]:
        """All days together."""
        return sum((counts for _, counts in self.days), Counter[str]())


def figures_of(msp: Msp, now: datetime) -> Figures:
    """The figures of an MSP at `now`, by days of its zone. Two queries, each within an index and the two caps."""
    starts = day_starts(now, msp.time_zone)
    calls = Invocation.objects.for_msp(msp).filter(created_at__gte=starts[0][1])
    newest = calls.order_by("-created_at", "-id").values("created_at")
    last = Subquery(newest[MOST_CALLS - 1 : MOST_CALLS])
    calls = calls.filter(created_at__gte=Coalesce(last, Value(starts[0][1]), output_field=DateTimeField()))
    days, tools, oldest = _counted(calls, starts)
    waits = sorted(_waits(calls))
    is_cut = sum(counts.total() for counts in days.values()) >= MOST_CALLS
    return Figures(
        days=[(day, days[index]) for index, (day, _) in enumerate(starts)],
        tools=sorted(tools.items(), key=lambda one: (-one[1].total(), one[0])),
        decisions=len(waits),
        median=duration(median(waits)) if waits else "",
        nine_of_ten=duration(quantiles(waits, n=10)[-1]) if len(waits) >= ENOUGH else "",
        counted_since=absolute(oldest, msp.time_zone) if is_cut else "",
    )


def day_starts(now: datetime, zone: str) -> list[tuple[date, datetime]]:
    """The last 14 days of the zone and when each began; today is the last one."""
    place = zone_of(zone)
    today = now.astimezone(place).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [(day, datetime.combine(day, time.min, place)) for day in days]


def _counted(
    calls: QuerySet[Invocation], starts: list[tuple[date, datetime]]
) -> tuple[dict[int, Counter[str]], dict[str, Counter[str]], datetime | None]:
    """Calls by number of the day and outcome, requests by tool and verdict, the oldest call: one look at each."""
    # The database compares with 14 moments. Its own way from a moment to a day of a zone costs SQLite 10 times as much.
    day = Case(
        *(When(created_at__gte=start, then=Value(index)) for index, (_, start) in reversed([*enumerate(starts)])),
        output_field=IntegerField(),
    )
    tool = Case(When(approvals_needed__gt=0, then="tool"), default=Value(""), output_field=CharField())
    is_decided = ExpressionWrapper(Q(decided_at__isnull=False), BooleanField())
    groups = list(
        calls.order_by()
        .values_list(day, "status", tool, is_decided)
        .annotate(number=Count("*"), oldest=Min("created_at"))
    )
    days: dict[int, Counter[str]] = {index: Counter() for index in range(DAYS)}
    tools: dict[str, Counter[str]] = {}
    for index, status, name, has_decision, number, _ in groups:
        days[index][OUTCOME_OF[Status(status)]] += number
        if name:
            verdict = "undecided" if not has_decision else "denied" if status == Status.DENIED else "approved"
            tools.setdefault(name.partition(":")[2] or name, Counter())[verdict] += number
    return days, tools, min((group[-1] for group in groups), default=None)


def _waits(calls: QuerySet[Invocation]) -> Iterator[float]:
    """How many seconds each of the newest decided requests had waited."""
    decided = calls.filter(decided_at__isnull=False).order_by("-created_at", "-id")
    for created_at, decided_at in decided.values_list("created_at", "decided_at")[:MOST_DECISIONS]:
        if decided_at is not None:
            yield (decided_at - created_at).total_seconds()
