"""The page compares a script with the one that was approved last, and says what is new about a request."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db.models import F

from approvals.display.past import Past, past_of, precedent_of
from approvals.display.request import script_sent
from approvals.models import Decision, Invocation
from integrations.clock import database_now
from integrations.models import Agent
from tests.aging import age
from tests.approvals.asking import approve, ask, deny, submit
from tests.approvals.dashboard.looking import page_url, text
from tests.approvals.dashboard.test_query_counts import MOST, queries_of
from tests.cast import Tenant

OLD = "#!/bin/bash\nset -e\ndf -h\necho <b>\n"
NEW = "#!/bin/bash\nset -e\nrm -rf /srv/\u0430x\necho <b>\n"


def bash(tenant: Tenant, script: str, device_id: int = 43) -> Invocation:
    return ask(tenant, "ninja-run-bash", device_id=device_id, script=script)


def plain(page: str) -> str:
    """The page's text, for what is said across elements."""
    return " ".join(re.sub(r"<[^>]*>", "", page).split())


def test_the_first_script_says_so(acme: Tenant) -> None:
    page = text(acme.signed_in(acme.approver), page_url(bash(acme, OLD)))
    assert "First script of this agent on this device" in page


def test_a_changed_script_shows_what_changed(acme: Tenant) -> None:
    approve(acme, bash(acme, OLD))
    page = text(acme.signed_in(acme.approver), page_url(bash(acme, NEW)))
    assert "Another script than the one approved just now by acme-approver." in plain(page)
    compared = page.split('id="precedent"')[1].split("</section>")[0]
    assert re.search(r'is-removed">(?:(?!<li).)*<code>df -h</code>', compared, re.DOTALL)
    added = re.search(r'is-added">((?:(?!<li).)*)', compared, re.DOTALL)
    assert added is not None
    assert 'rm -rf /srv/<span class="odd is-lookalike"' in added[1]
    assert "<b>U+0430</b>" in added[1]
    assert "<code>echo &lt;b&gt;</code>" in compared


def test_the_same_script_says_when_and_by_whom_it_was_approved(acme: Tenant) -> None:
    first = bash(acme, OLD)
    approve(acme, first)
    Invocation.objects.filter(pk=first.pk).update(decided_at=F("decided_at") - timedelta(days=3))
    page = text(acme.signed_in(acme.approver), page_url(bash(acme, OLD)))
    assert "The same script, byte for byte, was approved 3 days ago by acme-approver." in plain(page)
    assert f'href="{page_url(first)}"' in page
    assert "differences" not in page.split('id="content-start"')[1]


def test_it_compares_with_approved_scripts_of_the_same_agent_and_device_alone(acme: Tenant, northwind: Tenant) -> None:
    deny(acme, bash(acme, "denied"))
    bash(acme, "still waits")
    approve(acme, bash(acme, "another device", device_id=44))
    approve(northwind, bash(northwind, "another MSP"))
    other = Agent.objects.create(msp=acme.msp, name="other-bot", owner=acme.admin)
    row = bash(acme, OLD)
    script = script_sent(row)
    assert script is not None
    assert precedent_of(row, script, database_now()) is None
    strange = bash(acme, "by another agent")
    approve(acme, strange)
    row.agent = other
    assert precedent_of(row, script, database_now()) is None


def test_what_is_too_long_to_compare_says_so(acme: Tenant) -> None:
    approve(acme, bash(acme, "\n".join(f"echo {number}" for number in range(600))))
    row = bash(acme, "\n".join(f"echo {number}x" for number in range(600)))
    assert "more lines than can be compared" in text(acme.signed_in(acme.approver), page_url(row))


def test_the_page_of_a_script_costs_at_most_twelve_queries(acme: Tenant) -> None:
    approve(acme, bash(acme, OLD))
    row = bash(acme, NEW)
    client = acme.signed_in(acme.approver)
    text(client, page_url(row))
    assert queries_of(client, page_url(row)) <= MOST


def test_what_the_agent_never_did_before_is_known(acme: Tenant, northwind: Tenant) -> None:
    bash(northwind, OLD)
    first = bash(acme, OLD)
    assert past_of(first) == Past(has_asked=False, has_asked_here=False, devices=1)
    elsewhere = bash(acme, OLD, device_id=44)
    assert past_of(elsewhere) == Past(has_asked=True, has_asked_here=False, devices=2)
    again = bash(acme, NEW)
    assert past_of(again) == Past(has_asked=True, has_asked_here=True, devices=2)
    age(Invocation.objects.exclude(pk=again.pk), created_at=1 / 12)
    assert past_of(again).devices == 1
    assert Decision.objects.count() == 0


def test_earlier_denials_of_the_very_same_call_are_counted(acme: Tenant) -> None:
    for _ in range(2):
        deny(acme, bash(acme, OLD))
    deny(acme, bash(acme, NEW))
    approve(acme, bash(acme, OLD, device_id=44))
    past = past_of(bash(acme, OLD))
    assert (past.denials, past.last_denial) == (2, "Wrong device")
    assert past_of(bash(acme, "df -h")).denials == 0


@pytest.mark.parametrize(("device_id", "is_server"), [(43, True), (44, False)])
def test_the_page_says_what_makes_it_risky(acme: Tenant, device_id: int, is_server: bool) -> None:
    page = text(acme.signed_in(acme.viewer), page_url(bash(acme, OLD, device_id=device_id)))
    risks = page.split('aria-label="What makes it risky"')[1].split("</ul>")[0]
    assert "Runs as root" in risks
    assert "The first time that this agent asks for this tool" in risks
    assert ("On a server" in risks) is is_server


def test_a_read_has_no_such_words(acme: Tenant) -> None:
    row = submit(acme, "ninja-list-devices").invocation
    story = f"/dashboard/approvals/invocation/{row.pk}/"
    assert "What makes it risky" not in text(acme.signed_in(acme.viewer), story)
