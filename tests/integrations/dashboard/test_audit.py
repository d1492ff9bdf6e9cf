from __future__ import annotations

import pytest
from django.db import transaction

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
