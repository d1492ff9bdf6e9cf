from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from approvals.decisions import request_approve
from approvals.dispatch import dispatch_due
from approvals.models import Decision, Invocation, Status
from approvals.outcomes import judging
from integrations.clock import database_now
from integrations.models import Agent, AuditEvent, Membership, Msp
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, ask
from tests.approvals.dashboard.looking import ACTIVITY, approve, deny, page_url, settle, text
from tests.approvals.outcomes.looking import ended, look_everywhere
from tests.cast import Tenant


@pytest.fixture
def row(acme: Tenant) -> Invocation:
    return ask(acme, "ninja-reboot-device", device_id=43)


def status_of(row: Invocation) -> str:
    return again(row.pk).status


def test_an_approver_countersigns_and_sees_the_outcome(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.approver)
    response = approve(client, row)
    assert response.status_code == 302
    assert response.headers["Location"] == page_url(row)
    assert 'hx-trigger="every 1s"' in text(client, page_url(row))
    dispatch_due()
    page = text(client, page_url(row))
    assert "NinjaOne accepted it." in page
    assert "Approved</span> by <strong>acme-approver</strong>" in page
    assert "Attempt 1 recorded" in page
    assert "exact request that was sent" in page
    assert 'hx-trigger="every 1s"' not in page
    assert "Approve exactly this" not in page


def test_the_part_that_changes_asks_for_itself_until_the_outcome(
    acme: Tenant, row: Invocation, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "SETTLED", timedelta())
    client = acme.signed_in(acme.approver)
    standing = f"{page_url(row)}standing/"
    waiting = text(client, f"{standing}?shape=decide")
    assert f'hx-get="{standing}?shape=decide"' in waiting
    assert "<html" not in waiting
    approve(client, row)
    assert client.get(f"{standing}?shape=decide").headers["HX-Refresh"] == "true"
    assert f'hx-get="{standing}"' in text(client, standing)
    dispatch_due()
    assert f'hx-get="{standing}"' in text(client, standing)
    ended(ninjaone)
    look_everywhere()
    assert client.get(standing).headers["HX-Refresh"] == "true"


def test_the_part_that_changes_brings_along_what_stands_elsewhere(acme: Tenant, ninjaone: Sandbox) -> None:
    body = {"version": 5, "subject": "Printer", "clientId": 2, "ticketFormId": 1, "status": 4000}
    row = ask(acme, "ninja-api-put", path="/v2/ticketing/ticket/1014", body=body)
    client = acme.signed_in(acme.approver)
    page, part = text(client, page_url(row)), text(client, f"{page_url(row)}standing/?shape=decide")
    places = {"state", "until", "request", "comparison-end"}
    assert places_of(part) == places
    assert places <= set(re.findall(r'id="([a-z-]+)"', page))
    assert "hx-swap-oob" not in page
    story = f"{ACTIVITY}{row.pk}/"
    assert 'hx-select-oob="#approval,#request,#comparison-end"' in text(client, story)
    approve(client, row)
    assert places_of(text(client, f"{page_url(row)}standing/")) == places - {"until"}
    assert 'id="comparison-end" class="small muted">' in " ".join(text(client, story).split())
    dispatch_due()
    assert 'id="comparison-end" class="small muted" hidden>' in " ".join(text(client, story).split())


def places_of(part: str) -> set[str]:
    """The ids of what is put elsewhere on the page."""
    return set(re.findall(r'id="([a-z-]+)"[^>]* hx-swap-oob="true"', part))


def test_a_frozen_msp_says_so_before_and_after_the_click(acme: Tenant, row: Invocation) -> None:
    Msp.objects.filter(pk=acme.msp.pk).update(frozen_at=database_now())
    client = acme.signed_in(acme.approver)
    assert "is stopped" in text(client, page_url(row))
    assert approve(client, row).status_code == 423
    assert status_of(row) == Status.PENDING_APPROVAL


def test_denying_tells_the_agent_why(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.approver)
    assert deny(client, row, comment="<b>After</b> 18:00.").status_code == 302
    fresh = again(row.pk)
    assert (fresh.status, fresh.reason_code, fresh.comment) == ("denied", "wrong_time", "<b>After</b> 18:00.")
    page = text(client, page_url(row))
    assert "&lt;b&gt;After&lt;/b&gt; 18:00." in page
    assert "Denied (Wrong time)" in page
    assert "exact request that was never sent" in page


@pytest.mark.parametrize("fields", [{"reason_code": ""}, {"reason_code": "because"}, {"comment": "x" * 2001}])
def test_a_denial_without_a_proper_reason_is_asked_for_again(
    acme: Tenant, row: Invocation, fields: dict[str, str]
) -> None:
    response = deny(acme.signed_in(acme.approver), row, **fields)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert status_of(row) == Status.PENDING_APPROVAL


@pytest.mark.parametrize("digest", ["", "sha256:" + "0" * 64, "x" * 5000, "\x00"])
def test_an_altered_digest_decides_nothing(acme: Tenant, row: Invocation, digest: str) -> None:
    response = approve(acme.signed_in(acme.approver), row, digest)
    assert response.status_code == 409
    assert "What stands now" in response.content.decode()
    assert status_of(row) == Status.PENDING_APPROVAL
    assert not Decision.objects.exists()


def test_a_denial_with_an_altered_digest_decides_nothing(acme: Tenant, row: Invocation) -> None:
    assert deny(acme.signed_in(acme.approver), row, digest="sha256:" + "0" * 64).status_code == 409
    assert status_of(row) == Status.PENDING_APPROVAL


def test_the_second_decision_reads_what_the_first_one_did(acme: Tenant, row: Invocation) -> None:
    assert deny(acme.signed_in(acme.approver), row).status_code == 302
    response = approve(acme.signed_in(acme.second_approver), row)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Nothing was changed" in page
    assert "acme-approver" in page
    assert status_of(row) == Status.DENIED


def test_looking_never_decides(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.approver)
    for action in ("approve", "deny", "settle"):
        response = client.get(f"{page_url(row)}{action}/", {"digest": row.digest, "reason_code": "other"})
        assert response.headers["Location"] == page_url(row)
    assert status_of(row) == Status.PENDING_APPROVAL


def test_a_post_from_another_site_decides_nothing(acme: Tenant, row: Invocation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.approver)
    assert approve(client, row).status_code == 403
    assert status_of(row) == Status.PENDING_APPROVAL


@pytest.mark.parametrize("person", ["viewer", "admin"])
def test_who_is_no_approver_looks_and_reads_why_not(acme: Tenant, row: Invocation, person: str) -> None:
    client = acme.signed_in(getattr(acme, person))
    page = text(client, page_url(row))
    assert "Only approvers decide" in page
    assert "Approve exactly this" not in page
    assert approve(client, row).status_code == 403
    assert deny(client, row).status_code == 403
    assert status_of(row) == Status.PENDING_APPROVAL


def test_the_owner_of_the_agent_leaves_it_to_others(acme: Tenant, row: Invocation) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(owner=acme.approver)
    client = acme.signed_in(acme.approver)
    assert "This is your own agent; someone else must decide" in text(client, page_url(row))
    assert approve(client, row).status_code == 403


def test_a_one_person_shop_is_told_that_it_decides_for_itself(acme: Tenant, row: Invocation) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(owner=acme.approver)
    Msp.objects.filter(pk=acme.msp.pk).update(own_requests_allowed=True)
    client = acme.signed_in(acme.approver)
    assert "lets owners decide their own agents" in text(client, page_url(row))
    assert approve(client, row).status_code == 302


def test_a_role_taken_away_counts_with_the_next_click(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.approver)
    text(client, page_url(row))
    Membership.objects.filter(user=acme.approver).update(is_approver=False)
    assert approve(client, row).status_code == 403
    Membership.objects.filter(user=acme.approver).delete()
    assert approve(client, row).status_code == 302  # to the sign-in page
    assert status_of(row) == Status.PENDING_APPROVAL


def test_a_request_of_two_voices_waits_for_the_second(acme: Tenant) -> None:
    acme.connection.tool_policies.create(
        msp=acme.msp, tool="ninjaone:ninja-reboot-device", mode="approval_needed", approvals_needed=2
    )
    row = ask(acme, "ninja-reboot-device", device_id=43)
    first, second = acme.signed_in(acme.approver), acme.signed_in(acme.second_approver)
    assert "One more person must approve" in text(first, approve(first, row).headers["Location"])
    page = text(first, page_url(row))
    assert "It needs one more person" in page
    assert "1 of 2 approvals missing" in page
    assert approve(first, row).status_code == 409
    assert approve(second, row).status_code == 302
    assert status_of(row) == Status.QUEUED


def unknown(tenant: Tenant, row: Invocation) -> Invocation:
    """The row as a lost connection leaves it."""
    now = database_now()
    request_approve(user=tenant.approver, msp=tenant.msp, invocation_id=row.pk, digest=row.digest)
    Invocation.objects.filter(pk=row.pk).update(
        status=Status.DISPATCHING, lease_until=now + timedelta(minutes=5), dispatch_started_at=now
    )
    Invocation.objects.filter(pk=row.pk).update(status=Status.UNKNOWN, error_code="outcome_unknown")
    return again(row.pk)


def test_an_unknown_outcome_is_settled_by_somebody_who_looked(acme: Tenant, row: Invocation) -> None:
    row = unknown(acme, row)
    client = acme.signed_in(acme.approver)
    assert "it may or may not have happened" in text(client, page_url(row))
    assert settle(client, row, note="").status_code == 422
    assert settle(client, row, happened="perhaps").status_code == 422
    assert settle(client, row, happened="no").status_code == 302
    assert status_of(row) == Status.FAILED
    assert "Settled by acme-approver: Seen in the feed." in text(client, page_url(row))
    assert settle(client, row).status_code == 409


def test_a_viewer_cannot_settle(acme: Tenant, row: Invocation) -> None:
    row = unknown(acme, row)
    client = acme.signed_in(acme.viewer)
    assert 'name="happened"' not in text(client, page_url(row))
    assert settle(client, row).status_code == 403
    assert status_of(row) == Status.UNKNOWN


def test_every_decision_is_on_record(acme: Tenant, row: Invocation) -> None:
    approve(acme.signed_in(acme.approver), row)
    events = AuditEvent.objects.for_msp(acme.msp).filter(action="request.approved", actor="user acme-approver")
    assert events.count() == 1
