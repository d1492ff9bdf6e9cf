"""Pages of the activity: each begins behind a call, and none is shown twice or left out."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from approvals.cursors import EPOCH, Cursor, cursor_read
from approvals.history import pages
from approvals.history.filters import Filters
from approvals.history.pages import HistoryPage, Place, history_page
from approvals.models import Invocation, Status
from integrations.clock import database_now
from tests.cast import Tenant
from tests.config.rows import invocation_make

ANY = Filters()


@pytest.fixture
def rows(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> list[Invocation]:
    """Seven calls, newest first, the middle three of the same moment; three to a page."""
    monkeypatch.setattr(pages, "SIZE", 3)
    now = database_now()
    made = [
        invocation_make(acme, Status.QUEUED, created_at=now - timedelta(minutes=minutes))
        for minutes in (1, 2, 3, 3, 3, 4, 5)
    ]
    return sorted(made, key=lambda row: (row.created_at, row.pk), reverse=True)


def ids(rows: list[Invocation]) -> list[uuid.UUID]:
    return [row.pk for row in rows]


def test_older_pages_go_on_where_the_last_one_ended(acme: Tenant, rows: list[Invocation]) -> None:
    seen, place = [], Place()
    while True:
        page = history_page(acme.msp, ANY, place)
        seen.append(page.ids)
        if page.older is None:
            break
        place = Place(before=page.older)
    assert [len(one) for one in seen] == [3, 3, 1]
    assert [pk for one in seen for pk in one] == ids(rows)


def test_newer_pages_lead_back(acme: Tenant, rows: list[Invocation]) -> None:
    oldest = history_page(acme.msp, ANY, Place(is_oldest=True))
    assert (oldest.ids, oldest.older) == (ids(rows[4:]), None)
    middle = history_page(acme.msp, ANY, Place(after=oldest.newer))
    assert middle.ids == ids(rows[1:4])
    newest = history_page(acme.msp, ANY, Place(after=middle.newer))
    assert (newest.ids, newest.newer) == (ids(rows[:3]), None)
    assert newest == history_page(acme.msp, ANY)


def test_new_calls_shift_nothing(acme: Tenant, rows: list[Invocation]) -> None:
    first = history_page(acme.msp, ANY)
    invocation_make(acme, Status.QUEUED)
    assert history_page(acme.msp, ANY, Place(before=first.older)).ids == ids(rows[3:6])


def test_a_count_ends_at_its_cap(acme: Tenant, rows: list[Invocation], monkeypatch: pytest.MonkeyPatch) -> None:
    assert history_page(acme.msp, ANY).count == 7
    assert history_page(acme.msp, ANY, is_counted=False).count is None
    monkeypatch.setattr(pages, "COUNT_CAP", 4)
    assert history_page(acme.msp, ANY).count == 4


def test_an_msp_without_calls_has_one_empty_page(northwind: Tenant, rows: list[Invocation]) -> None:
    for place in (Place(), Place(is_oldest=True)):
        assert history_page(northwind.msp, ANY, place) == HistoryPage(ids=[], count=0)


def test_words_are_looked_for_step_by_step_until_the_end(
    acme: Tenant, rows: list[Invocation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SEARCHED", 3)
    wanted = Filters(words="lost INVOICE")
    made = invocation_make(acme, Status.QUEUED, created_at=rows[-1].created_at, reason="Find the lost invoice")
    older = invocation_make(acme, Status.QUEUED, created_at=rows[4].created_at, reason="A lost invoice again")
    seen, steps, place = [], 0, Place()
    while True:
        page = history_page(acme.msp, wanted, place)
        seen += page.ids
        steps += 1
        if page.older is None:
            break
        place = Place(before=page.older)
    assert seen == [older.pk, made.pk]
    assert steps == 4
    assert page.searched_to is None
    first = history_page(acme.msp, wanted)
    assert first.older is not None
    assert first.searched_to == first.older.at == rows[2].created_at


def test_a_page_full_of_hits_goes_on_behind_the_last_one(acme: Tenant, rows: list[Invocation]) -> None:
    page = history_page(acme.msp, Filters(words="queued"))
    assert page.ids == []
    Invocation.objects.update(note="queued by hand")
    page = history_page(acme.msp, Filters(words="queued"))
    assert (page.ids, page.searched_to) == (ids(rows[:3]), None)
    assert history_page(acme.msp, Filters(words="queued"), Place(before=page.older)).ids == ids(rows[3:6])


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(EPOCH + timedelta(days=20_000, microseconds=1), uuid.uuid4())
    assert cursor_read(str(cursor)) == cursor
    for text in ("", "x", "ä", "MS4w", "=" * 9, str(cursor)[:-4], "99999999999999999." + "0" * 32):
        assert cursor_read(text) is None
