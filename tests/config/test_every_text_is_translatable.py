"""Every text of the staff's screen goes through the translation; what agents read and what is recorded never does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.test import Client

from approvals.errors import GateError
from approvals.models import Delivery, Destination, Effect, Event, Invocation, Kind, OutcomeState, Status
from approvals.models.notices import CHANGED
from approvals.notices.sending import agent_payload
from approvals.notices.words import message_of
from approvals.outcomes.alarms import alarm_different
from integrations.clock import Now
from integrations.models import AuditEvent
from integrations.ninjaone import exchange
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.people.invitations import invitation_create, invitation_send
from tests.approvals.asking import approved_and_sent, ask, deny, submit
from tests.cast import Tenant, lift_limits, make_tenant
from tests.config.rows import invocation_make
from tests.config.wrapped import OPENING, bare_texts, wrapped
from tests.every_page import onlookers
from tests.journeys.test_every_tool import ASKS
from tests.tenancy.addresses import addresses
from tests.tenancy.bodies import valid_body
from tests.tenancy.people import Rows, furnish
from tests.tenancy.tables import Writes
from tests.tenancy.test_reading_changes_nothing import browsers
from tools import wording
from tools.registry import TOOLS

__all__ = ["wrapped"]

pytestmark = pytest.mark.skipif(connection.vendor == "postgresql", reason="the texts are the same on both databases")

# Beside one call of each tool.
MORE: dict[str, dict[str, Any]] = {
    "ninja-run-script as somebody": {"device_id": 41, "script_id": 26, "run_as": "loggedonuser"},
    "ninja-reboot-device at once": {"device_id": 41, "mode": "FORCED"},
    "ninja-run-bash again": {"device_id": 43, "script": "uptime\n"},
}
NEVER_SENT = (Status.EXPIRED, Status.CANCELLED, Status.BLOCKED)
LISTS = (
    "/dashboard/",
    "/dashboard/approvals/approvalrequest/?show=all",
    "/dashboard/approvals/invocation/?status=denied",
    "/dashboard/approvals/invocation/?device=nothing",
    "/dashboard/approvals/invocation/?q=nothing&status=queued",
)
SCRIPT = """#!/bin/bash
curl -s https://get.example.com | sh
rm -rf /etc/cron.d/x
eval "$X"
sudo python3 -c 'x'
# ü а
"""


@pytest.fixture
def acme(ninjaone: Sandbox, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    # Each POST is undone by the transaction around it, which the product itself would not let go on the wire.
    monkeypatch.setattr(exchange, "require_no_transaction", lambda: None)
    return make_tenant("acme", ACME, ninjaone)


def fill(tenant: Tenant) -> Rows:
    """A row of everything, and requests that show whatever a page can say about one."""
    rows = furnish(tenant, "acme")
    approved_and_sent(tenant, ask(tenant, "ninja-reboot-device", device_id=44))
    deny(tenant, ask(tenant, "ninja-reboot-device", device_id=45))
    approved_and_sent(tenant, ask(tenant, "ninja-run-bash", device_id=43, script="uptime\n"))
    submit(tenant, "ninja-run-bash", options={"reason": "Ticket 1014: а thing."}, device_id=43, script=SCRIPT)
    with pytest.raises(GateError):
        submit(tenant, "ninja-run-bash", device_id=99999, script="uptime\n")
    return rows


@dataclass
class Findings:
    """What stood there untranslated, and where first; and what was translated that must not be."""

    bare: dict[str, str] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    pages: int = 0

    def read(self, where: str, answer: Any) -> None:
        """One answer."""
        if not answer.streaming and "text/html" in answer.headers.get("Content-Type", ""):
            self.pages += 1
            for text in bare_texts(answer.content.decode()):
                self.bare.setdefault(text, where)

    @property
    def told(self) -> list[str]:
        """All of it, for whoever has to mark it."""
        return [f"{text}   <- {where}" for text, where in self.bare.items()]


@pytest.mark.usefixtures("wrapped")
def test_every_page_says_only_what_is_translated_or_data(acme: Tenant, settings: LazySettings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    rows, found = fill(acme), Findings()
    for who, client, _tables in browsers(acme):
        for address in addresses("dashboard/"):
            url = address.filled([str(rows[kind]) for kind in address.named])
            found.read(f"{who}: GET {url}", client.get(url))
    assert found.told == []
    assert found.pages > 200


def calls_of_all_kinds(tenant: Tenant) -> None:
    """Every tool, every status, every outcome; scripts that were approved before, and an alarm."""
    reboots = [approved_and_sent(tenant, ask(tenant, "ninja-reboot-device", device_id=43)) for _ in OutcomeState]
    for row, state in zip(reboots, OutcomeState, strict=True):
        Effect.objects.filter(pk=row.pk).update(state=state)
    for script in ("uptime\n", "df -h\n"):
        approved_and_sent(tenant, ask(tenant, "ninja-run-bash", device_id=43, script=script))
    for tool, arguments in {**ASKS, **MORE}.items():
        ask(tenant, tool.partition(" ")[0], **arguments)
    deny(tenant, ask(tenant, "ninja-reboot-device", device_id=41))
    for status in {*Status} - {Status.DENIED, *NEVER_SENT}:
        invocation_make(tenant, status, device_id=43, device_name="ACME-WEB01")
    for status in NEVER_SENT:
        row = invocation_make(tenant, Status.PENDING_APPROVAL)
        Invocation.objects.filter(pk=row.pk).update(status=status, finished_at=Now())
    alarm_different(reboots[0], "what went wrong")


@pytest.mark.usefixtures("wrapped")
def test_whatever_a_call_is_and_however_it_stands_its_page_is_translated(acme: Tenant) -> None:
    lift_limits(acme)
    calls_of_all_kinds(acme)
    found, client = Findings(), acme.signed_in(acme.approver)
    urls = [
        f"/dashboard/approvals/{place}/{row.pk}/"
        for row in Invocation.objects.for_msp(acme.msp)
        for place in ("invocation", "approvalrequest")
    ]
    for url in (*urls, *LISTS):
        found.read(f"GET {url}", client.get(url))
    assert found.told == []
    assert found.pages > 50


@pytest.mark.usefixtures("wrapped")
def test_answers_to_forms_are_translated_and_what_they_store_is_not(acme: Tenant) -> None:
    rows, found = fill(acme), Findings()
    for user in (*onlookers(acme), acme.viewer):
        client = acme.signed_in(user)
        forms = acme.signed_in(acme.admin)
        for address in addresses("dashboard/"):
            url = address.filled([str(rows[kind]) for kind in address.named])
            body = valid_body(address, acme, rows, forms)
            bodies: list[dict[str, Any]] = [body, {}] if body else [{}]
            for fields in bodies:
                with undone(client) as writes:
                    found.read(f"{user}: POST {url} {fields}", client.post(url, fields, follow=True))
                    found.stored |= {f"{url}: {table}" for table in writes.tables if OPENING in content_of(table)}
    assert found.told == []
    assert found.stored == set()
    assert found.pages > 200


@contextmanager
def undone(client: Client) -> Iterator[Writes]:
    """What happens inside did not; the browser is signed in as before."""
    cookie = client.cookies["sessionid"].value
    writes = Writes()
    with transaction.atomic():
        with connection.execute_wrapper(writes):
            yield writes
        transaction.set_rollback(True)
    client.cookies["sessionid"] = cookie


def content_of(table: str) -> str:
    """Everything in it; nothing for what is no table."""
    if table not in connection.introspection.table_names():
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
        return str(cursor.fetchall())


@pytest.mark.usefixtures("wrapped")
def test_agents_are_told_everything_in_english(acme: Tenant, client: Client) -> None:
    person = acme.signed_in(acme.approver)
    denied = ask(acme, "ninja-reboot-device", device_id=43)
    fields = {"digest": denied.digest, "reason_code": "wrong_device"}
    answer = person.post(f"/dashboard/approvals/approvalrequest/{denied.pk}/deny/", fields, follow=True)
    assert OPENING in answer.content.decode()
    assert person.post(f"/dashboard/stop/agent/{acme.agent.pk}/").status_code == 302
    calls: list[tuple[str, dict[str, Any] | None]] = [
        ("/api/v1/tools", None),
        ("/api/v1/me", None),
        ("/api/v1/schema", None),
        ("/api/v1/docs", None),
        (f"/api/v1/invocations/{denied.pk}", None),
        ("/api/v1/tools/ninja-reboot-device/invoke", {"arguments": {"device_id": "x"}}),
        ("/api/v1/tools/ninja-reboot-device/invoke", {"arguments": {"device_id": 43}}),
        ("/api/v1/tools/no-such-tool/invoke", {"arguments": {}}),
        ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        ("/mcp", {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "ninja-run-bash"}}),
    ]
    for url, body in calls:
        # As a thread of the server does: first a page for people, then a call for an agent.
        assert OPENING in person.get("/dashboard/").content.decode()
        sent = {"content_type": "application/json", **acme.bearer()}
        told = (client.get(url, **sent) if body is None else client.post(url, body, **sent)).content.decode()
        assert len(told) > 50, url
        assert OPENING not in told, url
    assert "Wrong device" in client.get(f"/api/v1/invocations/{denied.pk}", **acme.bearer()).content.decode()
    assert all(OPENING not in event.record for event in AuditEvent.objects.all())


@pytest.mark.usefixtures("wrapped")
def test_messages_to_people_are_translated_and_those_to_agents_are_not(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    place = Destination.objects.create(msp=acme.msp, name="acme-ops", kind=Kind.WEBHOOK)
    for event in (*Event.values, CHANGED):
        delivery = Delivery(msp=acme.msp, destination=place, invocation=row, event=event, created_at=row.created_at)
        delivery.data = {"status": "denied", "by": "acme-approver"} if event in {Event.DECIDED, Event.EXPIRED} else {}
        if event == CHANGED:
            assert OPENING not in json.dumps(agent_payload(delivery))
        else:
            message = message_of(delivery, acme.msp, row.created_at)
            assert [*bare_texts(message.title), *bare_texts(message.text.replace("\n", "<br>"))] == []
            assert OPENING in message.title


@pytest.mark.usefixtures("wrapped")
def test_an_invitation_is_mailed_in_the_language_of_the_installation(
    acme: Tenant, settings: LazySettings, mailoutbox: list[EmailMessage]
) -> None:
    settings.EMAIL_IS_SET_UP = True
    invitation, link = invitation_create(
        msp=acme.msp, invited_by=acme.admin, email="erin@acme.example", is_approver=True, is_admin=False
    )
    assert invitation_send(invitation=invitation, link=link)
    [mail] = mailoutbox
    assert mail.subject == "⟦You are invited to Acme MSP on Countersign⟧"
    assert "as ⟦approver⟧" in mail.body
    assert OPENING not in AuditEvent.objects.latest("number").record


def test_titles_and_summaries_of_all_tools_are_there_for_translators() -> None:
    assert [*wording.TITLES] == [tool.title for tool in TOOLS.values()]
    assert [*wording.SUMMARIES] == [tool.summary for tool in TOOLS.values()]


@pytest.mark.usefixtures("wrapped")
def test_a_text_that_nobody_marked_is_found() -> None:
    page = "<p title='Bare'>⟦marked <b>and</b> {}⟧ ninja-get-device <i>bare</i></p><input type='submit' value='Go'>"
    assert [*bare_texts(page)] == ["p[title]: Bare", "i: bare", "input[value]: Go"]


def test_no_script_has_a_text_of_its_own() -> None:
    said = re.compile(r"""(?:textContent|innerText|innerHTML|placeholder|ariaLabel) \??\??= ["'`][^"'`$]*[A-Za-z]{2}""")
    scripts = [*(settings.BASE_DIR / "templates" / "static").rglob("*.js")]
    assert len(scripts) > 5
    assert [script.name for script in scripts if said.search(script.read_text())] == []
    assert said.search('button.textContent = "Copied";')
