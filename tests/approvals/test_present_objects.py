"""A generic PUT or PATCH shows what stands there now, and is not sent when that has changed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from approvals.dispatch import dispatch_due
from approvals.models import Invocation, Status
from integrations.audit import Actor
from integrations.models import Agent, Connection
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import garbage, raw, status
from tests.approvals.asking import again, approve, approved_and_sent, ask, submit
from tests.approvals.dashboard.looking import page_url, text
from tests.cast import Tenant
from tools.models import Mode
from tools.policy import policies_update

PRODUCT = "/v2/billing/products/12"
# Levels that Python can read, and hardly walk through.
DEEP = b'{"name": ' + b"[" * 600 + b'"\\u00e9"' + b"]" * 600 + b"}"


def put(tenant: Tenant, **body: Any) -> Invocation:
    return ask(tenant, "ninja-api-put", path=PRODUCT, body=body)


def seen(row: Invocation) -> Any:
    return json.loads(row.facts)["present"]


def page_of(tenant: Tenant, row: Invocation) -> str:
    return text(tenant.signed_in(tenant.viewer), page_url(row)).split('id="content-start"')[1]


def test_before_and_after_stand_on_the_page_field_by_field(acme: Tenant) -> None:
    page = page_of(acme, put(acme, name="Managed <b>PC</b>", price={"amount": 49}, taxable=True))
    assert "What changes there" in page
    assert '<span class="before">Managed workstation</span>' in page
    assert '<span class="after">Managed &lt;b&gt;PC&lt;/b&gt;</span>' in page
    assert '<th scope="row">price.amount</th>' in page
    assert '<span class="before">45.0</span>' in page
    assert "Sent, and the same already: taxable" in " ".join(page.split())
    assert "description, id, price.currency. Whether NinjaOne keeps or clears them" in " ".join(page.split())


def test_a_patch_says_that_the_rest_stays(acme: Tenant) -> None:
    page = page_of(acme, ask(acme, "ninja-api-patch", path="/v2/organization/2", body={"name": "Acme Dental AG"}))
    assert '<span class="before">Acme Dental</span>' in page
    assert "A PATCH leaves fields that it does not name as they are." in page


def test_a_ticket_is_compared_as_its_own_tool_does(acme: Tenant) -> None:
    body = {"version": 3, "clientId": 2, "subject": "Print server is fine", "status": "2000"}
    row = ask(acme, "ninja-api-put", path="/v2/ticketing/ticket/1014", body=body)
    page = " ".join(page_of(acme, row).split())
    assert '<span class="after">Print server is fine</span>' in page
    assert "Sent, and the same already: clientId, status" in page
    assert "requesterUid" in page.split("Not sent:")[1]


@pytest.mark.parametrize(
    "body", [{"attributes": ["x"], "status": {"a": 1}}, {"tags": [{}], "cc": []}, {"attributes": [{}], "type": [1]}]
)
def test_a_ticket_of_any_shape_is_shown(acme: Tenant, body: dict[str, Any]) -> None:
    row = ask(acme, "ninja-api-put", path="/v2/ticketing/ticket/1014", body=body)
    assert "What changes there" in page_of(acme, row)


@pytest.mark.parametrize(
    "fault", [status(403), status(404), status(503), garbage(), raw(200, DEEP, "application/json")]
)
def test_what_cannot_be_read_is_said_and_the_call_waits_all_the_same(
    acme: Tenant, ninjaone: Sandbox, fault: Any
) -> None:
    ninjaone.faults.add("GET", PRODUCT, fault, times=9)
    row = put(acme, name="x")
    assert row.status == Status.PENDING_APPROVAL
    page = page_of(acme, row)
    assert "What is there now could not be read." in page
    assert seen(row)["trouble"].split(":")[0] in page.replace("&#x27;", "'")
    assert approved_and_sent(acme, row).status == Status.SUCCEEDED


def test_an_address_without_a_get_says_so(acme: Tenant) -> None:
    row = ask(acme, "ninja-api-put", path="/v2/device/43/maintenance", body={"end": 2_000_000_000})
    assert "has no way to read what is at this address" in page_of(acme, row)


def test_a_field_that_changed_meanwhile_blocks_and_is_named_without_its_value(acme: Tenant, ninjaone: Sandbox) -> None:
    row = put(acme, name="x", price={"amount": 49})
    approve(acme, row)
    ninjaone.acme.products[12]["price"]["amount"] = 47.25
    dispatch_due()
    row = again(row.pk)
    assert row.status == Status.BLOCKED
    assert row.error_message == "Not sent, because what it would change is not as it was: price.amount."
    assert not ninjaone.calls("PUT")


def test_an_object_that_is_gone_blocks(acme: Tenant, ninjaone: Sandbox) -> None:
    row = put(acme, name="x")
    approve(acme, row)
    ninjaone.acme.products.clear()
    dispatch_due()
    row = again(row.pk)
    assert (row.status, "cannot be read any more" in row.error_message) == (Status.BLOCKED, True)


def test_a_field_that_is_not_sent_may_change(acme: Tenant, ninjaone: Sandbox) -> None:
    row = put(acme, name="x")
    approve(acme, row)
    ninjaone.acme.products[12] |= {"description": "another", "new": 1}
    dispatch_due()
    assert again(row.pk).status == Status.SUCCEEDED


def test_while_it_cannot_be_read_an_approved_call_waits(acme: Tenant, ninjaone: Sandbox) -> None:
    row = put(acme, name="x")
    approve(acme, row)
    ninjaone.faults.add("GET", PRODUCT, status(503), times=9)
    assert dispatch_due() == 0
    ninjaone.faults.clear()
    assert dispatch_due() == 1
    assert again(row.pk).status == Status.SUCCEEDED


def test_a_secret_is_neither_stored_nor_shown(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.acme.products[12]["portalPassword"] = "hunter2"
    row = put(acme, portalPassword="correct horse")
    assert "hunter2" not in row.facts + row.consent
    page = page_of(acme, row)
    assert "hunter2" not in page
    assert "hidden: it may be a secret" in page


def test_custom_fields_are_compared_without_showing_them(acme: Tenant) -> None:
    body = {"contractTier": "gold"}
    row = ask(acme, "ninja-api-patch", path="/v2/organization/2/custom-fields", body=body)
    fields = seen(row)["fields"]
    assert re.fullmatch("[0-9a-f]{64}", fields["contractTier"].pop("mark"))
    assert fields == {"contractTier": {"same": False, "hidden": True}}


def test_a_secret_that_became_another_one_blocks_without_being_stored(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.acme.products[12]["portalPassword"] = "hunter2"
    row = put(acme, portalPassword="correct horse")
    approve(acme, row)
    ninjaone.acme.products[12]["portalPassword"] = "hunter3"
    dispatch_due()
    row = again(row.pk)
    assert row.status == Status.BLOCKED
    assert row.error_message == "Not sent, because what it would change is not as it was: portalPassword."
    assert not {"hunter2", "hunter3"} & set(re.findall(r"\w+", row.facts + row.consent))


def test_a_secret_that_stands_as_it_did_is_no_hindrance(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.acme.products[12]["portalPassword"] = "hunter2"
    assert approved_and_sent(acme, put(acme, portalPassword="correct horse")).status == Status.SUCCEEDED


def test_a_custom_field_that_became_what_is_sent_blocks(acme: Tenant, ninjaone: Sandbox) -> None:
    body = {"contractTier": "gold"}
    row = ask(acme, "ninja-api-patch", path="/v2/organization/2/custom-fields", body=body)
    approve(acme, row)
    ninjaone.acme.organizations[2].custom_fields["contractTier"] = "gold"
    dispatch_due()
    assert again(row.pk).status == Status.BLOCKED


def test_an_agent_limited_to_organizations_learns_and_reads_nothing_of_others(acme: Tenant, ninjaone: Sandbox) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_organizations=[3])
    for tool, path in (("ninja-api-put", PRODUCT), ("ninja-api-patch", "/v2/organization/2/custom-fields")):
        with pytest.raises(Exception, match="Nothing was sent"):
            ask(acme, tool, path=path, body={"name": "x"})
        assert not ninjaone.calls("GET", path)


def test_another_msp_reads_its_own_object(acme: Tenant, northwind: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.northwind.products[12]["name"] = "Northwind desk"
    row = put(northwind, name="x")
    assert seen(row)["fields"]["name"]["value"] == "Northwind desk"
    assert seen(put(acme, name="x"))["fields"]["name"]["value"] == "Managed workstation"
    text(acme.signed_in(acme.viewer), page_url(row), 404)


def test_agents_are_not_told_what_stands_there(acme: Tenant) -> None:
    row = put(acme, name="x")
    answer = acme.signed_in(acme.viewer).get(f"/api/v1/invocations/{row.pk}", **acme.bearer())
    assert answer.status_code == 200
    assert "Managed workstation" not in answer.content.decode()


def test_what_runs_at_once_is_not_looked_at(acme: Tenant, ninjaone: Sandbox) -> None:
    policies_update(
        connection=Connection.objects.get(pk=acme.connection.pk),
        actor=Actor.user(acme.admin),
        changes={"ninjaone:ninja-api-put": Mode.AUTO},
    )
    assert put(acme, name="x").status == Status.SUCCEEDED
    assert not ninjaone.calls("GET", PRODUCT)


def test_it_is_read_once_when_asked_and_once_before_it_is_sent(acme: Tenant, ninjaone: Sandbox) -> None:
    row = put(acme, name="x")
    assert submit(acme, "ninja-api-put", path=PRODUCT, body={"name": "x"}).is_replay
    assert len(ninjaone.calls("GET", PRODUCT)) == 1
    approved_and_sent(acme, row)
    assert len(ninjaone.calls("GET", PRODUCT)) == 2


def test_a_stored_comparison_of_a_put_is_part_of_what_is_approved(acme: Tenant) -> None:
    row = put(acme, name="x")
    assert json.loads(row.consent)["facts"]["present"]["fields"]["name"]["value"] == "Managed workstation"
