from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.models import Lookout
from approvals.outcomes import judging, looking
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.world import World
from tests.approvals.outcomes.looking import US, bash, ended, look_everywhere
from tests.cast import Tenant


@pytest.fixture
def world(ninjaone: Sandbox) -> World:
    return ninjaone.clients[ACME].world


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would wait a moment to be sure does not wait here."""
    monkeypatch.setattr(judging, "SETTLED", timedelta())
    monkeypatch.setattr(judging, "QUIET", timedelta())
    monkeypatch.setattr(looking, "TOLD", timedelta())


@pytest.fixture
def known(acme: Tenant, ninjaone: Sandbox) -> Tenant:
    """A tenant of whom a bash run has proven who they are in NinjaOne."""
    bash(acme)
    ended(ninjaone)
    look_everywhere()
    assert Lookout.objects.get(connection=acme.connection).user_id == US
    return acme
