"""Policies are kept in a process for as long as nobody changes one, by whatever way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database

from integrations.audit import Actor
from integrations.models import Connection
from tests.cast import Tenant
from tools.models import Mode, ToolPolicy
from tools.policy import policies_seen, policies_update

pytestmark = pytest.mark.django_db

REBOOT = "ninjaone:ninja-reboot-device"


def mode_now(tenant: Tenant) -> Mode:
    """As a call would find it, that reads the connection anew."""
    return policies_seen(Connection.objects.get(pk=tenant.connection.pk))[REBOOT].mode


def saved(tenant: Tenant) -> None:
    policies_update(connection=tenant.connection, actor=Actor.system("test"), changes={REBOOT: Mode.DISABLED})


def created(tenant: Tenant) -> None:
    ToolPolicy.objects.create(msp=tenant.msp, connection=tenant.connection, tool=REBOOT, mode=Mode.DISABLED)


def written_in_sql(tenant: Tenant) -> None:
    ToolPolicy.objects.create(msp=tenant.msp, connection=tenant.connection, tool=REBOOT, mode=Mode.AUTO)
    assert mode_now(tenant) == Mode.AUTO
    with database.cursor() as cursor:
        cursor.execute("UPDATE tools_toolpolicy SET mode = 'disabled'")


@pytest.mark.parametrize("change", [saved, created, written_in_sql])
def test_a_change_counts_for_the_very_next_call(acme: Tenant, change: Callable[[Tenant], None]) -> None:
    assert mode_now(acme) == Mode.APPROVAL_NEEDED
    change(acme)
    assert mode_now(acme) == Mode.DISABLED


def test_a_row_that_is_deleted_counts_too(acme: Tenant) -> None:
    created(acme)
    assert mode_now(acme) == Mode.DISABLED
    ToolPolicy.objects.all().delete()
    assert mode_now(acme) == Mode.APPROVAL_NEEDED


def test_what_was_seen_is_not_asked_for_again(acme: Tenant, django_assert_num_queries: Any) -> None:
    mode_now(acme)
    with django_assert_num_queries(1):  # the connection
        mode_now(acme)


def test_one_msps_change_leaves_anothers_alone(acme: Tenant, northwind: Tenant) -> None:
    assert mode_now(northwind) == Mode.APPROVAL_NEEDED
    saved(acme)
    assert mode_now(northwind) == Mode.APPROVAL_NEEDED
