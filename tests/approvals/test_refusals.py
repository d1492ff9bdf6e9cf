"""What policy, state or the world does not allow is refused, on record, and nothing is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals.errors import GateError
from approvals.models import Invocation
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, AuditEvent, Connection, Msp
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import status
from tests.approvals.asking import ask, submit
from tests.cast import Tenant
from tools.models import Mode
from tools.policy import policies_update


def refused(tenant: Tenant, name: str, /, **arguments: Any) -> GateError:
    with pytest.raises(GateError) as caught:
        ask(tenant, name, **arguments)
    return caught.value


def test_a_disabled_tool_is_refused_and_on_record(acme: Tenant, ninjaone: Sandbox) -> None:
    policies_update(
        connection=acme.connection, actor=Actor.user(acme.admin), changes={"ninjaone:ninja-get-device": Mode.DISABLED}
    )
    assert refused(acme, "ninja-get-device", device_id=43).code == "tool_disabled"
    row = Invocation.objects.get()
    assert (row.status, row.error_code, row.dispatch_started_at) == ("failed", "tool_disabled", None)
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="call.refused").count() == 1
    assert not ninjaone.calls()


def test_the_disabled_tool_of_one_msp_still_works_for_another(acme: Tenant, northwind: Tenant) -> None:
    policies_update(
        connection=acme.connection, actor=Actor.user(acme.admin), changes={"ninjaone:ninja-get-device": Mode.DISABLED}
    )
    assert ask(northwind, "ninja-list-organizations").status == "succeeded"


def test_wrong_arguments_are_refused_and_nothing_is_stored(acme: Tenant, ninjaone: Sandbox) -> None:
    error = refused(acme, "ninja-get-device", device_id="43", extra=1)
    assert error.code == "invalid_arguments"
    assert {entry["field"] for entry in error.errors or []} == {"device_id", "extra"}
    assert not Invocation.objects.exists()
    assert not ninjaone.calls()


def test_bash_on_a_windows_device_is_refused(acme: Tenant) -> None:
    assert refused(acme, "ninja-run-bash", device_id=41, script="echo hi").code == "unsupported_device"


def test_bash_without_a_runner_is_refused(acme: Tenant) -> None:
    Connection.objects.update(runner_script_id=None)
    assert refused(acme, "ninja-run-bash", device_id=43, script="echo hi").code == "bash_runner_missing"


def test_bash_is_refused_when_the_runner_script_was_changed_in_ninjaone(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.acme.scripts[146].updated_on += 60
    error = refused(acme, "ninja-run-bash", device_id=43, script="echo hi")
    assert error.code == "bash_runner_missing"
    assert "updatedOn" in error.message


def test_bash_is_refused_when_the_runner_script_is_gone(acme: Tenant, ninjaone: Sandbox) -> None:
    del ninjaone.acme.scripts[146]
    assert refused(acme, "ninja-run-bash", device_id=43, script="echo hi").code == "bash_runner_missing"


def test_the_runner_script_is_reachable_through_bash_alone(acme: Tenant) -> None:
    assert refused(acme, "ninja-run-script", device_id=43, script_id=146).code == "use_run_bash"
    body = {"type": "SCRIPT", "id": 146, "parameters": "ZWNobw==", "runAs": "system"}
    assert refused(acme, "ninja-api-post", path="/v2/device/43/script/run", body=body).code == "use_run_bash"


def test_a_device_that_does_not_exist_is_refused_before_anyone_is_asked(acme: Tenant) -> None:
    assert refused(acme, "ninja-reboot-device", device_id=9999).code == "not_found"


def test_without_a_connection_nothing_runs(acme: Tenant) -> None:
    Connection.objects.all().delete()
    assert refused(acme, "ninja-get-device", device_id=43).code == "not_connected"


@pytest.mark.parametrize("state", ["not_authorized", "needs_reauthorization"])
def test_a_connection_that_does_not_work_says_why(acme: Tenant, state: str) -> None:
    Connection.objects.update(state=state, state_reason="The technician left.")
    code = refused(acme, "ninja-get-device", device_id=43).code
    assert code == ("not_connected" if state == "not_authorized" else state)


def test_a_frozen_msp_runs_nothing(acme: Tenant, ninjaone: Sandbox) -> None:
    Msp.objects.update(frozen_at=database_now() - timedelta(minutes=1))
    assert refused(acme, "ninja-get-device", device_id=43).code == "frozen"
    assert not ninjaone.calls()


def test_an_agent_limited_to_tools_gets_no_other(acme: Tenant) -> None:
    Agent.objects.update(allowed_tools=["ninjaone:ninja-list-devices"])
    assert refused(acme, "ninja-get-device", device_id=43).code == "scope_denied"
    assert ask(acme, "ninja-list-devices").status == "succeeded"


def test_an_agent_limited_to_organizations_gets_only_what_belongs_to_one_of_them(acme: Tenant) -> None:
    Agent.objects.update(allowed_organizations=[3])
    assert refused(acme, "ninja-get-device", device_id=43).code == "not_found"
    assert refused(acme, "ninja-api-get", path="/v2/devices").code == "scope_denied"
    assert ask(acme, "ninja-list-devices", organization_id=3).status == "succeeded"


def test_ninjaone_failing_while_we_look_refuses_and_changes_nothing(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", "/v2/device/43", status(503), times=9)
    error = refused(acme, "ninja-reboot-device", device_id=43)
    assert error.code in {"upstream_error", "upstream_unavailable"}
    assert not ninjaone.calls("POST")


def test_a_refusal_leaves_its_idempotency_key_free(acme: Tenant) -> None:
    Connection.objects.update(runner_script_id=None)
    options = {"idempotency_key": "k1"}
    with pytest.raises(GateError):
        submit(acme, "ninja-run-bash", device_id=43, script="echo hi", options=options)
    Connection.objects.update(runner_script_id=146)
    assert not submit(acme, "ninja-run-bash", device_id=43, script="echo hi", options=options).is_replay
