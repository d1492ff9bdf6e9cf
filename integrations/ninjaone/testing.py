"""The button Test: one cheap read now, on record, and not again within seconds."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from integrations.audit import Actor, audit_append
from integrations.clock import database_now
from integrations.models import Connection, User
from integrations.ninjaone.client import send
from integrations.ninjaone.complaints import plain
from integrations.ninjaone.errors import ConnectError, UnusableAnswerError, WireError, describe
from integrations.ninjaone.hosts import base_url
from integrations.ninjaone.wire import WireRequest

EVERY = timedelta(seconds=10)


def connection_test(*, connection: Connection, user: User) -> str:
    """Read one page of organizations and say what was seen. Raises ConnectError.

    On record before it is sent and after; at most once in ten seconds for each connection, whoever presses.
    """
    _begin(connection, user)
    started = time.monotonic()
    try:
        said = f"{_seen(connection)} It took {(time.monotonic() - started) * 1000:,.0f} ms."
    except ConnectError as error:
        _record(connection, user, "connection.tested", {"is_good": False, "said": error.message[:500]})
        raise
    _record(connection, user, "connection.tested", {"is_good": True, "said": said})
    return said


def _begin(connection: Connection, user: User) -> None:
    with transaction.atomic():
        now = database_now()
        free = Q(tested_at=None) | Q(tested_at__lte=now - EVERY)
        if not Connection.objects.filter(free, pk=connection.pk).update(tested_at=now):
            raise ConnectError(
                "",
                _(
                    "Nothing was sent: the connection was tested in the last ten seconds. Wait a moment, "
                    "then try again."
                ),
            )
        _audit(connection, user, "connection.test_started", {})


def _seen(connection: Connection) -> str:
    """What NinjaOne shows, in a sentence. Raises ConnectError."""
    try:
        request = WireRequest("GET", base_url(connection.region), "/v2/organizations", "pageSize=10")
        answer = send(connection=connection, request=request, is_write=False)
        if answer.status != 200:
            raise ConnectError("", f"NinjaOne answered {answer.status}: {describe(answer).message}")
        rows = answer.json()
    except (WireError, UnusableAnswerError, LookupError) as error:
        raise ConnectError("", f"The test failed: {error}") from error
    if not isinstance(rows, list):
        raise ConnectError("", "The test failed: NinjaOne's answer is not a list of organizations.")
    names = [plain(row.get("name"), 60) for row in rows if isinstance(row, dict)]
    if not names:
        return "NinjaOne answers, and the technician who authorized sees no organization."
    more = ", and there may be more" if len(rows) >= 10 else ""
    many = f"{len(names)} organization{'' if len(names) == 1 else 's'}"
    return f"NinjaOne answers, and shows {many}{more}: {', '.join(names[:3])}."


def _record(connection: Connection, user: User, action: str, data: dict[str, Any]) -> None:
    with transaction.atomic():
        _audit(connection, user, action, data)


def _audit(connection: Connection, user: User, action: str, data: dict[str, Any]) -> None:
    audit_append(
        msp=connection.msp,
        actor=Actor.user(user),
        action=action,
        subject=str(connection),
        data={"connection": str(connection.pk), **data},
    )
