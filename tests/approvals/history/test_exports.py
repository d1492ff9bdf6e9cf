"""The activity as a file: complete, on record, for those who may, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.http import StreamingHttpResponse

from approvals.history import exports
from approvals.history.exports import COLUMNS, formula_safe
from approvals.models import Invocation, Status
from integrations.clock import database_now
from integrations.models import AuditEvent, User
from tests.approvals.asking import approve, ask
from tests.approvals.dashboard.looking import ACTIVITY
from tests.cast import Tenant
from tests.config.rows import invocation_make

EXPORT = f"{ACTIVITY}export/"


def exported(tenant: Tenant, user: User | None = None, **fields: str) -> str:
    response: Any = tenant.signed_in(user or tenant.approver).post(EXPORT, {"format": "csv", **fields})
    assert isinstance(response, StreamingHttpResponse)
    assert response.status_code == 200
    return response.getvalue().decode()


def lines_of(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_every_call_that_fits_is_in_the_file_newest_first(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    now = database_now()
    rows = [invocation_make(acme, Status.FAILED, created_at=now - timedelta(seconds=back)) for back in range(1, 6)]
    lines = lines_of(exported(acme))
    assert [line["id"] for line in lines] == [str(row.pk) for row in rows]
    assert tuple(lines[0]) == COLUMNS


def test_whoever_takes_the_file_slowly_holds_no_connection_of_the_pool(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[int] = []
    monkeypatch.setattr(exports, "BATCH", 1)
    monkeypatch.setattr(exports, "connection_release", lambda: given_back.append(1))
    for back in range(3):
        invocation_make(acme, Status.FAILED, created_at=database_now() - timedelta(seconds=back + 1))
    response: Any = acme.signed_in(acme.approver).post(EXPORT, {"format": "jsonl"})
    for number, _ in enumerate(response, start=1):
        assert len(given_back) == number


def test_a_line_says_what_the_list_and_the_page_say(acme: Tenant) -> None:
    acme.msp.time_zone = "Europe/Berlin"
    acme.msp.save()
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    line = lines_of(exported(acme))[0]
    said = {name: line[name] for name in ("tool", "status", "agent", "device_id", "device", "decided_by")}
    assert said == {
        "tool": "ninja-reboot-device",
        "status": "queued",
        "agent": "helpdesk-bot",
        "device_id": "43",
        "device": row.device_name,
        "decided_by": "acme-approver",
    }
    assert line["asked_at"].endswith(("+01:00", "+02:00"))


def test_json_lines_hold_the_same_with_its_types(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    (line,) = [json.loads(one) for one in exported(acme, format="jsonl").splitlines()]
    assert tuple(line) == COLUMNS
    assert (line["id"], line["device_id"], line["is_write"], line["decided_at"]) == (str(row.pk), 43, True, None)


def test_no_file_holds_arguments_requests_or_results(acme: Tenant) -> None:
    ask(acme, "ninja-run-bash", device_id=43, script="echo very-secret-word")
    read = ask(acme, "ninja-get-device", device_id=43)
    assert read.result
    for kind in ("csv", "jsonl"):
        text = exported(acme, format=kind)
        assert "very-secret-word" not in text
        assert "systemName" not in text


def test_the_filters_of_the_page_are_those_of_the_file(acme: Tenant) -> None:
    ask(acme, "ninja-get-device", device_id=43)
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert [line["id"] for line in lines_of(exported(acme, tool="ninjaone:ninja-reboot-device"))] == [str(row.pk)]
    assert lines_of(exported(acme, q="no such words")) == []
    response = acme.signed_in(acme.approver).post(EXPORT, {"format": "csv", "tool": "no-such-tool"})
    assert response.status_code == 400
    assert acme.signed_in(acme.approver).post(EXPORT, {"format": "xlsx"}).status_code == 400


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_nothing_in_a_cell_is_computed(acme: Tenant, start: str) -> None:
    text = f'{start}cmd|" /C calc"!A0,";\n'
    assert formula_safe(text) == f"'{text}"
    invocation_make(acme, Status.FAILED, reason=text, device_name=text)
    file = exported(acme)
    line = lines_of(file)[0]
    assert line["reason"] == line["device"] == f"'{text}"
    assert f',"{start}' not in file
    assert json.loads(exported(acme, format="jsonl"))["reason"] == text


@pytest.mark.parametrize(("value", "cell"), [(None, ""), (0, "0"), (True, "True"), ("a=1", "a=1"), ("", "")])
def test_other_cells_stay_as_they_are(value: object, cell: str) -> None:
    assert formula_safe(value) == cell


def test_an_export_is_on_record_with_its_filters(acme: Tenant) -> None:
    exported(acme, acme.admin, tool="ninjaone:ninja-get-device", format="jsonl")
    event = AuditEvent.objects.get(action="activity.exported")
    assert event.actor.endswith("acme-admin") or "acme-admin" in event.record
    assert json.loads(event.record)["data"] == {"format": "jsonl", "filters": {"tool": "ninjaone:ninja-get-device"}}


def test_viewers_read_and_do_not_export(acme: Tenant) -> None:
    ask(acme, "ninja-get-device", device_id=43)
    viewer = acme.signed_in(acme.viewer)
    assert viewer.post(EXPORT, {"format": "csv"}).status_code == 403
    assert b"Approvers and admins can export" in viewer.get(ACTIVITY).content
    assert not AuditEvent.objects.filter(action="activity.exported").exists()


def test_a_look_exports_nothing(acme: Tenant) -> None:
    assert acme.signed_in(acme.approver).get(EXPORT).status_code == 405


def test_a_file_holds_nothing_of_another_msp(acme: Tenant, northwind: Tenant) -> None:
    foreign = ask(northwind, "ninja-reboot-device", device_id=43)
    ask(acme, "ninja-get-device", device_id=43)
    for words, device in (("", ""), (str(foreign.pk), ""), ("", "43")):
        text = exported(acme, format="jsonl", q=words, device=device)
        assert str(foreign.pk) not in text
        assert "Northwind" not in text
    response = acme.signed_in(acme.approver).post(EXPORT, {"format": "csv", "agent": str(foreign.agent_id)})
    assert response.status_code == 400
    assert Invocation.objects.filter(pk=foreign.pk, status=Status.PENDING_APPROVAL).exists()
