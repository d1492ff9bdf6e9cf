from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.ninjaone.sandbox import Sandbox, SandboxRequest
from tests.integrations.sandbox.caller import Caller

NEW = {"clientId": 2, "ticketFormId": 1, "subject": "Printer on fire", "status": "1000"}


def _create(acme: Caller, **more: Any) -> dict[str, Any]:
    answer = acme.send("POST", "/v2/ticketing/ticket", body={**NEW, **more})
    assert answer.status == 200, answer.body
    ticket: dict[str, Any] = json.loads(answer.body)
    return ticket


def _full(ticket: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The PUT body that leaves a ticket as it is, with the changes."""
    kept = {
        key: ticket[key]
        for key in ("version", "clientId", "ticketFormId", "subject", "requesterUid", "type", "priority", "severity")
    }
    rest = {"status": ticket["status"]["name"], "cc": ticket["ccList"], "tags": ticket["tags"]}
    for key in ("nodeId", "locationId", "assignedAppUserId"):
        if key in ticket:
            rest[key] = ticket[key]
    return {**kept, **rest, **changed}


def test_a_created_ticket_can_be_read_and_has_its_description_in_the_log(acme: Caller) -> None:
    ticket = _create(acme, nodeId=41, priority="HIGH", description={"public": True, "body": "Smoke."})
    assert ticket["version"] == 1
    assert ticket["status"]["name"] == "NEW"
    assert acme.get(f"/v2/ticketing/ticket/{ticket['id']}") == ticket
    (entry,) = acme.get(f"/v2/ticketing/ticket/{ticket['id']}/log-entry")
    assert (entry["type"], entry["body"], entry["publicEntry"]) == ("DESCRIPTION", "Smoke.", True)
    assert entry["appUserContactId"] == 12


def test_a_ticket_without_a_description_has_an_empty_log(acme: Caller) -> None:
    ticket = _create(acme)
    assert acme.get(f"/v2/ticketing/ticket/{ticket['id']}/log-entry") == []


def test_an_update_that_changes_nothing_raises_the_version_and_logs_nothing(acme: Caller) -> None:
    before = acme.get("/v2/ticketing/ticket/1014/log-entry")
    body = _full(acme.get("/v2/ticketing/ticket/1014"))
    assert acme.send("PUT", "/v2/ticketing/ticket/1014", body=body).status == 200
    assert acme.get("/v2/ticketing/ticket/1014")["version"] == 4
    assert acme.get("/v2/ticketing/ticket/1014/log-entry") == before


@pytest.mark.parametrize(
    "changed",
    [
        {"clientId": 404},
        {"ticketFormId": 99},
        {"nodeId": 9999},
        {"requesterUid": "00000000-0000-4000-8000-000000000000"},
        {"assignedAppUserId": 9999},
        {"status": "SOMETIME"},
        {"status": 1000},
        {"priority": "CRITICAL"},
        {"type": "problem"},
        {"subject": "x" * 201},
        {"description": {"body": "no public"}},
        {"description": {"public": True, "colour": "red"}},
        {"attributes": [{"attributeId": 11}]},
        {"cc": {"phones": []}},
        {"cc": []},
        {"tags": "printing"},
        {"version": 1},
    ],
)
def test_a_ticket_that_names_what_is_not_there_is_refused(
    sandbox: Sandbox, acme: Caller, changed: dict[str, Any]
) -> None:
    count = len(sandbox.acme.tickets)
    assert acme.error("POST", "/v2/ticketing/ticket", body={**NEW, **changed})[0] == 400
    assert len(sandbox.acme.tickets) == count


@pytest.mark.parametrize("missing", NEW)
def test_the_required_fields_of_a_ticket_are_required(acme: Caller, missing: str) -> None:
    body = {key: value for key, value in NEW.items() if key != missing}
    assert acme.error("POST", "/v2/ticketing/ticket", body=body) == (400, f"{missing} must not be null")


def test_an_update_raises_the_version_and_logs_what_changed(acme: Caller) -> None:
    ticket = acme.get("/v2/ticketing/ticket/1014")
    body = _full(ticket, status="3000", subject="Spooler, again")
    answer = acme.send("PUT", "/v2/ticketing/ticket/1014", body=body)
    assert answer.status == 200
    changed = json.loads(answer.body)
    assert changed["version"] == 4
    assert changed == acme.get("/v2/ticketing/ticket/1014")
    entry = acme.get("/v2/ticketing/ticket/1014/log-entry", type="SAVE")[-1]
    assert entry["changeDiff"] == {
        "status": {"old": "2000", "new": "3000"},
        "subject": {"old": "Print server spooler keeps stopping", "new": "Spooler, again"},
    }


def test_an_update_clears_what_it_leaves_out(acme: Caller) -> None:
    body = _full(acme.get("/v2/ticketing/ticket/1014"))
    del body["nodeId"], body["tags"]
    acme.send("PUT", "/v2/ticketing/ticket/1014", body=body)
    ticket = acme.get("/v2/ticketing/ticket/1014")
    assert "nodeId" not in ticket
    assert ticket["tags"] == []


def test_attributes_and_copies_come_back_under_their_other_names(acme: Caller) -> None:
    body = _full(
        acme.get("/v2/ticketing/ticket/1014"),
        attributes=[{"attributeId": 11, "value": "4400"}],
        cc={"uids": [], "emails": ["boss@acme-dental.example"]},
    )
    acme.send("PUT", "/v2/ticketing/ticket/1014", body=body)
    ticket = acme.get("/v2/ticketing/ticket/1014")
    assert ticket["attributeValues"] == [{"attributeId": 11, "value": "4400"}]
    assert ticket["ccList"]["emails"] == ["boss@acme-dental.example"]


def test_an_update_of_an_old_version_is_a_conflict_and_changes_nothing(acme: Caller) -> None:
    ticket = acme.get("/v2/ticketing/ticket/1014")
    assert acme.send("PUT", "/v2/ticketing/ticket/1014", body=_full(ticket, subject="first")).status == 200
    assert acme.error("PUT", "/v2/ticketing/ticket/1014", body=_full(ticket, subject="second"))[0] == 409
    assert acme.get("/v2/ticketing/ticket/1014")["subject"] == "first"


@pytest.mark.parametrize(
    "changed",
    [{"version": None}, {"requesterUid": None}, {"description": {"public": True}}, {"comment": "x"}],
)
def test_an_update_takes_no_comment_and_needs_version_and_requester(acme: Caller, changed: dict[str, Any]) -> None:
    body = _full(acme.get("/v2/ticketing/ticket/1014"), **changed)
    assert acme.error("PUT", "/v2/ticketing/ticket/1014", body=body)[0] == 400


def test_a_ticket_that_does_not_exist_is_not_found(acme: Caller) -> None:
    for method, path in [("GET", "9999"), ("PUT", "9999"), ("GET", "9999/log-entry"), ("POST", "9999/comment")]:
        assert acme.error(method, f"/v2/ticketing/ticket/{path}")[0] == 404


def test_the_log_pages_by_the_last_id_and_can_be_asked_by_type(acme: Caller) -> None:
    path = "/v2/ticketing/ticket/1014/log-entry"
    rows = acme.get(path)
    assert [row["type"] for row in rows] == ["DESCRIPTION", "COMMENT", "SAVE"]
    assert acme.get(path, pageSize=1) == rows[:1]
    assert acme.get(path, pageSize=1, anchorId=rows[0]["id"]) == rows[1:2]
    assert acme.get(path, anchorId=rows[-1]["id"]) == []
    assert acme.get(path, type=["COMMENT", "SAVE"]) == rows[1:]
    assert acme.get(path, type="COMMENT,SAVE") == rows[1:]


def _comment(acme: Caller, body: bytes, content_type: str) -> int:
    headers = {"Authorization": f"Bearer {acme.token}", "Content-Type": content_type}
    path = "/v2/ticketing/ticket/1014/comment"
    return acme.sandbox.handle(SandboxRequest(method="POST", path=path, headers=headers, body=body)).status


@pytest.mark.parametrize(
    ("part", "status"),
    [
        (b'{"public": false, "body": "On it."}', 200),
        (b'{"body": "no public"}', 400),
        (b"[]", 400),
        (b"not json", 400),
    ],
)
def test_a_comment_is_a_multipart_form(acme: Caller, part: bytes, status: int) -> None:
    body = b'--xx\r\nContent-Disposition: form-data; name="comment"\r\n\r\n' + part + b"\r\n--xx--\r\n"
    assert _comment(acme, body, "multipart/form-data; boundary=xx") == status
    last = acme.get("/v2/ticketing/ticket/1014/log-entry")[-1]
    assert (last.get("body") == "On it.") == (status == 200)


def test_a_comment_as_json_is_the_wrong_media_type(acme: Caller) -> None:
    assert _comment(acme, b'{"public": true}', "application/json") == 415
    assert _comment(acme, b"", "multipart/form-data; boundary=xx") == 400


def test_a_board_lists_tickets_with_a_cursor(acme: Caller) -> None:
    run = "/v2/ticketing/trigger/board/2/run"
    first = json.loads(acme.send("POST", run, body={"pageSize": 2}).body)
    assert [row["id"] for row in first["data"]] == [1014, 1015]
    rest = json.loads(acme.send("POST", run, body={"lastCursorId": first["metadata"]["lastCursorId"]}).body)
    assert [row["id"] for row in rest["data"]] == [1016, 1017]
    found = json.loads(acme.send("POST", run, body={"searchCriteria": "SPOOLER"}).body)
    assert [row["id"] for row in found["data"]] == [1014]
    assert acme.error("POST", "/v2/ticketing/trigger/board/9/run", body={})[0] == 404


def test_the_same_ticket_number_is_another_ticket_at_another_msp(acme: Caller, northwind: Caller) -> None:
    assert acme.get("/v2/ticketing/ticket/1014")["subject"] == "Print server spooler keeps stopping"
    assert northwind.get("/v2/ticketing/ticket/1014")["subject"] == "Document server is down"
    assert northwind.error("GET", "/v2/ticketing/ticket/1015")[0] == 404


def test_without_the_licence_every_ticket_call_is_forbidden(sandbox: Sandbox, acme: Caller) -> None:
    sandbox.acme.is_ticketing_licensed = False
    assert acme.error("GET", "/v2/ticketing/ticket/1014")[0] == 403
    assert acme.error("POST", "/v2/ticketing/ticket", body=NEW)[0] == 403


def test_forms_are_listed_and_found_by_id(acme: Caller) -> None:
    forms = acme.get("/v2/ticketing/ticket-form")
    assert acme.get("/v2/ticketing/ticket-form/2") == forms[1]
    assert acme.error("GET", "/v2/ticketing/ticket-form/9")[0] == 404
