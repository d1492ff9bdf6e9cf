"""The cast in one transaction that is rolled back: quick, for tests in which nothing is asked of NinjaOne."""

from __future__ import annotations

import pytest

from integrations.ninjaone.sandbox import ACME, NORTHWIND, Sandbox
from tests.cast import Tenant, make_tenant


@pytest.fixture
def acme(ninjaone: Sandbox, db: None) -> Tenant:
    """The MSP whose story a test tells."""
    return make_tenant("acme", ACME, ninjaone)


@pytest.fixture
def northwind(ninjaone: Sandbox, db: None) -> Tenant:
    """Another MSP, with the same device ids."""
    return make_tenant("northwind", NORTHWIND, ninjaone)
