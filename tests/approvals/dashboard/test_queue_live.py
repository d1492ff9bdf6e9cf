"""What keeps the queue current: the parts that a script asks for again, and what others decide meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from approvals.decisions import invocation_cancel
from approvals.models import Invocation, Status
from integrations.clock import database_now
from integrations.models import Agent, Membership, Msp, User
from tests.approvals.asking import approve, ask, deny
from tests.approvals.dashboard.looking import QUEUE, page_url, text
from tests.cast import PASSWORD, Tenant
from tests.config.rows import invocation_make

WAITING = f"{QUEUE}waiting/"


@pytest.fixture
def row(acme: Tenant) -> Invocation:
    return ask(acme, "ninja-reboot-device", device_id=43)


def addresses_in(page: str) -> list[str]:
    return re.findall(r'id="row-([^"]+)"', page)


def test_the_most_urgent_request_stands_first(acme: Tenant, row: Invocation) -> None:
    late, soon = ask(acme, "ninja-reboot-device", device_id=41), ask(acme, "ninja-reboot-device", device_id=45)
    now = database_now()
    for one, minutes in ((late, 50), (row, 20), (soon, 2)):
        Invocation.objects.filter(pk=one.pk).update(expires_at=now + timedelta(minutes=minutes))
    assert addresses_in(text(acme.signed_in(acme.viewer), QUEUE)) == [str(one.pk) for one in (soon, row, late)]


def test_what_somebody_else_decided_stays_in_its_place_for_a_while(acme: Tenant, row: Invocation) -> None:
    later = ask(acme, "ninja-reboot-device", device_id=41)
    deny(acme, row, acme.second_approver)
    part = text(acme.signed_in(acme.approver), QUEUE, is_poll=True)
    assert addresses_in(part) == [str(row.pk), str(later.pk)]
    assert "decided by <strong>acme-approver2</strong>" in part
    assert '<span class="badge is-denied">Denied</span>' in part
    Invocation.objects.filter(pk=row.pk).update(finished_at=database_now() - timedelta(minutes=3))
    assert addresses_in(text(acme.signed_in(acme.approver), QUEUE)) == [str(later.pk)]


def test_what_one_decided_oneself_is_out_of_the_way(acme: Tenant, row: Invocation) -> None:
    approve(acme, row, acme.approver)
    assert addresses_in(text(acme.signed_in(acme.approver), QUEUE)) == []
    assert "decided by <strong>acme-approver</strong>" in text(acme.signed_in(acme.second_approver), QUEUE)


def test_what_its_agent_withdrew_says_so(acme: Tenant, row: Invocation) -> None:
    invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
    assert '<span class="badge is-cancelled">Cancelled</span>' in text(acme.signed_in(acme.approver), QUEUE)


def test_one_of_two_approvals_is_no_decision_yet(acme: Tenant) -> None:
    row = invocation_make(acme, Status.PENDING_APPROVAL, approvals_needed=2)
    approve(acme, row, acme.approver)
    page = text(acme.signed_in(acme.approver), QUEUE)
    assert "1 of 2 approvals" in page
    assert "decided by" not in page


def test_the_number_that_waits_is_asked_for_alone(acme: Tenant, northwind: Tenant, row: Invocation) -> None:
    ask(northwind, "ninja-reboot-device", device_id=43)
    ask(northwind, "ninja-reboot-device", device_id=41)
    part = text(acme.signed_in(acme.viewer), WAITING, is_poll=True)
    assert 'data-waiting="1"' in part
    assert f'data-newest="{row.created_at.timestamp():.6f}"' in part
    assert "1 request waits for a decision." in part
    assert "<html" not in part


def test_the_rows_bring_the_number_along(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.viewer)
    assert 'data-waiting="1"' in text(client, f"{QUEUE}?tool=ninjaone:ninja-run-bash", is_poll=True)
    deny(acme, row)
    assert 'data-waiting="0"' in text(client, QUEUE, is_poll=True)


def test_a_page_of_the_msp_that_one_left_reloads(acme: Tenant, northwind: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.viewer)
    assert f'hx-headers=\'{{"X-Msp": "{acme.msp.pk}"}}\'' in text(client, QUEUE)
    for page_of, is_stale in ((acme.msp.pk, False), (northwind.msp.pk, True)):
        answer = client.get(QUEUE, headers={"HX-Request": "true", "X-Msp": str(page_of)})
        assert ("HX-Refresh" in answer.headers) is is_stale
        assert (page_url(row) in answer.content.decode()) is not is_stale


def test_an_empty_queue_says_what_to_do_next(acme: Tenant) -> None:
    admin, viewer = acme.signed_in(acme.admin), acme.signed_in(acme.viewer)
    assert "Nothing waits" in text(admin, QUEUE)
    assert "Nothing was decided yet" in text(admin, f"{QUEUE}?show=decided")
    fresh = Msp.objects.create(name="Fresh", slug="fresh")
    for name, is_admin, words in (
        ("boss", True, "Create an agent"),
        ("guest", False, "An admin of Fresh makes agents"),
    ):
        user = User.objects.create_user(name, password=PASSWORD)
        Membership.objects.create(msp=fresh, user=user, is_admin=is_admin)
        assert words in text(acme.signed_in(user), QUEUE)
    ask(acme, "ninja-reboot-device", device_id=43)
    other = Agent.objects.create(msp=acme.msp, name="other-bot")
    page = text(viewer, f"{QUEUE}?agent={other.pk}")
    assert "No request fits these filters. 1 waits without them." in page
    assert "Clear the filters" in page
