from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.outcomes import judging
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.world import World


@pytest.fixture
def world(ninjaone: Sandbox) -> World:
    return ninjaone.clients[ACME].world


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would wait a moment to be sure does not wait here."""
    monkeypatch.setattr(judging, "SETTLED", timedelta())
    monkeypatch.setattr(judging, "QUIET", timedelta())
