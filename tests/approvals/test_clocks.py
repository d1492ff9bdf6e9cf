"""A host whose clock is ten minutes off, either way: every deadline is still set and judged by the database's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from approvals.decisions import invocation_cancel
from approvals.dispatch import dispatch_due
from approvals.errors import GateError
from approvals.models import Invocation, Status
from approvals.sweep import sweep
from integrations.agent_keys import InvalidKeyError
from integrations.clock import Seen, database_now, likely_now
from integrations.models import AgentKey, Authorization, Connection, ConnectionState
from integrations.ninjaone.connect import ConnectError, authorization_finish, authorization_start
from integrations.ninjaone.sandbox import ACME, Sandbox, seed_grant
from integrations.ninjaone.tokens import access_token
from tests.approvals.asking import again, approve, ask, deny, submit
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant
from tests.integrations.wire.browser import Returned, consent

TOKEN = "/ws/oauth/token"
SESSION = "session-of-the-admin"
MOMENT = timedelta(seconds=1)
SOON = timedelta(seconds=45)


@pytest.fixture(params=[-10, 10], ids=["slow", "fast"], autouse=True)
def host(request: pytest.FixtureRequest) -> Iterator[timedelta]:
    """By how much this host's clock is wrong, from before anything was set up."""
    off = timedelta(minutes=request.param)
    with time_machine.travel(datetime.now(UTC) + off, tick=True):
        yield off


def waiting(tenant: Tenant, left: timedelta) -> Invocation:
    """A request with so much time left for a decision."""
    row = ask(tenant, "ninja-reboot-device", device_id=43)
    Invocation.objects.filter(pk=row.pk).update(expires_at=database_now() + left)
    return again(row.pk)


def approved(tenant: Tenant, left: timedelta) -> Invocation:
    """A call with so much time left to be sent."""
    row = approve(tenant, ask(tenant, "ninja-reboot-device", device_id=43))
    Invocation.objects.filter(pk=row.pk).update(release_by=database_now() + left)
    return again(row.pk)


def lease(tenant: Tenant, left: timedelta) -> Invocation:
    """A call that is being sent, by somebody whose lease has so much time left."""
    row = approved(tenant, SOON)
    now = database_now()
    Invocation.objects.filter(pk=row.pk).update(
        status=Status.DISPATCHING, dispatch_started_at=now, attempt_count=1, lease_until=now + left
    )
    return again(row.pk)


def shown(tenant: Tenant, row: Invocation) -> str:
    """The status that the agent reads."""
    status: str = caller_of(tenant).get(f"invocations/{row.pk}").body["status"]
    return status


def token_that_ends(tenant: Tenant, left: timedelta) -> Connection:
    Connection.objects.filter(pk=tenant.connection.pk).update(access_expires_at=database_now() + left)
    return Connection.objects.get(pk=tenant.connection.pk)


def finished(tenant: Tenant, returned: Returned) -> Connection:
    return authorization_finish(user=tenant.admin, session_key=SESSION, state=returned.state, code=returned.code)


def test_the_two_clocks_differ_here(acme: Tenant, host: timedelta) -> None:
    assert timezone.now() - database_now() == pytest.approx(host, abs=timedelta(seconds=30))


def test_both_deadlines_are_set_by_the_database(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert row.expires_at == pytest.approx(database_now() + timedelta(minutes=60), abs=timedelta(seconds=30))
    row = approve(acme, row)
    assert row.release_by == pytest.approx(database_now() + timedelta(minutes=10), abs=timedelta(seconds=30))


def test_a_request_can_be_decided_until_its_deadline(acme: Tenant) -> None:
    row = waiting(acme, SOON)
    sweep()
    assert shown(acme, row) == "pending_approval"
    assert approve(acme, row).status == Status.QUEUED


def test_a_request_cannot_be_decided_after_its_deadline(acme: Tenant) -> None:
    row = waiting(acme, -MOMENT)
    assert shown(acme, row) == "expired"
    for decide in (approve, deny):
        with pytest.raises(GateError, match="expired"):
            decide(acme, row)
    with pytest.raises(GateError, match="expired"):
        invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
    sweep()
    assert again(row.pk).status == Status.EXPIRED


def test_what_was_approved_is_sent_until_its_release_deadline(acme: Tenant, ninjaone: Sandbox) -> None:
    row = approved(acme, SOON)
    sweep()
    assert shown(acme, row) == "queued"
    dispatch_due()
    assert again(row.pk).status == Status.SUCCEEDED
    assert len(ninjaone.calls("POST", "/v2/device/43/reboot/NORMAL")) == 1


def test_what_was_approved_is_not_sent_after_its_release_deadline(acme: Tenant, ninjaone: Sandbox) -> None:
    row = approved(acme, -MOMENT)
    assert shown(acme, row) == "expired"
    dispatch_due()
    sweep()
    assert again(row.pk).status == Status.EXPIRED
    assert not ninjaone.calls("POST", "/v2/device/43/reboot/NORMAL")


def test_a_sender_is_given_up_when_its_lease_is_over_and_not_before(acme: Tenant) -> None:
    row = lease(acme, SOON)
    sweep()
    assert shown(acme, row) == again(row.pk).status == "dispatching"
    Invocation.objects.filter(pk=row.pk).update(lease_until=database_now() - MOMENT)
    assert shown(acme, row) == "unknown"
    sweep()
    assert again(row.pk).status == Status.UNKNOWN


def test_a_key_works_until_it_expires(acme: Tenant) -> None:
    AgentKey.objects.filter(pk=acme.key.pk).update(expires_at=database_now() + SOON)
    assert caller_of(acme).get("me").status == 200
    AgentKey.objects.filter(pk=acme.key.pk).update(expires_at=database_now() - MOMENT)
    with pytest.raises(InvalidKeyError):
        acme.principal()


@pytest.mark.parametrize("left", [SOON, -MOMENT], ids=["in time", "too late"])
def test_a_consent_can_be_finished_within_its_ten_minutes(acme: Tenant, ninjaone: Sandbox, left: timedelta) -> None:
    connection = Connection.objects.select_related("msp").get(pk=acme.connection.pk)
    returned = consent(ninjaone, authorization_start(connection=connection, user=acme.admin, session_key=SESSION))
    started = Authorization.objects.get()
    assert started.expires_at == pytest.approx(database_now() + timedelta(minutes=10), abs=timedelta(seconds=30))
    Authorization.objects.update(expires_at=database_now() + left)
    sweep()
    assert Authorization.objects.exists() is (left == SOON)
    if left == SOON:
        assert finished(acme, returned).state == ConnectionState.CONNECTED
    else:
        with pytest.raises(ConnectError):
            finished(acme, returned)


def test_a_token_is_not_renewed_early(acme: Tenant, ninjaone: Sandbox) -> None:
    connection = token_that_ends(acme, timedelta(minutes=2))
    access_token(connection)
    assert not ninjaone.calls("POST", TOKEN)


def test_a_dead_token_is_renewed_before_it_is_used(acme: Tenant, ninjaone: Sandbox) -> None:
    token_that_ends(acme, timedelta(minutes=-5))
    for _ in range(3):
        assert submit(acme, "ninja-get-organization", organization_id=2).invocation.status == Status.SUCCEEDED
    assert len(ninjaone.calls("POST", TOKEN)) == 1
    assert len(ninjaone.calls("GET")) == 3
    row = Connection.objects.get(pk=acme.connection.pk)
    assert row.access_expires_at == pytest.approx(database_now() + timedelta(hours=1), abs=timedelta(seconds=30))


def test_a_token_that_died_too_early_costs_one_refusal_and_one_refresh(acme: Tenant, ninjaone: Sandbox) -> None:
    # NinjaOne's own clock may differ too: it refuses what the row calls valid.
    connection = token_that_ends(acme, timedelta(minutes=20))
    dead = seed_grant(ACME).access_token[:-4] + "dead"
    Connection.objects.filter(pk=connection.pk).update(access_token=connection.sealed("access_token", dead))
    for _ in range(3):
        assert submit(acme, "ninja-get-organization", organization_id=2).invocation.status == Status.SUCCEEDED
    assert len(ninjaone.calls("POST", TOKEN)) == 1
    assert len(ninjaone.calls("GET")) == 4


def test_a_refresh_that_somebody_else_has_begun_is_left_to_them_until_their_lease_is_over(
    acme: Tenant, ninjaone: Sandbox
) -> None:
    connection = token_that_ends(acme, timedelta(seconds=30))
    Connection.objects.update(refresh_lease_until=database_now() + SOON)
    access_token(connection)
    assert not ninjaone.calls("POST", TOKEN)
    Connection.objects.update(refresh_lease_until=database_now() - MOMENT)
    access_token(connection)
    assert len(ninjaone.calls("POST", TOKEN)) == 1


def test_three_denials_count_by_the_database(acme: Tenant) -> None:
    for _ in range(3):
        deny(acme, ask(acme, "ninja-reboot-device", device_id=43))
    with pytest.raises(GateError) as caught:
        ask(acme, "ninja-reboot-device", device_id=43)
    assert caught.value.retry_after == pytest.approx(3600, abs=30)


def test_the_databases_time_is_known_without_a_query_once_it_was_seen(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(Seen, "ahead", None)
    with django_assert_num_queries(1):  # type: ignore[operator]
        likely_now()
        likely_now()
    assert likely_now() == pytest.approx(database_now(), abs=timedelta(seconds=1))
