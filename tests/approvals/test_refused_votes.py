"""A vote that the database refuses: the person is told which rule it was, and no other rule is called that one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from approvals import decisions
from approvals.decisions import may_decide
from approvals.errors import GateError
from approvals.models import Decision, Invocation, Status
from integrations.models import AuditEvent, Membership
from tests.approvals.asking import again, approve, ask, deny
from tests.cast import Tenant
from tools.models import ToolPolicy

VOTES = [(approve, "needs another person"), (deny, "you cannot deny it now")]


@pytest.fixture
def row(acme: Tenant) -> Invocation:
    """Waits for two people."""
    ToolPolicy.objects.create(
        msp=acme.msp,
        connection=acme.connection,
        tool="ninjaone:ninja-reboot-device",
        mode="approval_needed",
        approvals_needed=2,
    )
    return ask(acme, "ninja-reboot-device", device_id=43)


@pytest.mark.parametrize(("vote", "said"), VOTES)
def test_whoever_approved_already_is_told_so(acme: Tenant, row: Invocation, vote: Any, said: str) -> None:
    approve(acme, row)
    with pytest.raises(GateError, match=said):
        vote(acme, row)
    assert (again(row.pk).status, again(row.pk).approvals_given) == (Status.PENDING_APPROVAL, 1)


@pytest.mark.parametrize(("vote", "said"), VOTES)
def test_whoever_lost_the_role_at_this_moment_is_told_that(
    acme: Tenant, row: Invocation, monkeypatch: pytest.MonkeyPatch, vote: Any, said: str
) -> None:
    # The first look was a moment before.
    looks = iter([lambda **_: ""])
    monkeypatch.setattr(decisions, "may_decide", lambda **asked: next(looks, may_decide)(**asked))
    Membership.objects.filter(user=acme.approver).update(is_approver=False)
    with pytest.raises(GateError, match="Only approvers decide") as caught:
        vote(acme, row)
    assert (caught.value.code, Decision.objects.count()) == ("scope_denied", 0)
    tried = AuditEvent.objects.get(msp=acme.msp, action="decision.refused")
    assert (tried.subject, tried.actor) == (f"invocation {row.pk}", f"user {acme.approver.username}")


@pytest.mark.parametrize(("vote", "said"), VOTES)
def test_what_breaks_another_rule_is_an_error_of_ours(
    acme: Tenant, northwind: Tenant, row: Invocation, monkeypatch: pytest.MonkeyPatch, vote: Any, said: str
) -> None:
    monkeypatch.setattr(decisions, "Actor", Misplacing(northwind, row))
    with pytest.raises(IntegrityError):
        vote(acme, row)
    assert (again(row.pk).status, Decision.objects.count()) == (Status.PENDING_APPROVAL, 0)


class Misplacing:
    """In the midst of a decision it moves the request to another MSP, which the database refuses."""

    def __init__(self, other: Tenant, row: Invocation) -> None:
        self.other, self.row = other, row

    def user(self, person: object) -> None:
        """Stands where the vote is put on record."""
        Invocation.objects.filter(pk=self.row.pk).update(msp=self.other.msp)
