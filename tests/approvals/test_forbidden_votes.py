"""Votes without people, decisions without votes, attempts without a claim: the database itself refuses each."""

from __future__ import annotations

import uuid
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from approvals.models import Attempt, Decision, Invocation, Status
from integrations.clock import database_now
from tests.approvals.asking import approve, deny
from tests.approvals.sql import (
    accepts_copy,
    at,
    change,
    denial,
    execute,
    refuses_change,
    refuses_copy,
)
from tests.cast import Tenant


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


def test_more_approvals_than_were_needed(pending: Invocation) -> None:
    refuses_change(pending, approvals_given=2)
    refuses_change(pending, approvals_given=-1)
