"""Statements that no code of ours would make, in SQL: the database itself refuses each of them."""

# ruff: noqa: S608 - names of tables and columns are the models'

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection, models

from approvals.models import Attempt, Decision, Invocation, Status
from approvals.models.states import FIRST, TRANSITIONS
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent
from tests.approvals.sql import (
    ATTEMPT,
    DECISION,
    INVOCATION,
    accepts_copy,
    at,
    copy,
    key_of,
    refuses,
    refuses_change,
    refuses_copy,
)
from tests.cast import Tenant

# What the ledger may write after the insert. Everything else is what was asked, and what would be sent.
MUTABLE = {
    "status", "approvals_given", "expires_at", "decided_at", "release_by",
    "lease_until", "dispatch_started_at", "finished_at", "attempt_count", "reason_code", "comment", "acceptable",
    "result", "result_removed_at", "is_truncated", "note", "upstream_status", "error_code", "error_message",
}  # fmt: skip

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
        "created_at": sent.created_at - timedelta(days=1),
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


def test_a_call_with_the_key_of_another_agent(acme: Tenant, pending: Invocation) -> None:
    other = Agent.objects.create(msp=acme.msp, name="other-bot", owner=acme.admin)
    key, _ = agent_key_issue(agent=other, actor=Actor.user(acme.admin))
    refuses_copy(pending, agent_key_id=key.pk)
    refuses_copy(pending, agent_id=other.pk)
    accepts_copy(pending, agent_id=other.pk, agent_key_id=key.pk)


@pytest.mark.parametrize(
    "column", ["ticket_id", "device_id", "organization_id", "attempt_count", "approvals_needed", "approvals_given"]
)
def test_a_number_below_zero(pending: Invocation, column: str) -> None:
    refuses_copy(pending, **{column: -1})


def test_a_status_below_zero_or_more_votes_than_are_needed(pending: Invocation) -> None:
    refuses_change(pending, upstream_status=-1)
    refuses_change(pending, approvals_given=pending.approvals_needed + 1)


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


def test_a_request_without_a_deadline_or_a_digest(pending: Invocation) -> None:
    refuses_copy(pending, expires_at=None)
    refuses_copy(pending, digest="")


def test_two_identical_calls_that_wait(pending: Invocation) -> None:
    refuses_copy(pending, call_digest=pending.call_digest)


def test_an_idempotency_key_twice(pending: Invocation) -> None:
    once = key_of(pending)
    refuses_copy(once)
    accepts_copy(once, key="another")


def test_a_key_that_comes_to_stand_for_another_call(acme: Tenant, pending: Invocation) -> None:
    once = key_of(pending)
    other = accepts_copy(pending)
    for column, value in {"invocation_id": other.pk, "key": "another", "created_at": database_now()}.items():
        refuses_change(once, **{column: value})


def test_a_key_for_the_call_of_another_agent_or_msp(acme: Tenant, pending: Invocation, northwind: Tenant) -> None:
    once = key_of(pending)
    sibling = Agent.objects.create(msp=acme.msp, name="other-bot", owner=acme.admin)
    for foreign in ({"agent_id": sibling.pk}, {"agent_id": northwind.agent.pk}, {"msp_id": northwind.msp.pk}):
        refuses_copy(once, key="another", **foreign)


def test_rows_that_vanish(sent: Invocation) -> None:
    key = key_of(sent)._meta.db_table
    for table in (ATTEMPT, DECISION, key, INVOCATION):
        refuses(f"DELETE FROM {table}")
    if connection.vendor == "postgresql":
        refuses(f"TRUNCATE {INVOCATION} CASCADE")
        refuses(f"TRUNCATE {DECISION}")
        refuses(f"TRUNCATE {key}")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite replaces rows on insert")
def test_a_row_that_is_replaced_by_another_with_its_id(sent: Invocation) -> None:
    for row in (sent, Decision.objects.get(invocation=sent), Attempt.objects.get(invocation=sent)):
        sql, params = copy(row, id=row.pk)
        refuses(sql.replace("INSERT", "INSERT OR REPLACE", 1), *params)
