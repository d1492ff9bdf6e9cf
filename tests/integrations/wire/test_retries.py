"""The retry table: what is tried again, and how often. Counted at NinjaOne, which is the side that matters."""

from __future__ import annotations

import pytest

from integrations.models import Connection, ConnectionState
from integrations.ninjaone import retry
from integrations.ninjaone.client import send
from integrations.ninjaone.errors import AmbiguousError, NeedsReauthorizationError, NotSentError, RateLimitedError
from integrations.ninjaone.sandbox import Sandbox, faults
from integrations.ninjaone.sandbox.faults import Fault
from integrations.ninjaone.wire import WireAnswer, WireRequest
from tests.cast import Tenant

READ = "/v2/organizations"
WRITE = "/v2/device/43/reboot/NORMAL"
HOST = "http://127.0.0.1:8801"


def read(tenant: Tenant) -> WireAnswer:
    return send(connection=tenant.connection, request=WireRequest("GET", HOST, READ), is_write=False)


def write(tenant: Tenant) -> WireAnswer:
    return send(connection=tenant.connection, request=WireRequest("POST", HOST, WRITE, body="{}"), is_write=True)


def test_it_hands_over_what_ninjaone_answers(acme: Tenant) -> None:
    answer = read(acme)

    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert answer.json()[0]["name"] == "Acme Dental"
    assert answer.request_id == "sandbox-00000001"


def test_it_hands_over_an_answer_without_a_body(acme: Tenant) -> None:
    answer = write(acme)

    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize(
    "fault", [faults.status(500), faults.status(503), faults.html(502), faults.dropped(), faults.cut(), faults.slow(20)]
)
def test_a_read_that_got_lost_is_tried_twice_more(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float], fault: Fault
) -> None:
    ninjaone.faults.add("GET", READ, fault, times=2)

    assert read(acme).status == 200
    assert len(ninjaone.calls("GET", READ)) == 3
    assert len(pauses) == 2
    assert all(0 <= seconds <= upper for seconds, upper in zip(pauses, retry.JITTER, strict=True))


@pytest.mark.parametrize("fault", [faults.dropped(), faults.cut(), faults.slow(20)])
def test_a_read_that_stays_lost_has_no_answer(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float], fault: Fault
) -> None:
    ninjaone.faults.add("GET", READ, fault, times=9)

    with pytest.raises(AmbiguousError) as caught:
        read(acme)

    assert caught.value.code == "upstream_unavailable"
    assert len(ninjaone.calls("GET", READ)) == 3


def test_a_read_that_keeps_failing_gives_the_failure(acme: Tenant, ninjaone: Sandbox, pauses: list[float]) -> None:
    ninjaone.faults.add("GET", READ, faults.status(500), times=9)

    assert read(acme).status == 500
    assert len(ninjaone.calls("GET", READ)) == 3


@pytest.mark.parametrize("fault", [faults.dropped(), faults.cut(), faults.slow(20)])
def test_a_write_that_got_lost_is_never_sent_again(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float], fault: Fault
) -> None:
    # An answer of 204 has no body to cut.
    path = WRITE if fault != faults.cut() else "/v2/ticketing/ticket"
    ninjaone.faults.add("POST", path, fault, times=9)
    request = WireRequest("POST", HOST, path, body="{}")

    with pytest.raises(AmbiguousError) as caught:
        send(connection=acme.connection, request=request, is_write=True)

    assert caught.value.code == "outcome_unknown"
    assert len(ninjaone.calls("POST", path)) == 1
    assert pauses == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_write_that_failed_is_never_sent_again(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float], status: int
) -> None:
    ninjaone.faults.add("POST", WRITE, faults.status(status), times=9)

    assert write(acme).status == status
    assert len(ninjaone.calls("POST", WRITE)) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_final(acme: Tenant, ninjaone: Sandbox, pauses: list[float], status: int) -> None:
    ninjaone.faults.add("GET", READ, faults.status(status), times=9)

    assert read(acme).status == status
    assert len(ninjaone.calls("GET", READ)) == 1


@pytest.mark.parametrize("is_write", [False, True])
def test_throttling_is_waited_out_once(acme: Tenant, ninjaone: Sandbox, pauses: list[float], is_write: bool) -> None:
    ninjaone.faults.add("*", ".*", faults.status(429, retry_after="7"))

    assert (write(acme) if is_write else read(acme)).status in {200, 204}
    assert pauses == [7.0]


def test_throttling_that_goes_on_is_an_error(acme: Tenant, ninjaone: Sandbox, pauses: list[float]) -> None:
    ninjaone.faults.add("POST", WRITE, faults.status(429, retry_after="7"), times=9)

    with pytest.raises(RateLimitedError) as caught:
        write(acme)

    assert caught.value.retry_after == 7.0
    assert len(ninjaone.calls("POST", WRITE)) == 2


def test_throttling_for_long_is_not_waited_out(acme: Tenant, ninjaone: Sandbox, pauses: list[float]) -> None:
    ninjaone.faults.add("GET", READ, faults.status(429, retry_after="21"), times=9)

    with pytest.raises(RateLimitedError) as caught:
        read(acme)

    assert caught.value.retry_after == 21.0
    assert pauses == []


def test_throttling_without_a_time_is_waited_out_for_two_seconds(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float]
) -> None:
    ninjaone.faults.add("GET", READ, faults.html(429))

    assert read(acme).status == 200
    assert pauses == [2.0]


def test_a_web_page_instead_of_data_is_throttling_for_a_read(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float]
) -> None:
    ninjaone.faults.add("GET", READ, faults.html(200), times=9)

    with pytest.raises(RateLimitedError) as caught:
        read(acme)

    assert caught.value.retry_after == 60.0
    assert len(ninjaone.calls("GET", READ)) == 3


def test_a_web_page_instead_of_data_is_handed_over_for_a_write(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("POST", WRITE, faults.html(200))

    answer = write(acme)

    assert (answer.status, answer.is_html) == (200, True)
    assert len(ninjaone.calls("POST", WRITE)) == 1


@pytest.mark.parametrize("is_write", [False, True])
def test_a_refused_token_is_renewed_once(acme: Tenant, ninjaone: Sandbox, is_write: bool) -> None:
    refused = {"error": "not_authenticated", "error_description": "Invalid credentials", "error_code": 10}
    ninjaone.faults.add("*", "/v2/.*", faults.status(401, body=refused))

    assert (write(acme) if is_write else read(acme)).status in {200, 204}
    assert len(ninjaone.calls("POST", "/ws/oauth/token")) == 1


def test_a_token_that_stays_refused_is_handed_over(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", READ, faults.status(401, body={"error": "not_authenticated"}), times=9)

    assert read(acme).status == 401
    assert len(ninjaone.calls("GET", READ)) == 2
    assert len(ninjaone.calls("POST", "/ws/oauth/token")) == 1


def test_without_a_refresh_token_only_ninjaones_own_word_ends_the_connection(acme: Tenant, ninjaone: Sandbox) -> None:
    acme.connection.refresh_token = None
    acme.connection.save()
    ninjaone.faults.add("GET", READ, faults.html(401))
    assert read(acme).status == 401

    ninjaone.faults.add("GET", READ, faults.status(401, body={"error": "not_authenticated"}))
    with pytest.raises(NeedsReauthorizationError):
        read(acme)
    assert Connection.objects.get(pk=acme.connection.pk).state == ConnectionState.NEEDS_REAUTHORIZATION


def test_missing_privileges_do_not_cost_a_token(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", READ, faults.status(401, body={"error": "insufficient_privileges"}), times=9)

    assert read(acme).status == 401
    assert ninjaone.calls("POST", "/ws/oauth/token") == []


@pytest.mark.parametrize(("is_write", "waits"), [(False, 2), (True, 1)])
def test_a_ninjaone_that_is_not_there_is_tried_again_and_nothing_was_sent(
    raw_port_closed: Tenant, pauses: list[float], is_write: bool, waits: int
) -> None:
    request = WireRequest("POST" if is_write else "GET", "http://127.0.0.1:9", "/v2/x")

    with pytest.raises(NotSentError) as caught:
        send(connection=raw_port_closed.connection, request=request, is_write=is_write)

    assert caught.value.code == "upstream_unavailable"
    assert len(pauses) == waits


def test_it_does_not_wait_beyond_its_deadline(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.ninjaone.exchange.TOTAL_SECONDS", 5.0)
    monkeypatch.setattr("random.uniform", lambda low, high: 6.0)
    ninjaone.faults.add("GET", READ, faults.status(429, retry_after="7"))
    ninjaone.faults.add("GET", READ, faults.status(500))

    with pytest.raises(RateLimitedError):
        read(acme)
    assert read(acme).status == 500
    assert pauses == []


def test_waiting_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)

    retry.pause(3.0)

    assert slept == [3.0]
