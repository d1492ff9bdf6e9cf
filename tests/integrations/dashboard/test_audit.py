from __future__ import annotations

import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from integrations.audit import Actor, audit_append
from integrations.models import AuditEvent
from tests.cast import Tenant

AUDIT = "/dashboard/integrations/auditevent/"


@pytest.fixture
def event(acme: Tenant) -> AuditEvent:
    with transaction.atomic():
        audit_append(
            msp=acme.msp,
            actor=Actor.user(acme.admin),
            action="thing.done",
            subject="<b>thing</b>",
            data={"n": "<i>"},
        )
    return AuditEvent.objects.for_msp(acme.msp).get(action="thing.done")


@pytest.mark.parametrize("role", ["viewer", "approver", "admin"])
def test_every_member_reads_and_nobody_writes(acme: Tenant, event: AuditEvent, role: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    page = client.get(AUDIT).content.decode()
    assert "thing.done" in page
    assert "&lt;b&gt;thing&lt;/b&gt;" in page
    entry = client.get(f"{AUDIT}{event.pk}/change/").content.decode()
    assert "&quot;n&quot;: &quot;&lt;i&gt;&quot;" in entry
    assert event.seal in entry
    for url in (f"{AUDIT}add/", f"{AUDIT}{event.pk}/change/", f"{AUDIT}{event.pk}/delete/"):
        assert client.post(url, {"post": "yes", "action": "x"}).status_code == 403
    assert AuditEvent.objects.get(pk=event.pk).seal == event.seal


def test_what_an_agent_hid_in_its_words_stands_there_written_out(acme: Tenant) -> None:
    hidden = {"\u202e": "\\u202e", "\u200b": "\\u200b", "\u2066": "\\u2066", "\x9b": "\\u009b"}
    with transaction.atomic():
        data = {"arguments": {"script": f"rm {''.join(hidden)} grüße"}}
        audit_append(
            msp=acme.msp, actor=Actor.agent(acme.agent), action="request.submitted", subject="invocation", data=data
        )
    event = AuditEvent.objects.for_msp(acme.msp).get(action="request.submitted")
    page = acme.signed_in(acme.viewer).get(f"{AUDIT}{event.pk}/change/").content.decode()
    assert f"rm {''.join(hidden.values())} grüße" in page
    assert not any(each in page for each in hidden)


def test_search_looks_into_action_actor_and_subject(acme: Tenant, event: AuditEvent) -> None:
    client = acme.signed_in(acme.viewer)
    assert "thing.done" in client.get(f"{AUDIT}?q=thing").content.decode()
    page = client.get(f"{AUDIT}?q=nothing+like+it").content.decode()
    assert "thing.done" not in page
    assert "Nothing fits" in page


def test_moments_are_told_in_the_zone_of_the_msp(acme: Tenant, event: AuditEvent) -> None:
    acme.msp.time_zone = "Asia/Tokyo"
    acme.msp.save()
    hour = (event.happened_at.hour + 9) % 24
    assert f", {hour:02}:{event.happened_at:%M:%S}" in acme.signed_in(acme.viewer).get(AUDIT).content.decode()


def test_older_entries_are_behind_the_number_of_the_last_one(acme: Tenant, northwind: Tenant) -> None:
    for tenant in (acme, northwind):
        for number in range(120):
            with transaction.atomic():
                audit_append(
                    msp=tenant.msp, actor=Actor.system("x"), action="page.turned", subject=f"{tenant} {number}"
                )
    client, url, seen = acme.signed_in(acme.viewer), AUDIT, list[int]()
    while url:
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url).content.decode()
        assert not [one["sql"] for one in queries if "COUNT(" in one["sql"] and "auditevent" in one["sql"]]
        seen += [int(number) for number in re.findall(r"/change/[^>]*>(\d+)<", page)]
        older = re.search(r'href="(\?before=\d+)"', page)
        url = f"{AUDIT}{older[1]}" if older else ""
    numbers = AuditEvent.objects.for_msp(acme.msp).order_by("-number").values_list("number", flat=True)
    assert seen == list(numbers)
    assert len(seen) > 100


@pytest.mark.parametrize("text", ["", "x", "-1", "1e3", "9" * 40])
def test_a_cursor_that_is_none_begins_at_the_newest(acme: Tenant, event: AuditEvent, text: str) -> None:
    assert "thing.done" in acme.signed_in(acme.viewer).get(f"{AUDIT}?before={text}").content.decode()
