"""Several requests are denied with one reason, each by a decision of its own."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.admin.queue import ApprovalRequestAdmin
from approvals.models import Decision, Invocation
from integrations.models import AuditEvent
from tests.approvals.asking import again, approve, ask
from tests.approvals.asking import deny as deny_by
from tests.approvals.dashboard.looking import QUEUE, text
from tests.cast import Tenant
from tests.integrations.people.signing_in import age

DENY = f"{QUEUE}deny/"


@pytest.fixture
def rows(acme: Tenant) -> list[Invocation]:
    return [ask(acme, "ninja-reboot-device", device_id=device) for device in (43, 41, 45)]


def choice(row: Invocation) -> str:
    return f"{row.pk}.{row.digest}"


def deny(client: Client, *chosen: str, url: str = DENY, **fields: str) -> Any:
    posted = {"chosen": chosen, "reason_code": "too_broad", "comment": "One at a time.", **fields}
    return client.post(url, posted)


def test_each_ticked_request_gets_its_own_decision(acme: Tenant, rows: list[Invocation]) -> None:
    response = deny(acme.signed_in(acme.approver), choice(rows[0]), choice(rows[2]), choice(rows[2]))
    assert response.status_code == 200
    assert "2 of 2 denied." in response.content.decode()
    assert [again(row.pk).status for row in rows] == ["denied", "pending_approval", "denied"]
    votes = Decision.objects.for_msp(acme.msp).values_list("reason_code", "comment", "digest")
    assert sorted(votes) == sorted(("too_broad", "One at a time.", row.digest) for row in (rows[0], rows[2]))
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="request.denied").count() == 2


def test_what_could_not_be_denied_is_told_row_by_row(acme: Tenant, rows: list[Invocation]) -> None:
    approve(acme, rows[0], acme.second_approver)
    deny_by(acme, rows[1], acme.second_approver)
    stale = f"{rows[2].pk}.sha256:{'0' * 64}"
    other = ask(acme, "ninja-update-ticket", ticket_id=1014, priority="HIGH")
    response = deny(acme.signed_in(acme.approver), choice(rows[0]), choice(rows[1]), stale, choice(other))
    page = response.content.decode()
    assert "1 of 4 denied." in page
    assert page.count("Not denied") == 3
    assert page.count("Decided meanwhile by <strong>acme-approver2</strong>") == 2
    assert "The digest is not that of this request" in page
    assert [again(row.pk).status for row in (*rows, other)] == ["queued", "denied", "pending_approval", "denied"]


def test_foreign_requests_answer_like_none(acme: Tenant, northwind: Tenant) -> None:
    foreign = ask(northwind, "ninja-reboot-device", device_id=43)
    client = acme.signed_in(acme.approver)
    pages = []
    for chosen in (choice(foreign), f"{uuid.uuid4()}.{foreign.digest}"):
        page = deny(client, chosen).content.decode()
        assert "There is no such request." in page
        pages.append(page.partition('id="content-start"')[2].partition("</main>")[0])
    assert pages[0] == pages[1]
    assert again(foreign.pk).status == "pending_approval"


def test_only_approvers_find_boxes_and_only_they_deny(acme: Tenant, rows: list[Invocation]) -> None:
    viewer, approver = acme.signed_in(acme.viewer), acme.signed_in(acme.approver)
    assert 'name="chosen"' not in text(viewer, DENY)
    assert DENY not in text(viewer, QUEUE)
    assert "Only approvers decide." in deny(viewer, choice(rows[0])).content.decode()
    assert again(rows[0].pk).status == "pending_approval"
    assert DENY in text(approver, QUEUE)
    assert text(approver, DENY).count('name="chosen"') == 3
    assert "approve/" not in text(approver, DENY).partition('id="content-start"')[2]


def test_owners_cannot_deny_their_own_agents_among_others(acme: Tenant, rows: list[Invocation]) -> None:
    acme.agent.owner = acme.approver
    acme.agent.save()
    page = deny(acme.signed_in(acme.approver), choice(rows[0])).content.decode()
    assert "0 of 1 denied." in page
    assert "someone else must decide its requests" in page


def test_the_filters_of_the_queue_choose_what_is_listed(
    acme: Tenant, rows: list[Invocation], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = acme.signed_in(acme.approver)
    assert text(client, f"{DENY}?tool=ninjaone:ninja-reboot-device").count('name="chosen"') == 3
    assert "Nothing waits here" in text(client, f"{DENY}?tool=ninjaone:ninja-run-bash")
    assert client.get(f"{DENY}?digest__startswith=x").status_code == 400
    monkeypatch.setattr(ApprovalRequestAdmin, "list_per_page", 2)
    assert text(client, f"{DENY}?p=2").count('name="chosen"') == 1
    assert client.get(f"{DENY}?p=77").headers["Location"] == DENY


def test_without_a_reason_or_a_tick_nothing_is_denied(acme: Tenant, rows: list[Invocation]) -> None:
    client = acme.signed_in(acme.approver)
    answer = deny(client, choice(rows[0]), reason_code="")
    assert answer.status_code == 422
    assert answer.content.decode().count(" checked") == 1
    for chosen in ((), ("x",), ("." + rows[0].digest,)):
        answer = deny(client, *chosen)
        assert answer.status_code == 422
        assert "Tick what you want to deny" in answer.content.decode()
    assert Decision.objects.count() == 0


def test_a_suspicion_is_no_reason_for_many(acme: Tenant, rows: list[Invocation]) -> None:
    assert deny(acme.signed_in(acme.approver), choice(rows[0]), reason_code="suspicious").status_code == 422


def test_grave_ones_ask_who_denies(acme: Tenant, rows: list[Invocation]) -> None:
    script = ask(acme, "ninja-run-bash", device_id=43, script="id")
    client = acme.signed_in(acme.approver)
    assert "Confirm that it is you</a>" not in text(client, DENY)
    age(client, 86_400)
    assert "Confirm that it is you</a> before you deny them" in text(client, DENY)
    answer = deny(client, choice(rows[0]), choice(script))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{reverse('confirm-identity')}?next=")
    assert Decision.objects.count() == 0
