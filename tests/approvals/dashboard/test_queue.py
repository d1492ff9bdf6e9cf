from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.models import Invocation
from integrations.clock import database_now
from tests.approvals.asking import ask
from tests.approvals.dashboard.looking import QUEUE, deny, page_url, text
from tests.cast import Tenant


@pytest.fixture
def row(acme: Tenant) -> Invocation:
    return ask(acme, "ninja-reboot-device", device_id=43)


def overdue(row: Invocation) -> None:
    """As if nobody had decided in time."""
    Invocation.objects.filter(pk=row.pk).update(expires_at=database_now() - timedelta(seconds=1))


def test_the_queue_shows_what_waits_in_words(acme: Tenant, row: Invocation) -> None:
    page = text(acme.signed_in(acme.viewer), QUEUE)
    assert f"Reboot on <strong>{row.device_name}</strong>, <strong>{row.organization_name}</strong>" in page
    assert page_url(row) in page
    assert "helpdesk-bot" in page
    assert "ninja-reboot-device" in page
    assert " left</span>" in page
    assert 'type="checkbox"' not in page.partition('id="rows"')[2].partition('id="keys"')[0]


def test_what_was_decided_stands_under_its_own_tab(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.approver)
    deny(client, row)
    assert page_url(row) not in text(client, QUEUE)
    assert "Nothing waits" in text(client, QUEUE)
    assert page_url(row) in text(client, f"{QUEUE}?show=decided")
    assert page_url(row) in text(client, f"{QUEUE}?show=all")


def test_decided_requests_stand_newest_first(acme: Tenant, row: Invocation) -> None:
    second, third = ask(acme, "ninja-reboot-device", device_id=41), ask(acme, "ninja-reboot-device", device_id=45)
    client = acme.signed_in(acme.approver)
    for one in (third, row, second):
        deny(client, one)
    for tab in ("decided", "all"):
        page = text(client, f"{QUEUE}?show={tab}")
        assert page.index(page_url(third)) < page.index(page_url(second)) < page.index(page_url(row))


def test_an_overdue_request_reads_as_expired_before_any_sweeper_ran(acme: Tenant, row: Invocation) -> None:
    overdue(row)
    client = acme.signed_in(acme.approver)
    assert page_url(row) not in text(client, QUEUE)
    assert "Expired" in text(client, f"{QUEUE}?show=decided")
    page = text(client, page_url(row))
    assert "Its time was over" in page
    assert "Approve exactly this" not in page


def test_calls_that_asked_nobody_are_not_in_it(acme: Tenant) -> None:
    read = ask(acme, "ninja-get-device", device_id=43)
    client = acme.signed_in(acme.approver)
    assert str(read.pk) not in text(client, f"{QUEUE}?show=all")
    assert client.get(page_url(read)).status_code == 404


def test_the_script_gets_the_rows_alone(acme: Tenant, row: Invocation) -> None:
    part = text(acme.signed_in(acme.viewer), QUEUE, is_poll=True)
    assert page_url(row) in part
    assert "<html" not in part


def test_a_page_left_open_past_its_session_reloads(acme: Tenant) -> None:
    client = acme.signed_in(acme.viewer)
    client.logout()
    response = client.get(QUEUE, headers={"HX-Request": "true"})
    assert response.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("query", "shows"),
    [
        ("tool=ninjaone:ninja-reboot-device", True),
        ("tool=ninjaone:ninja-run-bash", False),
        ("tool=", True),
        ("agent=", True),
        ("agent=00000000-0000-0000-0000-000000000000", False),
        ("agent=nobody", False),
    ],
)
def test_filters_narrow_the_queue(acme: Tenant, row: Invocation, query: str, shows: bool) -> None:
    assert (page_url(row) in text(acme.signed_in(acme.viewer), f"{QUEUE}?{query}")) is shows


def test_the_filter_of_agents_finds_the_agent(acme: Tenant, row: Invocation) -> None:
    page = text(acme.signed_in(acme.viewer), f"{QUEUE}?agent={acme.agent.pk}")
    assert page_url(row) in page
    assert f'<option value="{acme.agent.pk}" selected>helpdesk-bot</option>' in page


@pytest.mark.parametrize("query", ["agent__owner__password__startswith=x", "msp__name=x", "digest__startswith=x"])
def test_free_lookups_are_refused(acme: Tenant, query: str) -> None:
    assert acme.signed_in(acme.viewer).get(f"{QUEUE}?{query}").status_code == 400


def test_there_is_no_deciding_in_bulk(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.approver)
    client.post(QUEUE, {"action": "delete_selected", "_selected_action": [str(row.pk)], "select_across": "1"})
    assert Invocation.objects.get(pk=row.pk).status == "pending_approval"
