"""Real threads at the limits: never more than there is."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from approvals import limits
from approvals.errors import GateError
from integrations.clock import database_now
from integrations.models import Agent, Msp
from integrations.models.limits import LARGEST
from tests.cast import Tenant


def got_through(tenant: Tenant, threads: int, calls: int) -> int:
    """How many of `threads` times `calls` calls at once were counted and let through."""
    principal = tenant.principal()
    barrier = threading.Barrier(threads)
    through: list[bool] = []

    def one() -> None:
        try:
            barrier.wait()
            for _ in range(calls):
                try:
                    limits.calls_take(principal)
                    through.append(True)
                except GateError:
                    through.append(False)
        finally:
            connection.close()

    crowd = [threading.Thread(target=one) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(through) == threads * calls
    return sum(through)


@pytest.mark.parametrize("taken", [0, 1], ids=["at first", "later"])
def test_of_a_crowd_no_more_get_through_than_the_burst(acme: Tenant, taken: int) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(calls_per_minute=40)
    before = database_now()
    through = sum(got_through(acme, threads=1, calls=1) for _ in range(taken))
    through += got_through(acme, threads=32, calls=10)
    # One comes back every 1.5 seconds.
    assert 40 <= through <= 40 + (database_now() - before).total_seconds() / 1.5 + 1


@pytest.mark.parametrize("taken", [0, 1], ids=["at first", "later"])
def test_of_a_crowd_of_agents_no_more_get_through_than_the_msps_burst(acme: Tenant, taken: int) -> None:
    Msp.objects.filter(pk=acme.msp.pk).update(calls_per_minute=30)
    Agent.objects.filter(pk=acme.agent.pk).update(calls_per_minute=LARGEST)
    before = database_now()
    through = sum(got_through(acme, threads=1, calls=1) for _ in range(taken))
    through += got_through(acme, threads=32, calls=5)
    assert 30 <= through <= 30 + (database_now() - before).total_seconds() / 2 + 1
