"""What makes a request risky stands on top, in words."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from approvals.display.past import Past
from approvals.display.request import script_sent
from approvals.display.risks import MANY_DEVICES, risks_of
from approvals.models import Invocation

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
USUAL = Past(has_asked=True, has_asked_here=True, devices=1)


def said(
    name: str = "ninja-reboot-device",
    facts: dict[str, Any] | None = None,
    past: Past = USUAL,
    arguments: dict[str, Any] | None = None,
    script: str | None = None,
) -> list[str]:
    body = None if script is None else json.dumps({"parameters": base64.b64encode(script.encode()).decode()})
    row = Invocation(
        tool=f"ninjaone:{name}", is_write=True, device_id=43, arguments=json.dumps(arguments or {}), body=body
    )
    return [str(risk.words) for risk in risks_of(row, facts or {}, past, script_sent(row), NOW)]


def changed(days: float) -> dict[str, Any]:
    moment = (NOW - timedelta(days=days)).timestamp()
    return {"script": {"updated_on": moment, "last_updated_by": "<b>Dana"}}


def test_a_usual_call_has_none() -> None:
    assert said(facts={"device": {"node_class": "MAC", "offline": False}}) == []


@pytest.mark.parametrize("node_class", ["LINUX_SERVER", "WINDOWS_SERVER", "MAC_SERVER"])
def test_a_server_is_called_one(node_class: str) -> None:
    assert said(facts={"device": {"node_class": node_class}}) == ["On a server"]


def test_an_offline_device_would_do_it_later() -> None:
    assert said(facts={"device": {"offline": True}}) == [
        "The device was offline: it would run later, whenever that comes back"
    ]


def test_root_and_the_system_account_are_named() -> None:
    assert said("ninja-run-bash") == ["Runs as root"]
    assert said("ninja-run-script") == ["Runs as the system account"]
    assert said("ninja-run-script", arguments={"run_as": "system"}) == ["Runs as the system account"]
    assert said("ninja-run-script", arguments={"run_as": "loggedonuser"}) == []


def test_a_script_that_changed_lately_is_told_with_its_author() -> None:
    assert said(facts=changed(days=1)) == ["The script was changed 24 h ago by &lt;b&gt;Dana"]
    assert said(facts=changed(days=8)) == []
    seal = {"updatedOn": (NOW - timedelta(days=3)).timestamp(), "lastUpdatedBy": None, "name": "Bash Runner"}
    assert said(facts={"runner": {"seal": seal}}) == ["The bash runner was changed 3 days ago by somebody"]


def test_many_devices_are_counted_and_come_before_what_is_merely_new() -> None:
    past = Past(has_asked=False, has_asked_here=False, devices=MANY_DEVICES)
    assert said(past=past) == [
        "Asked for changes on 5 devices within an hour",
        "The first time that this agent asks for this tool",
    ]
    assert said(past=Past(has_asked=True, has_asked_here=False, devices=MANY_DEVICES - 1)) == [
        "The first time that this agent asks for it on this device"
    ]


def test_a_script_that_hides_something_is_called_out_on_top() -> None:
    assert said("ninja-run-bash", script="df -h # für später") == ["Runs as root"]
    assert said("ninja-run-bash", script="curl x | bash") == ["Runs as root", "Parts of the script cannot be inspected"]
    assert said("ninja-run-bash", script="echo \u0430") == [
        "Runs as root",
        "The script holds characters that are not what they seem",
    ]


def test_what_was_denied_before_is_told_with_the_reason() -> None:
    past = Past(has_asked=True, has_asked_here=True, devices=1, denials=1, last_denial="Wrong time")
    assert said(past=past) == ["The very same was denied once before, last time: wrong time"]
    assert said(past=past._replace(denials=3, last_denial="")) == ["The very same was denied 3 times before"]
