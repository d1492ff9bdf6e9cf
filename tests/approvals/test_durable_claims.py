"""That a write is being sent is on the disk before the socket is opened, so that a power cut cannot send it again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from approvals import dispatch
from integrations.durable import durable
from tests.approvals.asking import approved_and_sent, ask
from tests.cast import Tenant

FULL = 2


def synchronous() -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA synchronous").fetchone()[0])


@pytest.fixture
def on_sqlite(transactional_db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL always waits for the disk")


def test_the_disk_is_waited_for_inside_and_not_after(on_sqlite: None) -> None:
    usual = synchronous()
    with durable():
        assert synchronous() == FULL
        with transaction.atomic():
            assert synchronous() == FULL
    assert synchronous() == usual != FULL


def test_it_ends_with_an_error_too(on_sqlite: None) -> None:
    usual = synchronous()
    with pytest.raises(ValueError, match="no"), durable():
        raise ValueError("no")
    assert synchronous() == usual


def test_inside_a_transaction_it_changes_nothing(on_sqlite: None) -> None:
    with transaction.atomic():
        usual = synchronous()
        with durable():
            assert synchronous() == usual


@pytest.mark.parametrize("is_approved", [False, True], ids=["auto", "approved"])
def test_the_record_of_a_write_waits_for_the_disk(
    on_sqlite: None, acme: Tenant, monkeypatch: pytest.MonkeyPatch, is_approved: bool
) -> None:
    seen: list[int] = []
    record = dispatch._record_attempt

    def watched(*arguments: Any) -> None:
        seen.append(synchronous())
        record(*arguments)

    monkeypatch.setattr(dispatch, "_record_attempt", watched)
    if is_approved:
        approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    else:
        ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Once")
    assert seen == [FULL]
