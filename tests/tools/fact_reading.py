"""Reads facts from the sandbox as the gate does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from integrations.ninjaone.sandbox import Sandbox
from tests.integrations.sandbox.caller import Caller, caller_of
from tests.tools.building import RUNNER, the
from tools.calls import Call
from tools.errors import ToolRefusedError, UpstreamNotFoundError
from tools.facts import Fact, RunnerFact, facts_from_json, facts_needed, facts_read, facts_to_json
from tools.subjects import subjects_of

Reader = Callable[[Call], Any]


@pytest.fixture
def upstream() -> Caller:
    return caller_of(Sandbox())


@pytest.fixture
def read(upstream: Caller) -> Reader:
    """Reads from the sandbox as the gate does."""

    def reader(call: Call) -> Any:
        assert call.method == "GET"
        answer = upstream.send("GET", unquote(call.path))
        if answer.status == 404:
            raise UpstreamNotFoundError(call.path)
        assert answer.status == 200
        return json.loads(answer.body)

    return reader


def facts_of(
    read: Reader, tool_name: str, /, *, for_approval: bool = True, runner: RunnerFact | None = RUNNER, **arguments: Any
) -> dict[str, Fact]:
    tool = the(tool_name)
    parsed = tool.parse(arguments)
    subjects = subjects_of(parsed)
    facts = facts_read(tool, parsed, subjects, read=read, runner=runner, for_approval=for_approval)
    assert set(facts) <= set(facts_needed(tool, subjects, for_approval=for_approval))
    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts)))) == facts
    return facts


def refusal_of(read: Reader, tool_name: str, /, **more: Any) -> ToolRefusedError:
    with pytest.raises(ToolRefusedError) as caught:
        facts_of(read, tool_name, **more)
    return caught.value
