from __future__ import annotations

from typing import Any

import pytest

from tests.tools.building import RUNNER, the
from tests.tools.fact_reading import Reader, facts_of, read, refusal_of, upstream
from tools.facts import facts_read
from tools.subjects import subjects_of

__all__ = ["read", "upstream"]


def test_bash_without_a_runner_says_who_can_help(read: Reader) -> None:
    refusal = refusal_of(read, "ninja-run-bash", device_id=43, script="id", runner=None)
    assert refusal.code == "bash_runner_missing"
    assert "integration page" in refusal.message


DISGUISES: list[dict[str, Any]] = [
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id": 146}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id": "146"}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id": " 0146 "}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id": 146.0}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id": 146.7}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id": "1.46e2"}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id": [146]}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "ID": 146}},
    {"path": "/v2/device/43/script/run", "body": {"type": "SCRIPT", "id ": 146}},
    {"path": "/v2/device/43/script/run", "body": {"type": "ACTION", "scriptId": 146}},
    {"path": "/v2/device/43/script/run", "body": [{"type": "SCRIPT", "id": 146}]},
    {"path": "/v2/device/43/script/run", "body": {"id": 1, "more": {"id": 146}}},
    {"path": "/v2/Device/43/Script/RUN", "body": {"type": "SCRIPT", "id": 146}},
    {"path": "/v2/policies/58/condition/windows-event", "body": {"scripts": [{"scriptId": 146}]}},
    {"path": "/v2/tasks", "body": {"script_ids": ["146"]}},
]


@pytest.mark.parametrize("arguments", DISGUISES, ids=str)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
@pytest.mark.parametrize("for_approval", [True, False])
def test_the_runner_is_reached_through_run_bash_alone(
    read: Reader, method: str, arguments: dict[str, Any], for_approval: bool
) -> None:
    refusal = refusal_of(read, f"ninja-api-{method}", for_approval=for_approval, **arguments)
    assert refusal.code == "use_run_bash"
    assert "ninja-run-bash" in refusal.message


def test_run_script_does_not_reach_the_runner_either(read: Reader) -> None:
    assert refusal_of(read, "ninja-run-script", device_id=43, script_id=146).code == "use_run_bash"


@pytest.mark.parametrize(
    "body",
    [
        {"type": "SCRIPT", "id": 26, "parameters": "146", "runAs": "146"},
        {"type": "ACTION", "uid": "146"},
        {"type": "SCRIPT", "id": "x"},
        {"type": "SCRIPT", "id": None},
        {"type": "SCRIPT", "id": 1e400},
    ],
)
def test_another_script_is_not_taken_for_the_runner(read: Reader, body: dict[str, Any]) -> None:
    tool = the("ninja-api-post")
    arguments = {"path": "/v2/device/41/script/run", "body": body}
    assert facts_read(tool, arguments, subjects_of(arguments), read=read, runner=RUNNER, for_approval=False) == {}


def test_the_number_of_the_runner_may_stand_elsewhere(read: Reader) -> None:
    assert facts_of(read, "ninja-api-post", for_approval=False, path="/v2/contacts", body={"id": 146}) == {}
    assert facts_of(read, "ninja-get-device", for_approval=False, device_id=146) == {}
