"""What happens to an account is on record at each MSP that the person belongs to, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from integrations.audit import AuditError
from integrations.models import AuditEvent, Membership, Msp, User
from integrations.people import records
from tests.cast import PASSWORD, Tenant

NEW = "another horse battery staple"


def entries(msp: Msp) -> list[tuple[str, str, dict[str, Any]]]:
    """Who did what to whom, with the data."""
    found = AuditEvent.objects.for_msp(msp).filter(action__startswith="account.").order_by("number")
    return [(entry.actor, entry.action, json.loads(entry.record)["data"]) for entry in found]


@pytest.fixture
def operator(acme: Tenant) -> Client:
    """Somebody who operates the platform."""
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def own_password(client: Client) -> int:
    posted = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return client.post("/dashboard/password_change/", posted).status_code


def test_what_the_operator_changes_is_on_record_at_all_of_the_persons_msps(
    operator: Client, acme: Tenant, northwind: Tenant
) -> None:
    person = acme.approver
    page = f"/dashboard/integrations/user/{person.pk}"
    posted = {"username": person.username, "email": "new@acme.example", "is_active": ""}
    assert operator.post(f"{page}/change/", posted).status_code == 302
    assert not User.objects.get(pk=person.pk).is_active
    expected = ("user root", "account.changed")
    assert [entry[:2] for entry in entries(acme.msp)] == [expected]
    data = entries(acme.msp)[0][2]
    assert (set(data["fields"]), data["is_active"], data["is_superuser"]) == ({"Email address", "Active"}, False, False)
    Membership.objects.create(msp=northwind.msp, user=person)
    passwords = {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "1"}
    assert operator.post(f"{page}/password/", passwords).status_code == 302
    assert User.objects.get(pk=person.pk).check_password(NEW)
    for msp, times in ((acme.msp, 2), (northwind.msp, 1)):
        assert [entry[:2] for entry in entries(msp)] == [expected] * times
        assert entries(msp)[-1][2]["fields"] == ["password"]
    assert NEW not in "".join(AuditEvent.objects.values_list("record", flat=True))


def test_a_persons_own_new_password_is_on_record(acme: Tenant, northwind: Tenant) -> None:
    assert own_password(acme.signed_in(acme.viewer)) == 302
    assert entries(acme.msp) == [("user acme-viewer", "account.password_changed", {})]
    assert entries(northwind.msp) == []
    assert User.objects.get(pk=acme.viewer.pk).check_password(NEW)


def test_without_an_entry_the_password_stays(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**entry: object) -> None:
        raise AuditError("no entry today")

    monkeypatch.setattr(records, "audit_append", refuse)
    with pytest.raises(AuditError):
        own_password(acme.signed_in(acme.viewer))
    assert User.objects.get(pk=acme.viewer.pk).check_password(PASSWORD)
