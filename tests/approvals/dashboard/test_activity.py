from __future__ import annotations

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from approvals.errors import GateError
from approvals.models import Invocation, Status
from approvals.reading import status_now
from integrations.clock import database_now
from tests.approvals.asking import approve, approved_and_sent, ask, in_order, submit
from tests.approvals.dashboard.looking import ACTIVITY, text
from tests.cast import Tenant


def story_url(row: Invocation) -> str:
    return f"{ACTIVITY}{row.pk}/"


def test_reads_writes_and_refusals_stand_in_one_list(acme: Tenant) -> None:
    ask(acme, "ninja-get-device", device_id=43)
    approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    acme.connection.tool_policies.create(msp=acme.msp, tool="ninjaone:ninja-list-alerts", mode="disabled")
    with pytest.raises(GateError):
        ask(acme, "ninja-list-alerts")
    page = text(acme.signed_in(acme.viewer), ACTIVITY)
    for words in (
        "ninja-get-device",
        "ninja-reboot-device",
        "ninja-list-alerts",
        "tool_disabled",
        "Succeeded",
        "Failed",
    ):
        assert words in page
    assert (
        page.index("ninja-list-alerts</a>") < page.index("ninja-reboot-device</a>") < page.index("ninja-get-device</a>")
    )


def test_a_read_tells_its_whole_story(acme: Tenant) -> None:
    row = ask(acme, "ninja-get-device", device_id=43)
    page = text(acme.signed_in(acme.viewer), story_url(row))
    assert "helpdesk-bot asked for ninja-get-device" in page
    assert "NinjaOne answered." in page
    assert "systemName" in page
    assert "Timeline" in page
    assert "The approval" not in page


def test_a_refusal_says_that_nothing_was_sent(acme: Tenant) -> None:
    acme.connection.tool_policies.create(msp=acme.msp, tool="ninjaone:ninja-list-alerts", mode="disabled")
    with pytest.raises(GateError):
        ask(acme, "ninja-list-alerts")
    page = text(acme.signed_in(acme.viewer), story_url(Invocation.objects.get()))
    assert "It was refused and never sent." in page
    assert "The exact request" not in page


def test_a_request_leads_to_its_approval(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert f'href="/dashboard/approvals/approvalrequest/{row.pk}/"' in text(acme.signed_in(acme.viewer), story_url(row))


@pytest.mark.parametrize(
    ("status", "shows"), [(Status.PENDING_APPROVAL, True), (Status.QUEUED, False), (Status.DENIED, False), ("", True)]
)
def test_the_status_narrows_the_list(acme: Tenant, status: str, shows: bool) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    page = text(acme.signed_in(acme.viewer), f"{ACTIVITY}?status={status}")
    assert (story_url(row) in page) is shows


@pytest.mark.parametrize("status", Status)
def test_the_filter_agrees_with_how_each_row_reads_now(acme: Tenant, status: Status) -> None:
    past = database_now() - timedelta(seconds=1)
    overdue = ask(acme, "ninja-reboot-device", device_id=43)
    Invocation.objects.filter(pk=overdue.pk).update(expires_at=past)
    late = approve(acme, ask(acme, "ninja-reboot-device", device_id=44))
    Invocation.objects.filter(pk=late.pk).update(release_by=past)
    lost = approve(acme, ask(acme, "ninja-reboot-device", device_id=41))
    Invocation.objects.filter(pk=lost.pk).update(status=Status.DISPATCHING, lease_until=past, dispatch_started_at=past)
    ask(acme, "ninja-get-device", device_id=43)
    ask(acme, "ninja-control-service", device_id=41, service="Spooler", action="stop")
    page = text(acme.signed_in(acme.viewer), f"{ACTIVITY}?status={status}")
    now = database_now()
    for row in Invocation.objects.all():
        assert (story_url(row) in page) is (status_now(row, now) is status), row


def test_an_empty_history_says_what_to_do_next(acme: Tenant) -> None:
    assert "Make an agent, give it a key" in text(acme.signed_in(acme.viewer), ACTIVITY)


def test_nobody_writes_history(acme: Tenant) -> None:
    row = ask(acme, "ninja-get-device", device_id=43)
    for user in (acme.admin, acme.approver):
        client = acme.signed_in(user)
        assert client.get(f"{ACTIVITY}add/").status_code == 403
        assert client.post(f"{ACTIVITY}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post(f"{story_url(row)}", {"status": "denied"}).status_code in {200, 403, 405}
    assert Invocation.objects.get(pk=row.pk).status == Status.SUCCEEDED


def test_a_long_history_is_not_counted_to_its_end(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 5):
        ask(acme, "ninja-list-devices", limit=number)
    client = acme.signed_in(acme.viewer)
    assert "4 calls" in text(client, ACTIVITY)
    monkeypatch.setattr("approvals.history.pages.COUNT_CAP", 3)
    monkeypatch.setattr("approvals.admin.activity.COUNT_CAP", 3)
    assert "more than 2 calls" in text(client, ACTIVITY)


def test_pages_lead_to_older_calls_and_back(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = in_order(ask(acme, "ninja-list-devices", limit=number) for number in range(1, 6))
    monkeypatch.setattr("approvals.history.pages.SIZE", 2)
    client = acme.signed_in(acme.viewer)
    page = text(client, f"{ACTIVITY}?tool=ninjaone:ninja-list-devices")
    assert shown(page) == [rows[4], rows[3]]
    assert link(page, "Newest") is None
    page = text(client, ACTIVITY + str(link(page, "Older")))
    assert shown(page) == [rows[2], rows[1]]
    assert "hx-get" not in page.partition('id="rows"')[2].partition(">")[0]
    page = text(client, ACTIVITY + str(link(page, "Oldest")))
    assert shown(page) == [rows[1], rows[0]]
    assert (link(page, "Older"), link(page, "Oldest")) == (None, None)
    page = text(client, ACTIVITY + str(link(page, "Newer")))
    assert shown(page) == [rows[3], rows[2]]
    assert link(page, "Newest") == "?tool=ninjaone%3Aninja-list-devices"


@pytest.mark.parametrize(
    "query",
    [
        "before=x", "after=", "before=%00", "q=%00", "since=yesterday", "until=2026-13-01", "when=never", "status=x",
        "tool=x", "agent=x", "organization=-1", "person=1", "device=%00", "device=99999999999", "device=" + "9" * 400,
        "since=2026-03-29T02:30", "since=0001-01-01T00:00&until=9999-12-31T23:59", "q=" + "x" * 300,
    ],
)  # fmt: skip
def test_what_cannot_be_read_shows_a_page_all_the_same(acme: Tenant, query: str) -> None:
    acme.msp.time_zone = "Europe/Berlin"
    acme.msp.save()
    ask(acme, "ninja-get-device", device_id=43)
    text(acme.signed_in(acme.viewer), f"{ACTIVITY}?{query}")


@pytest.mark.parametrize("field", ["status", "tool", "agent", "organization", "person", "when", "since", "until"])
def test_a_filter_that_is_none_shows_nothing_and_says_so(acme: Tenant, field: str) -> None:
    row = ask(acme, "ninja-get-device", device_id=43)
    page = text(acme.signed_in(acme.viewer), f"{ACTIVITY}?{field}=nonsense")
    assert story_url(row) not in page
    assert "Nothing fits" in page
    assert 'class="errorlist"' in page


def test_devices_are_found_by_number_and_by_part_of_their_name(acme: Tenant) -> None:
    row, other = ask(acme, "ninja-reboot-device", device_id=43), ask(acme, "ninja-reboot-device", device_id=41)
    client = acme.signed_in(acme.viewer)
    for device in ("43", row.device_name, row.device_name.lower()[2:]):
        page = text(client, f"{ACTIVITY}?device={device}")
        assert (story_url(row) in page, story_url(other) in page) == (True, False), device
    assert "No call was about a device of this name." in text(client, f"{ACTIVITY}?device=NO-SUCH")


def test_times_are_those_of_the_msps_zone(acme: Tenant) -> None:
    acme.msp.time_zone = "Pacific/Auckland"
    acme.msp.save()
    row = ask(acme, "ninja-get-device", device_id=43)
    local = row.created_at.astimezone(ZoneInfo("Pacific/Auckland"))
    client = acme.signed_in(acme.viewer)
    before, after = (f"{local + timedelta(minutes=by):%Y-%m-%dT%H:%M}" for by in (-1, 1))
    assert story_url(row) in text(client, f"{ACTIVITY}?since={before}&until={after}&when=hour")
    assert story_url(row) not in text(client, f"{ACTIVITY}?since={after}")
    assert story_url(row) not in text(client, f"{ACTIVITY}?until={before}")
    assert story_url(row) not in text(client, f"{ACTIVITY}?when=yesterday")
    assert "Times are in Pacific/Auckland." in text(client, ACTIVITY)


def test_a_call_is_found_by_its_id_and_by_its_words(acme: Tenant) -> None:
    row = submit(acme, "ninja-get-device", device_id=43, options={"reason": "The printer of room 7"}).invocation
    client = acme.signed_in(acme.viewer)
    for words in (str(row.pk), str(row.pk).upper(), "PRINTER of room"):
        assert story_url(row) in text(client, f"{ACTIVITY}?q={words}"), words
    assert story_url(row) not in text(client, f"{ACTIVITY}?q=scanner")


def test_a_search_that_is_not_through_says_how_far_it_came(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    row = submit(acme, "ninja-get-device", device_id=43, options={"reason": "The printer"}).invocation
    for number in range(1, 4):
        ask(acme, "ninja-list-devices", limit=number)
    monkeypatch.setattr("approvals.history.pages.SEARCHED", 2)
    client = acme.signed_in(acme.viewer)
    page = text(client, f"{ACTIVITY}?q=printer")
    assert "None of the calls that were looked at has these words." in page
    assert story_url(row) in text(client, ACTIVITY + str(link(page, "Look further back")))


def shown(page: str) -> list[Invocation]:
    """The calls of a page, as it lists them."""
    return [Invocation.objects.get(pk=pk) for pk in re.findall(r'id="row-([^"]+)"', page)]


def link(page: str, words: str) -> str | None:
    """Where the link of these words leads."""
    found = re.search(rf'href="([^"]*)"[^>]*>{words}</a>', page)
    return None if found is None else html.unescape(found[1])


def test_other_spellings_of_an_id_are_no_addresses(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    browser = acme.signed_in(acme.viewer)
    for place in (ACTIVITY, "/dashboard/approvals/approvalrequest/"):
        assert browser.get(f"{place}{row.pk}/").status_code == 200
        for spelling in (row.pk.hex, f"{{{row.pk}}}", str(row.pk).upper(), f"urn:uuid:{row.pk}", "nonsense"):
            assert browser.get(f"{place}{spelling}/", follow=True).status_code == 404
            assert browser.get(f"{place}{spelling}/change/").status_code == 404
            assert browser.post(f"{place}{spelling}/change/", {"status": "queued"}).status_code == 404
