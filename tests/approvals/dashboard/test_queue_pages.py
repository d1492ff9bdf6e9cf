"""Pages of the queue: what is over begins behind a request and is never counted; what waits has numbered pages."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.cursors import Cursor
from approvals.models import Invocation
from integrations.clock import database_now
from tests.aging import move
from tests.approvals.asking import ask
from tests.approvals.dashboard.looking import QUEUE, deny, text
from tests.cast import Tenant

SHOWN = re.compile(r'id="row-([^"]+)"')


@pytest.fixture
def newest_first(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of five requests, the middle three of the same moment; two to a page."""
    monkeypatch.setattr("approvals.admin.queue.ApprovalRequestAdmin.list_per_page", 2)
    rows = [ask(acme, "ninja-reboot-device", device_id=device) for device in (41, 43, 44, 45)]
    rows.append(ask(acme, "ninja-run-bash", device_id=43, script="id"))
    middle = Invocation.objects.filter(pk__in=[row.pk for row in rows[1:4]])
    move(middle, created_at=rows[2].created_at)
    found = Invocation.objects.order_by("-created_at", "-id").values_list("pk", flat=True)
    return [str(pk) for pk in found]


@pytest.fixture
def client(acme: Tenant) -> Client:
    return acme.signed_in(acme.approver)


def link(page: str, words: str) -> str | None:
    """Where the link with these words leads."""
    found = re.search(rf'<a id="turn-[a-z]+"\s+href="([^"]*)"[^>]*>{words}</a>', page)
    return html.unescape(found[1]) if found else None


def walked(client: Client, query: str, words: str) -> list[list[str]]:
    """What each page shows, from this one along the links with these words."""
    pages: list[list[str]] = []
    at: str | None = query
    while at is not None and len(pages) < 9:
        page = text(client, f"{QUEUE}{at}")
        pages.append(SHOWN.findall(page))
        at = link(page, words)
    return pages


def test_older_pages_go_on_where_the_last_one_ended_and_newer_ones_lead_back(
    client: Client, newest_first: list[str]
) -> None:
    one, two, three, four, five = newest_first
    assert walked(client, "?show=all", "Older") == [[one, two], [three, four], [five]]
    assert walked(client, "?show=all&oldest=", "Newer") == [[four, five], [two, three], [one, two]]
    assert walked(client, "?show=all&oldest=", "Newest") == [[four, five], [one, two]]


def test_decided_ones_alone_fill_their_pages(client: Client, acme: Tenant, newest_first: list[str]) -> None:
    for pk in newest_first[::2]:
        deny(client, Invocation.objects.get(pk=pk))
    assert walked(client, "?show=decided", "Older") == [[newest_first[0], newest_first[2]], [newest_first[4]]]


def test_filters_hold_on_every_page(client: Client, acme: Tenant, newest_first: list[str]) -> None:
    tool = "show=all&tool=ninjaone:ninja-reboot-device"
    rest = [pk for pk in newest_first if Invocation.objects.get(pk=pk).tool_name == "ninja-reboot-device"]
    assert walked(client, f"?{tool}", "Older") == [rest[:2], rest[2:]]
    assert walked(client, f"?show=all&agent={acme.agent.pk}", "Older") == walked(client, "?show=all", "Older")


def test_new_requests_shift_nothing(client: Client, acme: Tenant, newest_first: list[str]) -> None:
    older = link(text(client, f"{QUEUE}?show=all"), "Older")
    ask(acme, "ninja-control-service", device_id=41, service="Spooler", action="stop")
    page = text(client, f"{QUEUE}{older}")
    assert SHOWN.findall(page) == newest_first[2:4]


def test_the_script_asks_for_the_newest_page_alone_and_gets_its_links(
    client: Client, acme: Tenant, newest_first: list[str]
) -> None:
    page = text(client, f"{QUEUE}?show=all")
    assert "hx-get" in page.partition('id="rows"')[2].partition(">")[0]
    assert "hx-swap-oob" not in page
    assert "hx-get" not in text(client, f"{QUEUE}{link(page, 'Older')}").partition('id="rows"')[2].partition(">")[0]
    ask(acme, "ninja-control-service", device_id=41, service="Spooler", action="stop")
    part = text(client, f"{QUEUE}?show=all", is_poll=True)
    # What the new request pushed off this page is where its link leads.
    assert "hx-swap-oob" in part
    assert SHOWN.findall(text(client, f"{QUEUE}{link(part, 'Older')}")) == newest_first[1:3]


def test_nothing_is_counted_and_no_page_is_found_by_its_number(client: Client, newest_first: list[str]) -> None:
    for query in ("?show=all", "?show=decided", "?show=all&oldest=", "?show=all&p=3"):
        text(client, f"{QUEUE}{query}")
        with CaptureQueriesContext(connection) as captured:
            text(client, f"{QUEUE}{query}")
        lists = [one["sql"] for one in captured if 'FROM "approvals_invocation"' in one["sql"]]
        assert not [sql for sql in lists if "OFFSET" in sql]
        # The number in the navigation is of what waits.
        assert all("pending_approval" in sql for sql in lists if "COUNT(" in sql)
    assert SHOWN.findall(text(client, f"{QUEUE}?show=all&p=3")) == newest_first[:2]


def test_what_waits_has_pages_with_numbers(client: Client, newest_first: list[str]) -> None:
    pages = [SHOWN.findall(text(client, f"{QUEUE}?p={number}")) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {pk for page in pages for pk in page} == set(newest_first)


def test_a_page_whose_requests_are_gone_says_so(client: Client, newest_first: list[str]) -> None:
    before = Cursor(database_now() - timedelta(days=500), uuid.uuid4())
    page = text(client, f"{QUEUE}?show=decided&before={before}")
    assert "Nothing is left here" in page
    assert link(page, "Newest") == "?show=decided"


@pytest.mark.parametrize(
    "query", ["before=x", "after=", "before=%00", "after=" + "9" * 400, "oldest=x", "before=x&after=y"]
)
def test_an_unreadable_place_is_the_newest_page_or_the_oldest(
    client: Client, newest_first: list[str], query: str
) -> None:
    seen = SHOWN.findall(text(client, f"{QUEUE}?show=all&{query}"))
    assert seen == (newest_first[3:] if query.startswith("oldest") else newest_first[:2])
    assert len(SHOWN.findall(text(client, f"{QUEUE}?{query}"))) == 2


def test_a_place_in_another_msp_shows_own_requests_alone(
    acme: Tenant, northwind: Tenant, newest_first: list[str]
) -> None:
    own = ask(northwind, "ninja-reboot-device", device_id=43)
    client = northwind.signed_in(northwind.approver)
    row = Invocation.objects.get(pk=newest_first[2])
    place = Cursor(row.created_at, row.pk)
    for query in (f"after={place}", "oldest=", f"before={place}", f"agent={acme.agent.pk}&oldest="):
        page = text(client, f"{QUEUE}?show=all&{query}")
        assert not set(SHOWN.findall(page)) & set(newest_first)
        assert "Acme" not in page
    assert SHOWN.findall(text(client, f"{QUEUE}?show=all&after={place}")) == [str(own.pk)]
