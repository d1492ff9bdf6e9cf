"""Rows to try things on."""

from __future__ import annotations

import pytest

from approvals.models import Invocation
from tests.approvals.asking import again, approved_and_sent, ask
from tests.cast import Tenant


@pytest.fixture
def pending(acme: Tenant) -> Invocation:
    return again(ask(acme, "ninja-reboot-device", device_id=43).pk)


@pytest.fixture
def sent(acme: Tenant) -> Invocation:
    """A write with its vote and its attempt."""
    return approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=44))
