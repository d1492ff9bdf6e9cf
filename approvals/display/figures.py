"""What the home page counts: every call of the last 14 days, from indexes alone; the times of the newest decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, IntegerField, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from approvals.display.clock import duration, zone_of
from approvals.models import Invocation, Status
from approvals.reading import status_condition
from integrations.clock import Now
from integrations.models import Msp

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

DAYS = 14
MOST_DECISIONS = 2_000
# Fewer decisions than this have no nine of ten.
ENOUGH = 10
# Stands for the days, where unknown outcomes are counted.
LOST = -1
# After this much time nothing is written down any more as asked for before.
WRITTEN_BY = timedelta(hours=1)
# Days of MSPs whose counts are final, by MSP, start and end.
PAST: dict[tuple[UUID, datetime, datetime], Counter[str]] = {}
MOST_PAST = 20_000

# What became of a call, as the chart tells it: CSS class, words, statuses.
OUTCOMES: tuple[tuple[str, _StrPromise, frozenset[Status]], ...] = (
    ("succeeded", _("Succeeded"), frozenset({Status.SUCCEEDED})),
    ("open", _("Waiting or running"), frozenset({Status.PENDING_APPROVAL, Status.QUEUED, Status.DISPATCHING})),
    ("stopped", _("Not sent"), frozenset({Status.DENIED, Status.EXPIRED, Status.CANCELLED, Status.BLOCKED})),
    ("failed", _("Failed or refused"), frozenset({Status.FAILED})),
    ("unknown", _("Outcome unknown"), frozenset({Status.UNKNOWN})),
)
VERDICTS = (("approved", _("Approved")), ("denied", _("Denied")), ("undecided", _("Not decided")))
OUTCOME_OF = {status: name for name, _, statuses in OUTCOMES for status in statuses}


class Figures(NamedTuple):
    """Counts by day and outcome, oldest day first, and by tool and verdict, most asked first.

    `unknown` are all calls of unknown outcome, whatever their day. The times to a decision are those of the newest
    `timed` of all `decisions`.
    """

    days: list[tuple[date, Counter[str]]]
    tools: list[tuple[str, Counter[str]]]
    unknown: int
    decisions: int
    timed: int
    median: str
    nine_of_ten: str

    @property
    def outcomes(self) -> Counter[str]:
        """All days together."""
        return sum((counts for _, counts in self.days), Counter[str]())


def figures_of(msp: Msp, now: datetime) -> Figures:
    """The figures of an MSP at `now`, by days of its zone. Three queries, each answered from an index alone."""
    starts = day_starts(now, msp.time_zone)
    calls = Invocation.objects.for_msp(msp)
    # Only requests have a deadline.
    requests = calls.filter(expires_at__isnull=False, created_at__gte=starts[0][1])
    waits, tools = sorted(_waits(requests)), _tools(requests)
    days, unknown = _days(msp, calls, starts, now)
    return Figures(
        days=list(zip((day for day, _ in starts), days, strict=True)),
        tools=sorted(tools.items(), key=lambda one: (-one[1].total(), one[0])),
        unknown=unknown,
        decisions=sum(counts["approved"] + counts["denied"] for counts in tools.values()),
        timed=len(waits),
        median=duration(median(waits)) if waits else "",
        nine_of_ten=duration(quantiles(waits, n=10)[-1]) if len(waits) >= ENOUGH else "",
    )


def day_starts(now: datetime, zone: str) -> list[tuple[date, datetime]]:
    """The last 14 days of the zone and when each began; today is the last one."""
    place = zone_of(zone)
    today = now.astimezone(place).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [(day, datetime.combine(day, time.min, place)) for day in days]


def _days(
    msp: Msp, calls: QuerySet[Invocation], starts: list[tuple[date, datetime]], now: datetime
) -> tuple[list[Counter[str]], int]:
    """Calls by outcome, day by day; and how many have an unknown outcome, whatever their day.

    Named statuses and a stretch of time are what the index is made of.
    """
    ends = [start for _, start in starts[1:]] + [starts[-1][1] + timedelta(days=2)]
    spans = [(start, end) for (_, start), end in zip(starts, ends, strict=True)]
    known = {span: found for span in spans if (found := PAST.get((msp.pk, *span))) is not None}
    lost = calls.filter(status_condition(Status.UNKNOWN, Now()), status__in=(Status.UNKNOWN, Status.DISPATCHING))
    parts = [
        _counted(calls.filter(status__in=Status.values, created_at__gte=start, created_at__lt=end), index)
        for index, (start, end) in enumerate(spans)
        if (start, end) not in known
    ]
    days, unknown = [known.get(span, Counter()) for span in spans], 0
    for index, status, number in _counted(lost, LOST).union(*parts, all=True):
        if index == LOST:
            unknown += number
        else:
            days[index][OUTCOME_OF[Status(status)]] += number
    for span, counts in zip(spans, days, strict=True):
        _remember(msp, span, counts, now)
    return days, unknown


def _counted(calls: QuerySet[Invocation], index: int) -> Any:
    return calls.order_by().values_list(Value(index, IntegerField()), "status").annotate(number=Count("*"))


def _remember(msp: Msp, span: tuple[datetime, datetime], counts: Counter[str], now: datetime) -> None:
    """Keep what cannot change any more: a day that is over, and of which nothing is open or unknown.

    A call is written down within the longest time that one takes, and its end is final.
    """
    if span[1] + WRITTEN_BY < now and not counts["open"] and not counts["unknown"]:
        if len(PAST) >= MOST_PAST:
            PAST.clear()
        PAST[msp.pk, *span] = counts


def _tools(requests: QuerySet[Invocation]) -> dict[str, Counter[str]]:
    """Requests by tool and verdict."""
    is_decided = ExpressionWrapper(Q(decided_at__isnull=False), BooleanField())
    tools: dict[str, Counter[str]] = {}
    for name, status, has_decision, number in (
        requests.order_by().values_list("tool", "status", is_decided).annotate(number=Count("*"))
    ):
        verdict = "undecided" if not has_decision else "denied" if status == Status.DENIED else "approved"
        tools.setdefault(name.partition(":")[2] or name, Counter())[verdict] += number
    return tools


def _waits(requests: QuerySet[Invocation]) -> Iterator[float]:
    """How many seconds each of the newest decided requests had waited."""
    decided = requests.filter(decided_at__isnull=False).order_by("-created_at", "-id")
    for created_at, decided_at in decided.values_list("created_at", "decided_at")[:MOST_DECISIONS]:
        if decided_at is not None:
            yield (decided_at - created_at).total_seconds()
