from __future__ import annotations

import pytest

from integrations.ninjaone.sandbox import NORTHWIND, Sandbox
from tests.integrations.sandbox.caller import Caller, Clock, caller_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(now=clock)


@pytest.fixture
def acme(sandbox: Sandbox) -> Caller:
    return caller_of(sandbox)


@pytest.fixture
def northwind(sandbox: Sandbox) -> Caller:
    return caller_of(sandbox, NORTHWIND)
