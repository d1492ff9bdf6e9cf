"""What the home page counts, and how it shows it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from approvals.display.charts import MOST_TOOLS, chart_of_days, chart_of_tools
from approvals.display.figures import PAST, Figures, day_starts, figures_of
from approvals.models import Invocation, Status
from integrations.clock import database_now
from integrations.models import Membership, Msp, User
from tests.approvals.asking import approve, ask, deny
from tests.approvals.dashboard.looking import text
from tests.cast import PASSWORD, Tenant
from tests.config.rows import invocation_make

HOME = "/dashboard/"
NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


def made(tenant: Tenant, status: Status, created_at: datetime, number: int = 1) -> None:
    for _ in range(number):
        invocation_make(tenant, status, created_at=created_at)


def test_calls_are_counted_by_day_of_the_msps_zone_and_outcome(acme: Tenant, northwind: Tenant) -> None:
    acme.msp.time_zone = "Pacific/Auckland"  # 13 hours ahead: 30 March began at 11:00 UTC of the 29th
    made(acme, Status.SUCCEEDED, datetime(2026, 3, 29, 10, 59, tzinfo=UTC), 2)
    made(acme, Status.FAILED, datetime(2026, 3, 29, 11, 1, tzinfo=UTC))
    made(acme, Status.UNKNOWN, datetime(2026, 3, 29, 11, 1, tzinfo=UTC))
    made(acme, Status.SUCCEEDED, NOW - timedelta(days=15), 3)
    made(northwind, Status.SUCCEEDED, NOW, 4)
    days = figures_of(acme.msp, NOW).days
    assert len(days) == 14
    assert days[-1] == (date(2026, 3, 31), Counter())
    assert days[-2] == (date(2026, 3, 30), Counter(failed=1, unknown=1))
    assert days[-3] == (date(2026, 3, 29), Counter(succeeded=2))
    assert sum(counts.total() for _, counts in days) == 4


def test_days_are_kept_only_once_nothing_of_them_can_change(acme: Tenant) -> None:
    over, moving = NOW - timedelta(days=3), NOW - timedelta(days=4)
    made(acme, Status.SUCCEEDED, over, 2)
    made(acme, Status.UNKNOWN, moving)
    made(acme, Status.QUEUED, NOW)
    for _ in range(2):
        found = figures_of(acme.msp, NOW)
        assert (found.unknown, found.outcomes) == (1, Counter(succeeded=2, unknown=1, open=1))
    kept = {start.date() for msp, start, _ in PAST if msp == acme.msp.pk}
    assert over.date() in kept
    assert not kept & {moving.date(), NOW.date()}
    Invocation.objects.filter(status=Status.UNKNOWN).update(status=Status.FAILED)
    made(acme, Status.SUCCEEDED, NOW)
    found = figures_of(acme.msp, NOW)
    assert (found.unknown, found.outcomes) == (0, Counter(succeeded=3, failed=1, open=1))


def test_a_day_begins_when_it_does_there_be_it_longer_or_shorter() -> None:
    starts = dict(day_starts(NOW, "Europe/Berlin"))
    assert starts[date(2026, 3, 29)] == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert starts[date(2026, 3, 30)] == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert list(dict(day_starts(NOW, "no/such")))[-1] == NOW.date()


def test_requests_are_counted_by_tool_and_verdict(acme: Tenant) -> None:
    reboot, service = ask(acme, "ninja-reboot-device", device_id=43), ask(acme, "ninja-reboot-device", device_id=41)
    ask(acme, "ninja-run-bash", device_id=43, script="id")
    ask(acme, "ninja-get-device", device_id=43)
    approve(acme, reboot)
    deny(acme, service)
    now = database_now()
    for row, seconds in ((reboot, 60), (service, 200)):
        Invocation.objects.filter(pk=row.pk).update(decided_at=row.created_at + timedelta(seconds=seconds))
    found = figures_of(acme.msp, now)
    assert found.tools == [
        ("ninja-reboot-device", Counter(approved=1, denied=1)),
        ("ninja-run-bash", Counter(undecided=1)),
    ]
    assert (found.decisions, found.timed, found.median, found.nine_of_ten) == (2, 2, "2 min 10 s", "")


def test_bars_fill_the_canvas_of_the_longest_one() -> None:
    days = [(date(2026, 3, 1 + index), Counter(succeeded=index, failed=index)) for index in range(14)]
    chart = chart_of_days(Figures(days, [], 0, 0, 0, "", ""))
    assert (chart.longest, chart.total) == (26, 182)
    assert chart.bars[0].parts == []
    assert chart.bars[0].words == "1 Mar: nothing"
    last = chart.bars[-1]
    assert last.words == "14 Mar: succeeded 13, failed or refused 13"
    assert [(part.y, part.height) for part in last.parts] == [("50.00", "50.00"), ("0.00", "50.00")]
    assert last.numbers == [13, 0, 0, 13, 0]


def test_tools_beyond_the_most_asked_ones_share_a_bar() -> None:
    tools = [(f"tool-{index:02}", Counter(approved=20 - index)) for index in range(MOST_TOOLS + 3)]
    chart = chart_of_tools(Figures([], tools, 0, 0, 0, "", ""))
    assert len(chart.bars) == MOST_TOOLS + 1
    assert (chart.bars[-1].label, chart.bars[-1].total) == ("3 more tools", 12 + 11 + 10)
    assert chart_of_tools(Figures([], [], 0, 0, 0, "", "")).total == 0


def test_home_shows_charts_with_the_numbers_in_tables(acme: Tenant) -> None:
    approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    ask(acme, "ninja-get-device", device_id=43)
    page = text(acme.signed_in(acme.viewer), HOME)
    assert 'aria-label="Calls per day by outcome, 2 in all.' in page
    assert re.search(r'<rect class="is-succeeded"\s+x="93.43"', page)
    assert 'aria-label="ninja-reboot-device: approved 1"' in page
    assert page.count("<summary>The numbers</summary>") == 2
    assert "Median time to decision" in page
    assert '<th scope="row">ninja-reboot-device</th>' in page


def test_home_tells_how_the_connection_does(acme: Tenant) -> None:
    client = acme.signed_in(acme.viewer)
    assert "no call yet" in text(client, HOME)
    ask(acme, "ninja-get-device", device_id=43)
    page = text(client, HOME)
    assert re.search(
        r"<dt>Last answer</dt>\s*<dd>\s*<time datetime=\"[^\"]+\"\s+title=\"[^\"]+\">just now</time>", page
    )
    assert "none in the last 1 call" in page
    lost = {"created_at": database_now() - timedelta(hours=3), "finished_at": database_now() - timedelta(hours=3)}
    invocation_make(acme, Status.FAILED, error_code="upstream_unavailable", upstream_status=503, **lost)
    page = text(client, HOME)
    assert re.search(r"1 in the last 2 calls,\s*<time[^>]*>3 h ago</time> upstream_unavailable", page)


def test_a_quiet_fortnight_says_where_older_calls_are(acme: Tenant) -> None:
    made(acme, Status.SUCCEEDED, database_now() - timedelta(days=20))
    page = text(acme.signed_in(acme.viewer), HOME)
    assert "No agent asked for anything in the last 14 days." in page
    assert "Nothing asked for a person in the last 14 days." in page
    assert "<rect" not in page


def test_a_new_msp_sees_no_empty_charts(acme: Tenant) -> None:
    user = User.objects.create_user("fresh", password=PASSWORD)
    Membership.objects.create(msp=Msp.objects.create(name="Fresh", slug="fresh"), user=user, is_admin=True)
    page = text(acme.signed_in(user), HOME)
    assert "Calls per day" not in page
    assert "Create an agent" in page
