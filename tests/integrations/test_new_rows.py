"""A row that is written without the ORM is the row that the ORM would have written."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from approvals.models import Invocation, Status
from integrations.rows import insert
from tests.cast import Tenant
from tests.config.rows import invocation_make

SELDOM = frozenset({"ticket_id", "body", "facts", "consent", "comment", "approvals_given", "is_truncated", "result"})


def of(row: Invocation) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in Invocation._meta.local_concrete_fields}


def again(row: Invocation, **changes: Any) -> Invocation:
    """Another one like it, not stored."""
    return Invocation(**{**of(row), "id": None, "call_digest": "0" * 64, **changes})


@pytest.fixture
def row(acme: Tenant) -> Invocation:
    return invocation_make(acme, Status.FAILED)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ticket_id": 7},
        {"comment": "It's 100 %", "facts": '{"a": 1}'},
        {"is_truncated": True},
        {"result": "", "body": ""},
        {"approvals_needed": 2, "is_write": False},
    ],
    ids=repr,
)
@pytest.mark.parametrize("seldom", [frozenset(), SELDOM], ids=["all columns", "few columns"])
def test_every_column_is_as_it_was_given(row: Invocation, changes: dict[str, Any], seldom: frozenset[str]) -> None:
    new = again(row, **changes)
    new.id = Invocation._meta.pk.get_default()
    insert(new, seldom=seldom)
    assert of(Invocation.objects.get(pk=new.id)) == of(new)
    assert not new._state.adding


def test_what_is_as_the_model_says_is_not_sent(row: Invocation) -> None:
    def statement(**changes: Any) -> str:
        new = again(row, **changes)
        new.id = Invocation._meta.pk.get_default()
        with CaptureQueriesContext(connection) as seen:
            insert(new, seldom=SELDOM)
        return str(seen[0]["sql"])

    assert '"result"' not in statement()
    assert '"result"' in statement(ticket_id=7)


def test_a_column_that_has_nothing_by_itself_is_not_left_out(row: Invocation) -> None:
    with pytest.raises(ValueError, match="no plain value"):
        insert(again(row), seldom=frozenset({"arguments_"}))


def test_what_the_database_refuses_it_refuses(row: Invocation) -> None:
    with pytest.raises(IntegrityError):
        insert(again(row, id=row.pk), seldom=SELDOM)
