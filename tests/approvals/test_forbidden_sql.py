"""Statements that no code of ours would make, in SQL: the database itself refuses each of them."""

# ruff: noqa: S608 - names of tables and columns are the models'

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from approvals.models import Attempt, Decision, Invocation, Status
from approvals.models.states import FIRST, TRANSITIONS
from integrations.clock import database_now
from tests.approvals.asking import again, approve, approved_and_sent, ask, deny, submit
from tests.cast import Tenant

INVOCATION, DECISION, ATTEMPT = (model._meta.db_table for model in (Invocation, Decision, Attempt))
# What the ledger may write after the insert. Everything else is what was asked, and what would be sent.
MUTABLE = {
    "status", "idempotency_key", "approvals_given", "created_at", "expires_at", "decided_at", "release_by",
    "lease_until", "dispatch_started_at", "finished_at", "attempt_count", "reason_code", "comment", "result",
    "is_truncated", "note", "upstream_status", "error_code", "error_message",
}  # fmt: skip


def execute(sql: str, *params: object) -> int:
    """The statement, committed: constraints that wait for the end of a transaction count."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [_bound(value) for value in params])
        return int(cursor.rowcount)


def _bound(value: object) -> Any:
    return value.hex if isinstance(value, uuid.UUID) and connection.vendor == "sqlite" else value


def refuses(sql: str, *params: object) -> None:
    with pytest.raises(IntegrityError):
        execute(sql, *params)


def change(row: models.Model, **columns: object) -> tuple[str, list[object]]:
    sets = ", ".join(f"{name} = %s" for name in columns)
    return f"UPDATE {row._meta.db_table} SET {sets} WHERE id = %s", [*columns.values(), row.pk]


def copy(row: models.Model, **columns: object) -> tuple[str, list[object]]:
    """INSERT of the same row with a new id and other values."""
    names = [str(field.column) for field in row._meta.local_concrete_fields]
    values: dict[str, Any] = {"id": uuid.uuid4(), **columns}
    if isinstance(row, Invocation):
        values = {"idempotency_key": None, "call_digest": uuid.uuid4().hex, **values}
    picked = ", ".join("%s" if name in values else name for name in names)
    params = [values[name] for name in names if name in values]
    table = row._meta.db_table
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} WHERE id = %s", [*params, row.pk]


def refuses_change(row: models.Model, **columns: object) -> None:
    sql, params = change(row, **columns)
    refuses(sql, *params)


def refuses_copy(row: models.Model, **columns: object) -> None:
    sql, params = copy(row, **columns)
    refuses(sql, *params)


def accepts_copy(row: models.Model, **columns: object) -> Any:
    """For the counter-proof: only the forbidden part of a statement is what makes it fail."""
    columns = {"id": uuid.uuid4(), **columns}
    sql, params = copy(row, **columns)
    assert execute(sql, *params) == 1
    return type(row)._default_manager.get(pk=columns["id"])


@pytest.fixture
def pending(acme: Tenant) -> Invocation:
    return again(ask(acme, "ninja-reboot-device", device_id=43).pk)


@pytest.fixture
def sent(acme: Tenant) -> Invocation:
    """A write with its vote and its attempt."""
    return approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=44))


@pytest.fixture
def read(acme: Tenant) -> Invocation:
    return again(ask(acme, "ninja-get-device", device_id=43).pk)


def at(tenant: Tenant, status: Status) -> Invocation:
    """An auto write's row, or a request, in that status."""
    row = submit(tenant, "ninja-reboot-device", device_id=43, options={"dry_run": True}).invocation
    soon = database_now() + timedelta(minutes=5)
    row.release_by = row.lease_until = row.dispatch_started_at = soon
    row.call_digest = uuid.uuid4().hex
    ways = {Status.SUCCEEDED: Status.DISPATCHING, Status.UNKNOWN: Status.DISPATCHING}
    start = status if status in FIRST else ways.get(status, Status.PENDING_APPROVAL)
    row.status, row.approvals_needed = start, int(start is Status.PENDING_APPROVAL)
    row.save(force_insert=True)
    if status is Status.DENIED:
        denial(tenant, row)
    if start is not status:
        sql, params = change(row, status=status.value)
        execute(sql, *params)
    return row


def denial(tenant: Tenant, row: Invocation, **values: Any) -> None:
    """A vote against the request, whose status it does not change."""
    columns = {"user": tenant.approver, "digest": row.digest, "verdict": "denied", **values}
    Decision.objects.create(msp=tenant.msp, invocation=row, decided_at=database_now(), **columns)


ILLEGAL = [(a, b) for a, b in product(Status, Status) if a != b and b not in TRANSITIONS.get(a, ())]


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
def test_a_transition_that_the_design_does_not_know(acme: Tenant, before: Status, after: Status) -> None:
    refuses_change(at(acme, before), status=after.value)


@pytest.mark.parametrize("status", ["", "approved", "SUCCEEDED", None])
def test_a_status_that_does_not_exist(pending: Invocation, status: str | None) -> None:
    refuses_change(pending, status=status)


def test_a_write_that_is_queued_again(acme: Tenant) -> None:
    refuses_change(at(acme, Status.DISPATCHING), status="queued")


@pytest.mark.parametrize("status", [status for status in Status if status not in FIRST])
def test_an_invocation_that_is_born_decided(pending: Invocation, status: Status) -> None:
    refuses_copy(pending, status=status.value, dispatch_started_at=pending.created_at)


def test_a_write_or_a_request_that_is_born_done(pending: Invocation) -> None:
    done = {"status": "succeeded", "dispatch_started_at": pending.created_at, "finished_at": pending.created_at}
    refuses_copy(pending, **done, approvals_needed=0)
    refuses_copy(pending, **done, is_write=False)
    accepts_copy(pending, **done, approvals_needed=0, is_write=False)


@pytest.mark.parametrize("status", ["queued", "dispatching"])
def test_a_request_that_is_born_approved(pending: Invocation, status: str) -> None:
    deadline = {"release_by": pending.expires_at, "lease_until": pending.expires_at}
    refuses_copy(pending, status=status, **deadline)
    refuses_copy(pending, approvals_given=1)
    accepts_copy(pending, status=status, **deadline, approvals_needed=0)


def test_a_request_that_is_queued_without_its_votes(acme: Tenant, pending: Invocation) -> None:
    refuses_change(pending, status="queued", release_by=pending.expires_at, approvals_given=1)
    two = accepts_copy(pending, approvals_needed=2)
    first = approve(acme, two)
    assert first.status == Status.PENDING_APPROVAL
    refuses_change(two, status="queued", release_by=pending.expires_at, approvals_given=2)


def test_a_request_that_is_denied_without_a_vote_against_it(acme: Tenant, pending: Invocation) -> None:
    refuses_change(pending, status="denied")
    approve(acme, two := accepts_copy(pending, approvals_needed=2))
    refuses_change(two, status="denied")
    other = accepts_copy(pending)
    denial(acme, other)
    refuses_change(pending, status="denied")
    sql, params = change(other, status="denied")
    assert execute(sql, *params) == 1


@pytest.mark.parametrize("verdict", ["approved", "denied"])
def test_a_vote_of_somebody_who_does_not_decide(
    acme: Tenant, northwind: Tenant, pending: Invocation, verdict: str
) -> None:
    for user in (acme.viewer, acme.admin, northwind.approver):
        with pytest.raises(IntegrityError), transaction.atomic():
            denial(acme, pending, user=user, verdict=verdict)
    denial(acme, pending, verdict=verdict)


@pytest.mark.parametrize(
    "column", [f.column for f in Invocation._meta.local_concrete_fields if f.column not in MUTABLE]
)
def test_a_change_of_what_was_asked_or_would_be_sent(sent: Invocation, northwind: Tenant, column: str) -> None:
    field = next(field for field in Invocation._meta.local_concrete_fields if field.column == column)
    others: dict[str, object] = {
        "id": uuid.uuid4(),
        "msp_id": northwind.msp.pk,
        "agent_id": northwind.agent.pk,
        "agent_key_id": northwind.key.pk,
        "connection_id": northwind.connection.pk,
        "is_write": False,
    }
    is_text = isinstance(field, models.CharField | models.TextField)
    refuses_change(sent, **{column: others.get(column, "other" if is_text else 7)})


@pytest.mark.parametrize(
    ("column", "value"), [("ticket_id", 7), ("body", "{}"), ("device_id", 7), ("organization_id", 7)]
)
def test_a_change_to_nothing_or_from_nothing(pending: Invocation, column: str, value: object) -> None:
    refuses_change(accepts_copy(pending, **{column: None}), **{column: value})
    refuses_change(accepts_copy(pending, **{column: value}), **{column: None})


def test_a_connection_that_is_taken_away_or_given_later(pending: Invocation) -> None:
    refuses_change(pending, connection_id=None)
    refuses_change(accepts_copy(pending, connection_id=None), connection_id=pending.connection_id)


def test_a_second_attempt_for_a_write(sent: Invocation) -> None:
    attempt = Attempt.objects.get(invocation=sent)
    for number, is_write in product((1, 2), (True, False)):
        refuses_copy(attempt, number=number, is_write=is_write)


def test_a_second_attempt_for_a_write_that_is_being_sent(acme: Tenant) -> None:
    row = at(acme, Status.DISPATCHING)
    sql, params = change(row, attempt_count=1)
    execute(sql, *params)
    attempt = Attempt.objects.create(msp=acme.msp, invocation=row, number=1, is_write=True, started_at=database_now())
    sql, params = change(row, attempt_count=2)
    execute(sql, *params)
    for number, is_write in product((1, 2), (True, False)):
        refuses_copy(attempt, number=number, is_write=is_write)


def test_an_attempt_number_twice(acme: Tenant) -> None:
    row = at(acme, Status.DISPATCHING)
    read = accepts_copy(row, is_write=False, attempt_count=1)
    attempt = Attempt.objects.create(msp=acme.msp, invocation=read, number=1, is_write=False, started_at=database_now())
    refuses_copy(attempt)
    sql, params = change(read, attempt_count=2)
    execute(sql, *params)
    accepts_copy(attempt, number=2)


def test_an_attempt_of_what_is_not_being_sent(acme: Tenant, pending: Invocation, sent: Invocation) -> None:
    attempt = Attempt.objects.get(invocation=sent)
    refuses_copy(attempt, invocation_id=pending.pk)
    refuses_copy(attempt, invocation_id=uuid.uuid4())


def test_an_attempt_that_changes(sent: Invocation, pending: Invocation) -> None:
    attempt = Attempt.objects.get(invocation=sent)
    for columns in (
        {"number": 2},
        {"is_write": False},
        {"invocation_id": pending.pk},
        {"started_at": sent.created_at},
        {"id": uuid.uuid4()},
    ):
        refuses_change(attempt, **columns)


def test_a_vote_that_changes(acme: Tenant, sent: Invocation, pending: Invocation) -> None:
    vote = Decision.objects.get(invocation=sent)
    for columns in (
        {"verdict": "denied"},
        {"user_id": acme.second_approver.pk},
        {"digest": "sha256:0"},
        {"comment": "I never said that."},
        {"reason_code": "other"},
        {"decided_at": pending.created_at},
        {"invocation_id": pending.pk},
        {"id": uuid.uuid4()},
    ):
        refuses_change(vote, **columns)


def test_a_second_vote_of_a_person(acme: Tenant, pending: Invocation) -> None:
    two = accepts_copy(pending, approvals_needed=2)
    approve(acme, two)
    vote = Decision.objects.get(invocation=two)
    refuses_copy(vote)
    refuses_copy(vote, verdict="denied")
    accepts_copy(vote, user_id=acme.second_approver.pk)


def test_a_vote_without_a_person_or_a_request(acme: Tenant, pending: Invocation) -> None:
    two = accepts_copy(pending, approvals_needed=2)
    approve(acme, two)
    vote = Decision.objects.get(invocation=two)
    for columns in (
        {"user_id": None},
        {"user_id": uuid.uuid4()},
        {"invocation_id": None, "user_id": acme.second_approver.pk},
        {"invocation_id": uuid.uuid4(), "user_id": acme.second_approver.pk},
        {"verdict": "maybe", "user_id": acme.second_approver.pk},
    ):
        refuses_copy(vote, **columns)


def test_a_vote_for_something_else_than_the_request_shows(acme: Tenant, pending: Invocation) -> None:
    two = accepts_copy(pending, approvals_needed=2)
    approve(acme, two)
    refuses_copy(Decision.objects.get(invocation=two), user_id=acme.second_approver.pk, digest="sha256:0")


def test_a_vote_on_what_is_decided_already(acme: Tenant, sent: Invocation, pending: Invocation) -> None:
    deny(acme, pending)
    for row, verdict in product((sent, pending), ("approved", "denied")):
        refuses_copy(Decision.objects.get(invocation=row), user_id=acme.second_approver.pk, verdict=verdict)


def test_rows_that_point_into_another_msp(sent: Invocation, pending: Invocation, northwind: Tenant) -> None:
    foreign = {
        "agent_id": northwind.agent.pk,
        "agent_key_id": northwind.key.pk,
        "connection_id": northwind.connection.pk,
        "msp_id": northwind.msp.pk,
    }
    for column, value in foreign.items():
        refuses_copy(pending, **{column: value})
    for model in (Decision, Attempt):
        row = model._default_manager.get(invocation=sent)
        refuses_copy(row, msp_id=northwind.msp.pk)
        refuses_change(row, msp_id=northwind.msp.pk)


def test_a_row_without_a_tenant_an_agent_or_a_key(pending: Invocation) -> None:
    for column in ("msp_id", "agent_id", "agent_key_id"):
        refuses_copy(pending, **{column: None})
        refuses_copy(pending, **{column: uuid.uuid4()})


def test_queued_without_a_release_deadline(acme: Tenant, pending: Invocation) -> None:
    refuses_change(at(acme, Status.QUEUED), release_by=None)
    refuses_copy(pending, status="queued", approvals_needed=0, release_by=None)


def test_being_sent_without_a_lease(acme: Tenant, pending: Invocation) -> None:
    refuses_change(at(acme, Status.DISPATCHING), lease_until=None)
    refuses_change(at(acme, Status.QUEUED), status="dispatching", lease_until=None)


def test_a_read_that_is_unknown(acme: Tenant) -> None:
    read = accepts_copy(at(acme, Status.DISPATCHING), is_write=False)
    refuses_change(read, status="unknown")


@pytest.mark.parametrize("status", ["succeeded", "unknown"])
def test_an_outcome_of_what_was_never_sent(acme: Tenant, status: str) -> None:
    refuses_change(at(acme, Status.DISPATCHING), status=status, dispatch_started_at=None)


def test_more_approvals_than_were_needed(pending: Invocation) -> None:
    refuses_change(pending, approvals_given=2)
    refuses_change(pending, approvals_given=-1)


def test_a_request_without_a_deadline_or_a_digest(pending: Invocation) -> None:
    refuses_copy(pending, expires_at=None)
    refuses_copy(pending, digest="")


def test_two_identical_calls_that_wait(pending: Invocation) -> None:
    refuses_copy(pending, call_digest=pending.call_digest)


def test_an_idempotency_key_twice(pending: Invocation) -> None:
    accepts_copy(pending, idempotency_key="once")
    refuses_copy(pending, idempotency_key="once")


def test_rows_that_vanish(sent: Invocation) -> None:
    for table in (ATTEMPT, DECISION, INVOCATION):
        refuses(f"DELETE FROM {table}")
    if connection.vendor == "postgresql":
        refuses(f"TRUNCATE {INVOCATION} CASCADE")
        refuses(f"TRUNCATE {DECISION}")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite replaces rows on insert")
def test_a_row_that_is_replaced_by_another_with_its_id(sent: Invocation) -> None:
    for row in (sent, Decision.objects.get(invocation=sent), Attempt.objects.get(invocation=sent)):
        sql, params = copy(row, id=row.pk)
        refuses(sql.replace("INSERT", "INSERT OR REPLACE", 1), *params)
