"""When NinjaOne last answered and what last went wrong: noted when it changes, else once a minute, never in the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import DatabaseError
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from integrations.clock import database_now
from integrations.models import Connection, ConnectionState
from integrations.ninjaone import contact
from integrations.ninjaone.client import send
from integrations.ninjaone.errors import AmbiguousError, NeedsReauthorizationError, RateLimitedError, WireError
from integrations.ninjaone.hosts import base_url
from integrations.ninjaone.sandbox import Sandbox, faults
from integrations.ninjaone.sandbox.faults import Fault
from integrations.ninjaone.wire import WireRequest
from tests.cast import Tenant

PATH = "/v2/organizations"


@pytest.fixture(autouse=True)
def _no_pauses(pauses: list[float]) -> None:
    """Retries wait for nothing here."""


def call(row: Connection) -> None:
    request = WireRequest("GET", base_url(row.region), PATH)
    send(connection=Connection.objects.select_related("msp").get(pk=row.pk), request=request, is_write=False)


def noted(tenant: Tenant) -> Connection:
    return Connection.objects.get(pk=tenant.connection.pk)


def test_an_answer_is_noted_once_a_minute(acme: Tenant) -> None:
    call(acme.connection)
    first = noted(acme).answered_at
    assert first is not None
    assert abs(database_now() - first) < timedelta(seconds=20)
    with CaptureQueriesContext(database) as queries:
        call(acme.connection)
    assert [query["sql"] for query in queries if query["sql"].startswith("UPDATE")] == []
    assert noted(acme).answered_at == first
    Connection.objects.update(answered_at=first - timedelta(seconds=61))
    call(acme.connection)
    again = noted(acme).answered_at
    assert again is not None
    assert again >= first


def test_a_no_is_an_answer_too(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", PATH, faults.status(403))
    call(acme.connection)
    row = noted(acme)
    assert row.answered_at is not None
    assert row.failed_at is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [(faults.status(503), "NinjaOne answered 503"), (faults.dropped(), "")],
    ids=["5xx", "dropped"],
)
def test_a_failure_is_noted_with_its_words_and_an_answer_ends_it(
    acme: Tenant, ninjaone: Sandbox, fault: Fault, words: str
) -> None:
    call(acme.connection)
    ninjaone.faults.add("GET", PATH, fault, times=9)
    try:
        call(acme.connection)
    except WireError as error:
        words = error.message
    row = noted(acme)
    assert contact.is_failing(row)
    assert row.failure.startswith(words[:300])
    ninjaone.faults.clear()
    call(acme.connection)
    row = noted(acme)
    assert not contact.is_failing(row)
    # What it was stays readable.
    assert row.failed_at is not None
    assert row.failure


def test_what_ninjaone_wants_to_be_left_alone_for_is_noted(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", PATH, faults.status(429), times=9)
    with pytest.raises(RateLimitedError):
        call(acme.connection)
    row = noted(acme)
    assert row.rests_until is not None
    assert row.rests_until > database_now()


def test_a_breaker_that_opens_is_noted(acme: Tenant, ninjaone: Sandbox, settings: LazySettings) -> None:
    settings.NINJAONE_LIMIT_SANDBOX = True
    ninjaone.faults.add("GET", PATH, faults.status(503), times=99)
    for _ in range(5):
        call(acme.connection)
    assert noted(acme).rests_until is None
    with pytest.raises(WireError, match="left alone"):
        call(acme.connection)
    row = noted(acme)
    assert "left alone" in row.failure
    assert row.rests_until is not None
    assert row.rests_until > database_now()


def test_a_grant_that_died_is_noted(acme: Tenant, ninjaone: Sandbox) -> None:
    Connection.objects.update(access_expires_at=database_now(), refresh_token=None)
    with pytest.raises(NeedsReauthorizationError):
        call(acme.connection)
    row = noted(acme)
    assert row.state == ConnectionState.NEEDS_REAUTHORIZATION
    assert "no refresh token" in row.failure


def test_what_is_heard_of_former_credentials_says_nothing_of_these(acme: Tenant) -> None:
    stale = noted(acme)
    Connection.objects.update(epoch=F("epoch") + 1)
    contact.contact_failed(stale, AmbiguousError("It broke.", is_write=False))
    assert noted(acme).failed_at is None


def test_a_note_that_cannot_be_written_costs_no_answer(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = Connection.objects.select_related("msp").get(pk=acme.connection.pk)

    def refuse(*_: object, **__: object) -> None:
        raise DatabaseError("no room")

    monkeypatch.setattr(Connection, "objects", type("Rows", (), {"filter": refuse})())
    answer = send(connection=row, request=WireRequest("GET", base_url(row.region), PATH), is_write=False)
    assert answer.status == 200
    assert "Not noted" in caplog.text
