"""Agents of both MSPs at the REST API."""

from __future__ import annotations

import pytest

from tests.approvals.rest.calling import Caller, caller_of
from tests.cast import Tenant


@pytest.fixture
def agent(acme: Tenant) -> Caller:
    """Acme's agent."""
    return caller_of(acme)


@pytest.fixture
def stranger(northwind: Tenant) -> Caller:
    """Another MSP's agent."""
    return caller_of(northwind)
