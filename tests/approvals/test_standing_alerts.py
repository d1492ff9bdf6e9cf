"""The alerts that stand on a device are shown to people, and decide nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from approvals.dispatch import dispatch_due
from approvals.display.device_alerts import device_alerts
from approvals.models import Invocation, Status
from integrations.models import Connection
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import Fault, dropped, garbage, html, status
from tests.approvals.asking import again, approve, approved_and_sent, ask, submit
from tests.approvals.dashboard.looking import page_url, text
from tests.cast import Tenant

ALERTS = r"/v2/device/\d+/alerts"


def seen(row: Invocation) -> Any:
    return json.loads(row.facts).get("alerts")


def reads(ninjaone: Sandbox) -> int:
    return len([call for call in ninjaone.calls("GET") if call.path.endswith("/alerts")])


def alerts_add(ninjaone: Sandbox, device_id: int, *names: str) -> None:
    for number, name in enumerate(names):
        uid = f"00000000-0000-4000-8000-{number:012}"
        ninjaone.acme.alerts[uid] = {"uid": uid, "deviceId": device_id, "subject": name, "createTime": 1e9 - number}


def page_of(tenant: Tenant, row: Invocation) -> str:
    return text(tenant.signed_in(tenant.viewer), page_url(row)).split('id="content-start"')[1]


def test_a_device_in_peace_has_no_active_alerts(acme: Tenant) -> None:
    row = ask(acme, "ninja-run-bash", device_id=43, script="id")
    assert seen(row) == {"count": 0, "names": [], "trouble": ""}
    heading = page_of(acme, row).split("</h1>")[0]
    assert heading.endswith("before the request, no active alerts")


def test_the_sentence_counts_them_and_the_newest_are_named(acme: Tenant, ninjaone: Sandbox) -> None:
    alerts_add(ninjaone, 43, "Disk", "CPU", "Memory", "Swap", "Load")
    page = page_of(acme, ask(acme, "ninja-reboot-device", device_id=43))
    assert page.split("</h1>")[0].endswith(", <strong>5 active alerts</strong>")
    assert "<strong>5 active alerts</strong>: Disk, CPU, Memory" in page
    assert "and 2 more" in page
    assert "Swap" not in page


def test_a_single_one_is_no_plural(acme: Tenant, ninjaone: Sandbox) -> None:
    alerts_add(ninjaone, 43, "Disk")
    assert "<strong>1 active alert</strong>" in page_of(acme, ask(acme, "ninja-reboot-device", device_id=43))


def test_a_name_is_text_by_strangers(acme: Tenant, ninjaone: Sandbox) -> None:
    alerts_add(ninjaone, 43, "<img src=x>\u202edaol")
    page = page_of(acme, ask(acme, "ninja-reboot-device", device_id=43))
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page
    assert "\u202e" not in page
    assert "<b>U+202E</b>" in page


@pytest.mark.parametrize("fault", [status(503), status(403), status(404), html(), garbage(), dropped()])
def test_alerts_that_cannot_be_read_are_unknown_and_the_call_waits_all_the_same(
    acme: Tenant, ninjaone: Sandbox, fault: Fault
) -> None:
    ninjaone.faults.add("GET", ALERTS, fault, times=9)
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert row.status == Status.PENDING_APPROVAL
    assert seen(row)["count"] is None
    assert seen(row)["trouble"]
    page = page_of(acme, row)
    assert page.split("</h1>")[0].endswith(", alerts unknown")
    assert "no active alerts" not in page


def test_the_agent_does_not_wait_long_for_them(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float | None] = []

    def read(*, connection: Connection, call: Any, seconds: float | None = None) -> Any:
        given.append(seconds)
        return []

    monkeypatch.setattr("approvals.surroundings.read_json", read)
    ask(acme, "ninja-reboot-device", device_id=43)
    assert given == [4.0]


def test_alerts_that_come_and_go_block_nothing(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    alerts_add(ninjaone, 43, "Disk")
    dispatch_due()
    assert again(row.pk).status == Status.SUCCEEDED
    assert "alerts" not in json.loads(row.consent)["facts"]


def test_they_are_read_once_and_not_before_the_call_is_sent(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert reads(ninjaone) == 1
    assert submit(acme, "ninja-reboot-device", device_id=43).is_replay
    assert approved_and_sent(acme, row).status == Status.SUCCEEDED
    assert reads(ninjaone) == 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ninja-get-device", {"device_id": 43}),
        ("ninja-create-ticket", {"organization_id": 2, "ticket_form_id": 1, "subject": "x", "device_id": 43}),
        ("ninja-api-post", {"path": "/v2/organizations", "body": {"name": "Delta"}}),
    ],
)
def test_nobody_looks_where_nobody_decides_or_no_device_is_touched(
    acme: Tenant, ninjaone: Sandbox, tool: str, arguments: dict[str, Any]
) -> None:
    assert seen(ask(acme, tool, **arguments)) is None
    assert reads(ninjaone) == 0


def test_a_dry_run_does_not_look(acme: Tenant, ninjaone: Sandbox) -> None:
    submit(acme, "ninja-reboot-device", options={"dry_run": True}, device_id=43)
    assert reads(ninjaone) == 0


def test_a_device_of_the_same_number_at_another_msp_has_its_own(
    acme: Tenant, northwind: Tenant, ninjaone: Sandbox
) -> None:
    ninjaone.northwind.alerts.clear()
    alerts_add(ninjaone, 43, "Disk")
    row = ask(northwind, "ninja-reboot-device", device_id=43)
    assert seen(row)["count"] == 0
    text(acme.signed_in(acme.viewer), page_url(row), 404)


def test_agents_are_not_told_what_people_see(acme: Tenant, ninjaone: Sandbox) -> None:
    alerts_add(ninjaone, 43, "Disk of the boss")
    row = ask(acme, "ninja-reboot-device", device_id=43)
    answer = acme.signed_in(acme.viewer).get(f"/api/v1/invocations/{row.pk}", **acme.bearer())
    assert answer.status_code == 200
    assert "Disk of the boss" not in answer.content.decode()


def test_without_a_look_the_page_says_nothing_of_alerts() -> None:
    assert device_alerts({}) is None
