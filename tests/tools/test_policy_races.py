"""Admins who save policies at the same moment, each having looked at the same ones: one of them saves."""

from __future__ import annotations

import threading

from django.db import connection as database

from integrations.audit import Actor
from integrations.models import AuditEvent, Connection
from tests.cast import Tenant
from tools.errors import PolicyOvertakenError
from tools.models import Mode
from tools.policy import policies_of, policies_update

TOOLS = ["ninjaone:ninja-get-device", "ninjaone:ninja-list-devices", "ninjaone:ninja-reboot-device"]
PEOPLE = 6
ROUNDS = 5


def save(name: str, seen: Connection, wish: Mode, barrier: threading.Barrier, results: list[str]) -> None:
    """One person presses the button."""
    barrier.wait()
    actor = Actor("user", name, name)
    try:
        policies_update(
            connection=seen,
            actor=actor,
            changes=dict.fromkeys(TOOLS, wish),
            seen_version=seen.policy_version,
        )
        results.append(name)
    except PolicyOvertakenError:
        pass
    finally:
        database.close()


def test_of_many_who_saw_the_same_policies_one_saves(acme: Tenant) -> None:
    for _ in range(ROUNDS):
        seen = Connection.objects.get(pk=acme.connection.pk)
        wish = Mode.DISABLED if policies_of(seen)[TOOLS[0]].mode is not Mode.DISABLED else Mode.APPROVAL_NEEDED
        before = AuditEvent.objects.filter(action="policy.changed").count()
        results: list[str] = []
        barrier = threading.Barrier(PEOPLE)
        threads = [
            threading.Thread(target=save, args=(f"person-{number}", seen, wish, barrier, results))
            for number in range(PEOPLE)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == 1
        entries = AuditEvent.objects.filter(action="policy.changed").order_by("-number")
        assert entries.count() == before + len(TOOLS)
        assert {entry.actor for entry in entries[: len(TOOLS)]} == {f"user {results[0]}"}
