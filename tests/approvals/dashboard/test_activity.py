from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.errors import GateError
from approvals.models import Invocation, Status
from approvals.reading import status_now
from integrations.clock import database_now
from tests.approvals.asking import approve, approved_and_sent, ask
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
    monkeypatch.setattr("integrations.tenant_admin.COUNT_CAP", 3)
    monkeypatch.setattr("approvals.admin.activity.InvocationAdmin.list_per_page", 2)
    page = text(acme.signed_in(acme.viewer), ACTIVITY)
    assert "3 in all" in page
