"""One connection's trouble at NinjaOne stays its own."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection as database

from integrations.models import Connection
from integrations.ninjaone import throttle as limits
from integrations.ninjaone.client import send
from integrations.ninjaone.errors import NeedsReauthorizationError, NotSentError, RateLimitedError
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import status
from integrations.ninjaone.throttle import Throttle, throttle_of
from integrations.ninjaone.wire import WireAnswer, WireRequest
from tests.cast import Tenant


@pytest.fixture(autouse=True)
def limited(settings: Any) -> None:
    settings.NINJAONE_LIMIT_SANDBOX = True
    settings.NINJAONE_REQUESTS_PER_SECOND = 1000.0


def read(connection: Connection) -> WireAnswer:
    request = WireRequest(method="GET", base_url="http://127.0.0.1:8801", path="/v2/organization/2")
    return send(connection=connection, request=request, is_write=False)


def soon() -> float:
    return time.monotonic() + 5


def test_calls_of_one_connection_are_spread_over_time() -> None:
    throttle = Throttle(per_second=20)
    started = time.monotonic()
    for _ in range(30):
        throttle.pace(soon())
    # Twenty at once, the other ten in turn.
    assert time.monotonic() - started >= 0.4


def test_a_turn_that_would_come_too_late_is_refused_and_not_used_up() -> None:
    throttle = Throttle(per_second=1)
    throttle.pace(soon())
    for _ in range(3):
        with pytest.raises(RateLimitedError):
            throttle.pace(time.monotonic() + 0.2)
    assert throttle.tokens > -0.5


def test_no_more_than_four_are_in_flight_and_sixteen_wait() -> None:
    throttle = Throttle(per_second=1000)
    leave = threading.Event()
    together: list[int] = []

    def one() -> None:
        with throttle.slot(soon()):
            together.append(throttle.in_flight)
            leave.wait(5)

    threads = [threading.Thread(target=one) for _ in range(limits.IN_FLIGHT + limits.WAITING)]
    for thread in threads:
        thread.start()
    ends_at = soon()
    while throttle.waiting < limits.WAITING and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert (throttle.in_flight, throttle.waiting) == (limits.IN_FLIGHT, limits.WAITING)
    with pytest.raises(RateLimitedError) as caught, throttle.slot(soon()):
        pass
    assert caught.value.retry_after is not None
    leave.set()
    for thread in threads:
        thread.join()
    assert max(together) == limits.IN_FLIGHT
    assert (throttle.in_flight, throttle.waiting) == (0, 0)


def test_who_waits_in_vain_is_refused() -> None:
    throttle = Throttle(per_second=1000)
    throttle.in_flight = limits.IN_FLIGHT
    with pytest.raises(RateLimitedError), throttle.slot(time.monotonic() + 0.05):
        pass
    assert throttle.waiting == 0


def test_five_failures_open_the_breaker_for_that_connection_alone(
    acme: Tenant, northwind: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.ninjaone.retry.pause", lambda seconds: None)
    ninjaone.faults.add("GET", "/v2/organization/2", status(503), times=15)
    for _ in range(5):
        assert read(acme.connection).status == 503
    before = len(ninjaone.calls())
    with pytest.raises(NotSentError) as caught:
        read(acme.connection)
    assert caught.value.retry_after is not None
    assert len(ninjaone.calls()) == before
    assert read(northwind.connection).status in {200, 404}


def test_after_a_rest_one_call_tries_and_closes_the_breaker(acme: Tenant, ninjaone: Sandbox) -> None:
    throttle = throttle_of(acme.connection)
    assert throttle is not None
    throttle.open_until = time.monotonic() - 1
    with throttle.slot(soon()), pytest.raises(NotSentError), throttle.slot(soon()):
        pass
    assert read(acme.connection).status == 200
    assert list(throttle.outcomes) == []
    assert read(acme.connection).status == 200


def test_a_probe_that_fails_opens_it_again() -> None:
    throttle = Throttle(per_second=1000)
    throttle.open_until = time.monotonic() - 1
    throttle.note(is_failure=True)
    assert throttle.open_until > time.monotonic()


def test_a_lost_authorization_is_no_sign_of_a_sick_ninjaone(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.revoke_grants(acme.connection.client_id)
    with pytest.raises(NeedsReauthorizationError):
        read(acme.connection)
    throttle = throttle_of(acme.connection)
    assert throttle is not None
    assert list(throttle.outcomes) == [False]


def test_the_sandbox_is_not_held_to_it_unless_asked(acme: Tenant, settings: Any) -> None:
    settings.NINJAONE_LIMIT_SANDBOX = False
    assert throttle_of(acme.connection) is None


def test_only_so_many_throttles_are_kept(acme: Tenant, northwind: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT", 1)
    first = throttle_of(acme.connection)
    throttle_of(northwind.connection)
    assert throttle_of(acme.connection) is not first
    database.close()
