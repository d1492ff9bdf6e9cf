"""Access tokens that are valid now. One refresh at a time, across threads and processes, by a lease on the row.

The new refresh token is saved before the new access token is used. Only a dead grant costs the credential.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from integrations.audit import Actor, audit_append
from integrations.clock import Now, likely_now
from integrations.encryption import SecretUnreadableError
from integrations.measures import TOKEN_REFRESHES
from integrations.models import Connection, ConnectionState
from integrations.ninjaone.errors import NeedsReauthorizationError, NotConnectedError, NotSentError
from integrations.ninjaone.exchange import require_no_transaction
from integrations.ninjaone.hosts import UnknownRegionError, base_url
from integrations.ninjaone.oauth import Client, DeadGrantError, TokenRefusedError, Tokens, refresh
from integrations.ninjaone.opened import access_token_opened
from integrations.pooled import connection_release
from integrations.signals import grant_died
from integrations.tenancy import TenantQuerySet

# Refreshed this long before the end, so that a token does not expire on its way.
EARLY = timedelta(seconds=60)
# Used to the very end, almost, when no newer one can be had.
LATE = timedelta(seconds=5)
NOW = timedelta()
LEASE = timedelta(seconds=30)  # longer than a token request may take
WAIT_SECONDS = 40.0  # longer than a lease: whoever waits sees the holder's end, or takes over
POLL_SECONDS = 0.1

EXPIRED_FOR_GOOD = (
    "The access token has expired and NinjaOne gave no refresh token: the app lacks the grant type Refresh Token "
    "(or the scope offline_access). Tick it on the app in NinjaOne, then reconnect."
)
TOKEN_FIELDS = ("access_token", "refresh_token", "access_expires_at", "token_version", "state", "state_reason")


def access_token(connection: Connection, *, deadline: float | None = None) -> str:
    """An access token that is valid now; `connection` is brought up to date when it had to be refreshed.

    Raises NotConnectedError, NeedsReauthorizationError, NotSentError. `deadline` is on the monotonic clock.
    """
    # A quick look without a query; when it says "soon over", the row and the database's clock decide.
    if (
        connection.state == ConnectionState.CONNECTED
        and connection.access_expires_at is not None
        and connection.access_expires_at - EARLY > likely_now()
    ):
        return _opened(connection, "access_token")
    return _current(connection, refused_version=None, deadline=deadline)


def refresh_after_401(connection: Connection, token_version: int, *, deadline: float | None = None) -> str:
    """The access token after NinjaOne refused the one of `token_version`: a newer one if there is, else a new one."""
    return _current(connection, refused_version=token_version, deadline=deadline)


def _current(connection: Connection, *, refused_version: int | None, deadline: float | None) -> str:
    require_no_transaction()
    ends_at = min(time.monotonic() + WAIT_SECONDS, deadline or float("inf"))
    first_version: int | None = None
    has_waited = False
    while True:
        since = time.monotonic()
        row, now = _read(connection)
        first_version = row.token_version if first_version is None else first_version
        is_refused = row.token_version == refused_version
        is_newer = row.token_version != first_version
        # What somebody else has just got is as good as it gets, however short it lives.
        if not is_refused and _is_valid(row, now, NOW if is_newer else EARLY):
            return _adopted(connection, row)
        has_spare = not is_refused and _is_valid(row, now, LATE)
        if has_waited and row.refresh_lease_until is None and not has_spare:
            # Whoever we waited for came back with nothing: asking again at once would only add to the load.
            raise NotSentError("NinjaOne gave no access token just now. Nothing was sent. Try again later.")
        if row.refresh_lease_until is None or row.refresh_lease_until <= now:
            if _renew(row, now, since, has_spare=has_spare):
                return _adopted(connection, row)
            has_waited = False
        elif not has_spare:
            _wait(ends_at)
            has_waited = True
        if has_spare:
            return _adopted(connection, row)


def _wait(ends_at: float) -> None:
    if time.monotonic() + POLL_SECONDS > ends_at:
        raise NotSentError("The access token is being renewed, and that takes too long. Nothing was sent.")
    connection_release()
    time.sleep(POLL_SECONDS)


def _read(connection: Connection) -> tuple[Connection, datetime]:
    """The row as it is now, and the database's time. Raises NotConnectedError, NeedsReauthorizationError."""
    row = Connection.objects.select_related("msp").annotate(database_now=Now()).filter(pk=connection.pk).first()
    if row is None or row.state == ConnectionState.NOT_AUTHORIZED:
        raise NotConnectedError("NinjaOne is not connected. Nothing was sent. An admin must authorize the connection.")
    if row.state == ConnectionState.NEEDS_REAUTHORIZATION:
        raise NeedsReauthorizationError(f"{row.state_reason} Nothing was sent.")
    if row.epoch != connection.epoch:
        raise NotConnectedError("The connection to NinjaOne was changed during the call. Nothing was sent.")
    return row, row.database_now


def _is_valid(row: Connection, now: datetime, margin: timedelta) -> bool:
    return row.access_expires_at is not None and row.access_expires_at - margin > now


def _renew(row: Connection, now: datetime, since: float, *, has_spare: bool) -> bool:
    """Whether `row` has new tokens now. If not, somebody else is at it or was faster, or the spare must do.

    Raises NeedsReauthorizationError when the grant is dead, NotSentError when no tokens came and there is no spare.
    """
    if row.refresh_token is None:
        if not has_spare:
            _grant_died(row, EXPIRED_FOR_GOOD)
        return False
    client, refresh_token = client_of(row), _opened(row, "refresh_token")
    until = now + LEASE
    free = Q(refresh_lease_until=None) | Q(refresh_lease_until__lte=Now())
    if not _unchanged(row).filter(free).update(refresh_lease_until=until):
        return False
    try:
        tokens = refresh(client=client, refresh_token=refresh_token, since=since)
    except DeadGrantError as error:
        TOKEN_REFRESHES.labels(row.region, "dead").inc()
        _grant_died(row, f"{error.reason}. An admin must authorize the connection again.")
    except TokenRefusedError as error:
        TOKEN_REFRESHES.labels(row.region, "refused").inc()
        _unchanged(row).filter(refresh_lease_until=until).update(refresh_lease_until=None)
        if not has_spare:
            raise NotSentError(f"{error.message} Nothing was sent.", error.retry_after) from error
    else:
        TOKEN_REFRESHES.labels(row.region, "renewed").inc()
        return _save(row, now, tokens)
    return False


def _save(row: Connection, now: datetime, tokens: Tokens) -> bool:
    """Save the tokens, in `row` too; False, and nothing is changed, when a newer consent or refresh was faster."""
    values: dict[str, Any] = {
        "access_token": row.sealed("access_token", tokens.access_token),
        "access_issued_at": now,
        "access_expires_at": now + timedelta(seconds=tokens.lifetime),
    }
    if tokens.refresh_token is not None:
        values["refresh_token"] = row.sealed("refresh_token", tokens.refresh_token)
    values["token_version"] = row.token_version + 1
    with transaction.atomic():
        if not _unchanged(row).update(**values, refresh_lease_until=None):
            return False
        audit_append(
            msp=row.msp,
            actor=Actor.system("connection"),
            action="connection.token_refreshed",
            subject=str(row),
            data={
                "connection": str(row.pk),
                "token_version": values["token_version"],
                "expires_at": values["access_expires_at"].isoformat(),
                "is_refresh_token_new": tokens.refresh_token is not None,
            },
        )
    for name, value in values.items():
        setattr(row, name, value)
    return True


def _grant_died(row: Connection, reason: str) -> None:
    """Raises NeedsReauthorizationError; returns when the tokens that died are not the row's any more."""
    with transaction.atomic():
        is_changed = _unchanged(row).update(
            state=ConnectionState.NEEDS_REAUTHORIZATION,
            state_reason=reason[:500],
            access_token=None,
            refresh_token=None,
            access_expires_at=None,
            token_version=F("token_version") + 1,
            refresh_lease_until=None,
        )
        if not is_changed:
            return
        audit_append(
            msp=row.msp,
            actor=Actor.system("connection"),
            action="connection.needs_reauthorization",
            subject=str(row),
            data={"connection": str(row.pk), "reason": reason},
        )
        grant_died.send(sender=Connection, connection=row, reason=reason)
    raise NeedsReauthorizationError(f"{reason} Nothing was sent.")


def _unchanged(row: Connection) -> TenantQuerySet[Connection]:
    """The row, as long as its credentials are the ones that were read."""
    rows: TenantQuerySet[Connection] = Connection.objects.filter(
        pk=row.pk, epoch=row.epoch, token_version=row.token_version, state=ConnectionState.CONNECTED
    )
    return rows


def _adopted(connection: Connection, row: Connection) -> str:
    """Bring the object in hand up to date, and open its token."""
    for name in TOKEN_FIELDS:
        setattr(connection, name, getattr(row, name))
    return _opened(connection, "access_token")


def client_of(connection: Connection) -> Client:
    """The MSP's client app. Raises NotConnectedError."""
    try:
        origin = base_url(connection.region)
    except UnknownRegionError as error:
        raise NotConnectedError(f"{error} Nothing was sent. An admin must choose a region again.") from error
    return Client(origin, connection.client_id, _opened(connection, "client_secret"))


def _opened(connection: Connection, name: str) -> str:
    try:
        secret = access_token_opened(connection) if name == "access_token" else connection.secret(name)
    except SecretUnreadableError as error:
        raise NotConnectedError(
            "The stored credentials do not open with this server's FERNET_KEYS. Nothing was sent. "
            "Restore the key they were stored with, or enter the client secret again and authorize."
        ) from error
    if secret is None:
        raise NotConnectedError(f"The connection has no {name.replace('_', ' ')}. Nothing was sent.")
    return secret
