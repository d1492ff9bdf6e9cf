from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.tools.building import call_of
from tools.answers import Result, UnusableAnswerError
from tools.calls import Call
from tools.capping import MAX_CHARACTERS, size_of
from tools.lists import MAX_PAGES, Among, Filter


class Upstream:
    """A NinjaOne with `rows` that pages by the last id and gives at most `most` rows a page."""

    def __init__(self, rows: list[dict[str, Any]], *, most: int = 1000, by: str = "after") -> None:
        self.rows, self.most, self.by = rows, most, by
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Any:
        self.calls.append(call)
        query = parse_qs(call.query_text)
        anchor = int(query.get(self.by, ["0"])[0])
        size = min(self.most, int(query["pageSize"][0]))
        if self.by == "olderThan":
            page = [row for row in reversed(self.rows) if not anchor or row["id"] < anchor][:size]
            return {"activities": page, "lastActivityId": 99}
        return [row for row in self.rows if row["id"] > anchor][:size]


def outcome(call: Call, upstream: Any) -> Result:
    """Follows all pages as the gate does."""
    pages: list[Any] = []
    following: Call | None = call
    while following is not None:
        assert len(pages) < 100
        pages.append(upstream(following))
        following = call.answer.next_call(call, pages)
    return call.answer.result(pages, upstream_status=200)


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": number, **more} for number in range(1, count + 1)]


@pytest.mark.parametrize("most", [1, 3, 7, 1000])
def test_a_list_is_read_to_its_end_however_small_the_pages_are(most: int) -> None:
    result = outcome(call_of("ninja-list-organizations"), Upstream(rows(20), most=most))
    assert result.value == {"items": rows(20), "next": None, "truncated": False}


def test_a_list_ends_at_the_agents_limit_and_says_where_to_go_on() -> None:
    upstream = Upstream(rows(20), most=3)
    result = outcome(call_of("ninja-list-organizations", limit=7), upstream)
    assert [row["id"] for row in result.value["items"]] == [1, 2, 3, 4, 5, 6, 7]
    assert result.value["next"] == {"after": 7}
    assert not result.truncated
    assert len(upstream.calls) == 3


def test_next_leads_through_everything_without_a_gap_or_a_double() -> None:
    upstream, seen, after = Upstream(rows(23), most=4), [], None
    while True:
        result = outcome(call_of("ninja-list-organizations", limit=5, after=after), upstream)
        seen += [row["id"] for row in result.value["items"]]
        if result.value["next"] is None:
            break
        after = result.value["next"]["after"]
    assert seen == list(range(1, 24))


def test_a_list_that_comes_in_full_pages_is_not_asked_for_more_than_the_limit() -> None:
    upstream = Upstream(rows(200))
    assert outcome(call_of("ninja-list-devices"), upstream).value["next"] == {"after": 100}
    assert len(upstream.calls) == 1


def test_a_page_that_repeats_itself_ends_the_list() -> None:
    calls: list[Call] = []

    def stuck(call: Call) -> Any:
        calls.append(call)
        return rows(3)

    result = outcome(call_of("ninja-list-organizations"), stuck)
    assert result.value == {"items": rows(3), "next": None, "truncated": False}
    assert len(calls) == 2


def test_a_server_that_gives_more_than_was_asked_for_is_cut_at_the_limit() -> None:
    result = outcome(call_of("ninja-list-organizations", limit=2), lambda call: rows(9))
    assert result.value == {"items": rows(2), "next": {"after": 2}, "truncated": False}


def test_tiny_pages_end_after_a_while_and_can_be_gone_on_with() -> None:
    upstream = Upstream(rows(900), most=1)
    result = outcome(call_of("ninja-list-organizations", limit=500), upstream)
    assert len(upstream.calls) == MAX_PAGES
    assert result.value["next"] == {"after": MAX_PAGES}


def test_a_reader_who_stops_between_pages_is_told_where() -> None:
    call = call_of("ninja-list-organizations")
    assert call.answer.result([rows(5)], upstream_status=200).value["next"] == {"after": 5}


def test_rows_of_another_organization_stay_out_even_if_ninjaone_ignores_the_filter() -> None:
    mixed = [{"id": number, "organizationId": number % 2 + 2} for number in range(1, 9)]
    result = outcome(call_of("ninja-list-devices", organization_id=2, limit=3), Upstream(mixed, most=2))
    assert [row["id"] for row in result.value["items"]] == [2, 4, 6]
    assert result.value["next"] == {"after": 6}


def test_rows_beyond_forty_thousand_characters_are_dropped_whole_and_next_starts_with_them() -> None:
    fat = [{"id": number, "text": "x" * 900} for number in range(1, 101)]
    result = outcome(call_of("ninja-list-organizations"), Upstream(fat))
    kept = [row["id"] for row in result.value["items"]]
    assert kept == list(range(1, len(kept) + 1))
    assert 30 < len(kept) < 60
    assert result.value["next"] == {"after": kept[-1]}
    assert result.truncated
    assert result.value["truncated"]
    assert "smaller limit" in result.note
    assert size_of(result.value) <= MAX_CHARACTERS


def test_a_single_row_that_is_too_big_is_cut_and_passed() -> None:
    result = outcome(call_of("ninja-list-organizations"), Upstream([{"id": 1, "text": "x" * 99_000}, {"id": 2}]))
    assert result.truncated
    assert [row["id"] for row in result.value["items"]] == [1]
    assert result.value["next"] == {"after": 1}
    assert size_of(result.value) <= MAX_CHARACTERS


def test_a_last_row_that_is_cut_counts_as_truncated() -> None:
    result = outcome(call_of("ninja-list-organizations"), Upstream([{"id": 1, "text": "x" * 99_000}]))
    assert result.truncated


@pytest.mark.parametrize("page", [{}, None, "<html>", [1], [{"name": "no id"}], [{"id": "7"}], [{"id": True}]])
def test_a_list_of_another_shape_is_unusable(page: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        outcome(call_of("ninja-list-organizations"), lambda call: page)


def test_activities_come_newest_first_and_go_on_with_older_ones() -> None:
    upstream = Upstream(rows(50), by="olderThan", most=20)
    result = outcome(call_of("ninja-get-device-activities", device_id=43, limit=30), upstream)
    assert [row["id"] for row in result.value["items"]] == list(range(50, 20, -1))
    assert result.value["next"] == {"older_than": 21}
    assert [dict(call.query).get("olderThan") for call in upstream.calls] == [None, "31"]


def test_activities_end_when_there_are_no_older_ones() -> None:
    result = outcome(call_of("ninja-get-device-activities", device_id=43), Upstream(rows(12), by="olderThan"))
    assert len(result.value["items"]) == 12
    assert result.value["next"] is None


def test_fewer_activities_than_the_smallest_page_are_cut_from_it() -> None:
    upstream = Upstream(rows(50), by="olderThan")
    result = outcome(call_of("ninja-get-device-activities", device_id=43, limit=2), upstream)
    assert [row["id"] for row in result.value["items"]] == [50, 49]
    assert result.value["next"] == {"older_than": 49}
    assert dict(upstream.calls[0].query)["pageSize"] == "10"


def test_long_activities_are_dropped_from_the_old_end() -> None:
    upstream = Upstream(rows(50, message="x" * 2000), by="olderThan")
    result = outcome(call_of("ninja-get-device-activities", device_id=43), upstream)
    kept = [row["id"] for row in result.value["items"]]
    assert kept[0] == 50
    assert result.value["next"] == {"older_than": kept[-1]}
    assert "newer_than" in result.note


@pytest.mark.parametrize("value", [None, "2", [2], {"id": 2}])
def test_a_row_whose_owner_cannot_be_read_is_nobodys(value: Any) -> None:
    assert not Among("organizationId", frozenset({2})).fits({"organizationId": value})


@pytest.mark.parametrize("tool", ["ninja-get-device-activities", "ninja-get-ticket-log"])
def test_next_can_be_followed_where_ids_have_64_bits(tool: str) -> None:
    whose = {"device_id": 43} if tool == "ninja-get-device-activities" else {"ticket_id": 1014}
    first = 5_000_000_000
    many = [{"id": first + number} for number in range(50)]
    by = "olderThan" if "device_id" in whose else "anchorId"
    result = outcome(call_of(tool, **whose, limit=20), Upstream(many, by=by))
    following = result.value["next"]
    assert next(iter(following.values())) > first
    seen = [row["id"] for row in result.value["items"]]
    rest = outcome(call_of(tool, **whose, **following), Upstream(many, by=by))
    assert {*seen, *(row["id"] for row in rest.value["items"])} == {row["id"] for row in many}


@pytest.mark.parametrize("page", [[], {}, {"activities": {}}, None])
def test_activities_of_another_shape_are_unusable(page: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        outcome(call_of("ninja-get-device-activities", device_id=43), lambda call: page)


def test_a_ticket_log_goes_on_after_its_last_entry() -> None:
    upstream = Upstream(rows(9), by="anchorId", most=4)
    result = outcome(call_of("ninja-get-ticket-log", ticket_id=1014, limit=6), upstream)
    assert [row["id"] for row in result.value["items"]] == [1, 2, 3, 4, 5, 6]
    assert result.value["next"] == {"after": 6}


SOFTWARE = [{"name": f"{name} {number}"} for name in ("Chrome", "Firefox") for number in range(10)]


def test_a_whole_list_is_filtered_and_paged_by_us() -> None:
    call = call_of("ninja-get-device-software", device_id=41, name="fireFOX", limit=4, offset=4)
    result = outcome(call, lambda call: SOFTWARE)
    assert [row["name"][-1] for row in result.value["items"]] == ["4", "5", "6", "7"]
    assert result.value["next"] == {"offset": 8}
    assert not result.truncated


def test_the_end_of_a_whole_list_has_no_next() -> None:
    result = outcome(call_of("ninja-get-device-software", device_id=41, offset=15), lambda call: SOFTWARE)
    assert len(result.value["items"]) == 5
    assert result.value["next"] is None
    far = outcome(call_of("ninja-get-device-software", device_id=41, offset=99), lambda call: SOFTWARE)
    assert far.value == {"items": [], "next": None, "truncated": False}


def test_a_whole_list_that_is_too_long_goes_on_with_the_first_dropped_row() -> None:
    fat = [{"name": f"{number}", "text": "x" * 900} for number in range(100)]
    result = outcome(call_of("ninja-get-device-software", device_id=41, offset=10), lambda call: fat)
    kept = len(result.value["items"])
    assert result.value["next"] == {"offset": 10 + kept}
    assert result.value["items"][-1]["name"] == str(9 + kept)
    assert result.truncated
    assert "narrow by name" in result.note


def test_a_list_without_offset_says_that_rows_are_missing() -> None:
    result = outcome(call_of("ninja-get-device-services", device_id=41, limit=2), lambda call: SOFTWARE)
    assert result.value["next"] is None
    assert result.truncated
    assert result.note == "2 of 20 rows. Narrow by name or state, or raise limit."


def test_a_whole_list_with_one_huge_row_is_cut() -> None:
    result = outcome(call_of("ninja-get-device-disks", device_id=41), lambda call: [{"name": "x" * 99_000}])
    assert result.truncated
    assert size_of(result.value) <= MAX_CHARACTERS


def test_scripts_are_found_by_what_they_are_for() -> None:
    scripts = [
        {"id": 1, "name": "Disk Cleanup", "language": "powershell", "operatingSystems": ["Windows"]},
        {"id": 2, "name": "Disk usage", "language": "sh", "operatingSystems": ["Linux", "Mac"]},
    ]
    call = call_of("ninja-list-scripts", name="disk", language="SH", operating_system="linux")
    assert [row["id"] for row in outcome(call, lambda call: scripts).value["items"]] == [2]


def test_alerts_that_name_another_organization_stay_out() -> None:
    alerts = [
        {"uid": "a"},
        {"uid": "b", "device": {"organizationId": 2}},
        {"uid": "c", "device": {"organizationId": 3}},
        {"uid": "d", "sourceType": "OTHER"},
    ]
    call = call_of("ninja-list-alerts", organization_id=2, source_type="AGENT_OFFLINE")
    assert [row["uid"] for row in outcome(call, lambda call: alerts).value["items"]] == ["a", "b"]


def test_a_filter_without_its_path_keeps_nothing() -> None:
    assert not Filter(("device", "id"), 7).fits({"device": None})
    assert Filter(("device", "id"), 7).fits({"device": {"id": 7}})
