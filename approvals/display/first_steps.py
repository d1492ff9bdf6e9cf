"""The way from nothing to the first approved call: what is done, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.models import Decision, Invocation, Verdict
from integrations.clock import Now
from integrations.models import Agent, AgentKey, Connection, Membership, Msp


class Step(NamedTuple):
    """One step. `why` says what it is for, `action` what its button reads."""

    title: str
    why: str
    action: str
    url: str
    is_done: bool


class FirstSteps(NamedTuple):
    """All steps in order; at least one is not done."""

    steps: list[Step]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(step.is_done for step in self.steps)

    @property
    def next(self) -> Step:
        """The first that is not."""
        return next(step for step in self.steps if not step.is_done)


def first_steps_of(membership: Membership) -> FirstSteps | None:
    """The steps for an admin; None where all are done, or where this admin put them away. One query."""
    if membership.steps_hidden_at is not None:
        return None
    facts = _facts(membership)
    steps = [*_of_connection(facts), *_of_people(facts, membership), *_of_calls(facts)]
    return None if all(step.is_done for step in steps) else FirstSteps(steps)


def _facts(membership: Membership) -> dict[str, Any]:
    """What there is, asked in one statement, each part of it within an index."""
    msp = membership.msp
    connection = Connection.objects.for_msp(msp).filter(vendor="ninjaone").order_by()
    approvers = Membership.objects.for_msp(msp).filter(is_approver=True, user__is_active=True).order_by()
    others = Membership.objects.for_msp(msp).filter(is_admin=True, user__is_active=True).exclude(pk=membership.pk)
    keys = AgentKey.objects.for_msp(msp).filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)
    agents = Agent.objects.for_msp(msp)
    # Nobody decides what their own agent asks for, unless the MSP says so.
    deciders = approvers.filter(Q(msp__own_requests_allowed=True) | ~Q(user=OuterRef("owner")))
    decidable = agents.filter(Q(owner=None) & Exists(approvers) | Exists(deciders)).order_by()
    rows = Msp.objects.filter(pk=msp.pk).values(
        authorized_at=Subquery(connection.values("authorized_at")[:1]),
        connection=Subquery(connection.values("pk")[:1]),
        runner=Subquery(connection.values("runner_script_id")[:1]),
        policies=Subquery(connection.values("policy_version")[:1]),
        reviewed_at=Subquery(connection.values("policies_reviewed_at")[:1]),
        approver=Exists(approvers),
        other_admin=Exists(others.order_by()),
        agent=Subquery(agents.order_by("-created_at").values("pk")[:1]),
        key=Exists(keys.order_by()),
        decidable=Exists(decidable),
        call=Exists(Invocation.objects.for_msp(msp).order_by()),
        approval=Exists(Decision.objects.for_msp(msp).filter(verdict=Verdict.APPROVED).order_by()),
    )
    return cast("dict[str, Any]", rows[0])


def _of_connection(facts: dict[str, Any]) -> Iterator[Step]:
    page = f"{reverse('admin:index')}integrations/ninjaone/"
    yield Step(
        _("Connect NinjaOne"),
        _("Add an app in NinjaOne and save its client ID and secret here. The page says where to click."),
        _("Set up the connection"),
        f"{page}#connection",
        facts["connection"] is not None,
    )
    yield Step(
        _("Authorize it"),
        _("Allow the access once in NinjaOne. Agents act with the rights of whoever allows it."),
        _("Authorize"),
        f"{page}#connection",
        facts["authorized_at"] is not None,
    )
    yield Step(
        _("Set the bash runner"),
        _("One script in your NinjaOne library lets agents ask for bash on Linux and macOS devices."),
        _("Set the bash runner"),
        f"{page}#runner",
        facts["runner"] is not None,
    )
    yield Step(
        _("Look through the policies"),
        _("Which of the 25 tools run at once, which ask a person first, and which are off."),
        _("Look at the policies"),
        f"{page}#policies",
        bool(facts["policies"]) or facts["reviewed_at"] is not None,
    )


def _of_people(facts: dict[str, Any], membership: Membership) -> Iterator[Step]:
    # Nobody gives themselves a role where somebody else could.
    is_alone = not facts["approver"] and not facts["other_admin"]
    own = reverse("admin:integrations_membership_change", args=[membership.pk])
    yield Step(
        _("Choose who approves"),
        (
            _("An admin alone does not decide. Tick approver on your own page under Team, or invite a technician.")
            if is_alone
            else _("An admin alone does not decide. Let another admin make you an approver, or invite a technician.")
        ),
        _("Make yourself an approver") if is_alone else _("Open the team"),
        own if is_alone else reverse("admin:integrations_membership_changelist"),
        facts["approver"],
    )


def _of_calls(facts: dict[str, Any]) -> Iterator[Step]:
    agent = facts["agent"] and reverse("admin:integrations_agent_change", args=[facts["agent"]])
    yield Step(
        _("Create an agent"),
        _("A name, a person who answers for it, and what it may touch."),
        _("Create an agent"),
        reverse("admin:integrations_agent_add"),
        agent is not None,
    )
    yield Step(
        _("Give it a key"),
        _("The key is shown once, with lines to paste into your agent."),
        _("Make a key"),
        f"{agent}#keys" if agent else reverse("admin:integrations_agent_changelist"),
        facts["key"],
    )
    yield Step(
        _("Make the first call"),
        _("Paste a line from the agent's page into a terminal, or let your agent list its devices."),
        _("See the lines to paste"),
        f"{agent}#clients" if agent else reverse("admin:integrations_agent_changelist"),
        facts["call"],
    )
    stuck = facts["agent"] is not None and facts["approver"] and not facts["decidable"]
    yield Step(
        _("Approve the first request"),
        (
            _(
                "Everybody who approves owns the agent, and owners do not decide what their own agent asks for. Invite "
                "another approver, or allow it under Settings."
            )
            if stuck
            else _(
                "Let the agent ask for something that a person decides, such as a script. It appears under Approvals."
            )
        ),
        _("Open the settings") if stuck else _("Open the queue"),
        reverse("admin:msp-rules") if stuck else reverse("admin:approvals_approvalrequest_changelist"),
        facts["approval"],
    )
