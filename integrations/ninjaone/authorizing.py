"""The consent round trip: out with a state that works once, back with a code, and what is stored then."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.encryption import SecretUnreadableError
from integrations.models import Authorization, Connection, ConnectionState, Membership, User
from integrations.ninjaone.complaints import plain
from integrations.ninjaone.contact import NOT_SPOKEN
from integrations.ninjaone.errors import ConnectError, NotConnectedError
from integrations.ninjaone.oauth import (
    SCOPES,
    DeadGrantError,
    TokenRefusedError,
    Tokens,
    new_verifier,
)
from integrations.ninjaone.tokens import client_of

LIFETIME = timedelta(minutes=10)

NOTHING_TO_RENEW_WITH = (
    "NinjaOne gave no refresh token, so the connection ends with its access token, usually after an hour. Tick the "
    "grant type Refresh Token on the app in NinjaOne (Administration > Apps > API), then reconnect."
)
# What NinjaOne may send back instead of a code.
REFUSALS = {
    "access_denied": "the access was not allowed",
    "invalid_scope": f"the app in NinjaOne does not have all the scopes: {', '.join(SCOPES)}",
    "unauthorized_client": "the app in NinjaOne may not do this: it needs the grant type Authorization Code",
}


def redirect_uri() -> str:
    """The redirect URI to register in NinjaOne, which compares it byte for byte."""
    return f"{settings.PUBLIC_URL}/dashboard/integrations/ninjaone-callback"


def missing_scopes(connection: Connection) -> list[str]:
    """The scopes that were asked for and not granted; empty before there was a consent."""
    granted = connection.granted_scopes.split()
    return [scope for scope in SCOPES if scope not in granted] if granted else []


def authorization_start(*, connection: Connection, user: User, session_key: str) -> str:
    """The URL of NinjaOne's consent page, for the browser with this session. Raises ConnectError."""
    from integrations.ninjaone.consent import consent_url  # noqa: PLC0415 - it says why

    _require_admin(connection, user)
    if not session_key:
        raise ConnectError("", _("This browser has no session. Sign in again, then press Authorize."))
    client = _client(connection)
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    row = Authorization(
        msp_id=connection.msp_id,
        connection=connection,
        user=user,
        state_digest=_digest(state),
        session_digest=_digest(session_key),
        region=connection.region,
        client_id=connection.client_id,
        epoch=connection.epoch,
        expires_at=database_now() + LIFETIME,
    )
    field = Authorization._meta.get_field("verifier")
    row.verifier = field.seal(row.pk, verifier)
    with transaction.atomic():
        Authorization.objects.filter(connection=connection, user=user).delete()
        row.save(force_insert=True)
        _audit(connection, user, "connection.authorization_started", {"region": connection.region})
    return consent_url(
        base_url=client.base_url,
        client_id=client.client_id,
        redirect_uri=redirect_uri(),
        state=state,
        verifier=verifier,
    )


def authorization_finish(
    *, user: User, session_key: str, state: str, code: str, error: str = "", error_description: str = ""
) -> Connection:
    """The connected connection after NinjaOne sent the browser back. Raises ConnectError."""
    from integrations.ninjaone.consent import code_exchange  # noqa: PLC0415 - it says why

    row = _taken(user, session_key, state)
    connection = row.connection
    _require_admin(connection, user)
    if (row.epoch, row.region, row.client_id) != (connection.epoch, connection.region, connection.client_id):
        raise _changed()
    if error or not code:
        raise _refused(connection, user, error, error_description)
    try:
        verifier = row.verifier.open(row.pk)
        tokens = code_exchange(client=_client(connection), code=code, verifier=verifier, redirect_uri=redirect_uri())
    except (DeadGrantError, TokenRefusedError, SecretUnreadableError) as failure:
        reason = str(failure).rstrip(".")
        with transaction.atomic():
            _audit(connection, user, "connection.authorization_failed", {"reason": reason})
        raise ConnectError(
            "",
            _("NinjaOne allowed it, but gave no tokens: %(reason)s. Nothing was changed. Press the button again.")
            % {"reason": reason},
        ) from failure
    return _stored(connection, user, tokens)


def _taken(user: User, session_key: str, state: str) -> Authorization:
    """The authorization, used up by this very call. What belongs to another session or person stays untouched."""
    mine = Authorization.objects.select_related("connection__msp").annotate(database_now=Now())
    row = mine.filter(state_digest=_digest(state), session_digest=_digest(session_key), user=user).first()
    if row is None or not Authorization.objects.filter(pk=row.pk).delete()[0]:
        raise ConnectError(
            "",
            _(
                "This answer belongs to no authorization of this browser: it was used before, replaced by a newer one, "
                "or started elsewhere. Nothing was changed. Press the button again."
            ),
        )
    if row.expires_at <= row.database_now or row.msp_id != row.connection.msp_id:
        raise ConnectError("", _("That took longer than 10 minutes. Nothing was changed. Press the button again."))
    return row


def _stored(connection: Connection, user: User, tokens: Tokens) -> Connection:
    now = database_now()
    granted = SCOPES if tokens.scope is None else tokens.scope.split()
    has_refresh = tokens.refresh_token is not None
    values: dict[str, Any] = {
        "access_token": connection.sealed("access_token", tokens.access_token),
        "refresh_token": connection.sealed("refresh_token", tokens.refresh_token) if tokens.refresh_token else None,
        "access_issued_at": now,
        "access_expires_at": now + timedelta(seconds=tokens.lifetime),
        "granted_scopes": " ".join(granted)[:300],
        "state": ConnectionState.CONNECTED,
        "state_reason": "" if has_refresh else NOTHING_TO_RENEW_WITH,
        "refresh_lease_until": None,
        **NOT_SPOKEN,
        "answered_at": now,
        "authorized_by": user,
        "authorized_at": now,
    }
    with transaction.atomic():
        unchanged = Connection.objects.filter(
            pk=connection.pk, epoch=connection.epoch, region=connection.region, client_id=connection.client_id
        )
        if not unchanged.update(**values, epoch=F("epoch") + 1, token_version=F("token_version") + 1):
            raise _changed()
        missing = [scope for scope in SCOPES if scope not in granted]
        data = {"region": connection.region, "granted": list(granted), "missing": missing, "has_refresh": has_refresh}
        _audit(connection, user, "connection.authorized", data)
    return Connection.objects.select_related("msp").get(pk=connection.pk)


def _refused(connection: Connection, user: User, error: str, description: str) -> ConnectError:
    code = plain(error, 80) or "no code"
    words = plain(description, 200)
    reason = REFUSALS.get(code, f"it answered {code}") + (f' ("{words}")' if words else "")
    with transaction.atomic():
        _audit(connection, user, "connection.authorization_failed", {"reason": reason})
    return ConnectError(
        "",
        _("NinjaOne gave no access: %(reason)s. Nothing was changed. Press the button to try again.")
        % {"reason": reason},
    )


def _changed() -> ConnectError:
    return ConnectError(
        "", _("The connection was changed while the consent was under way. Nothing was stored. Press the button again.")
    )


def _client(connection: Connection) -> Any:
    try:
        return client_of(connection)
    except NotConnectedError as error:
        raise ConnectError("", error.message) from error


def _require_admin(connection: Connection, user: User) -> None:
    memberships = Membership.objects.filter(msp_id=connection.msp_id, user=user, is_admin=True)
    if not memberships.filter(user__is_active=True).exists():
        raise ConnectError("", _("Only admins of the MSP authorize its connection. Nothing was changed."))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _audit(connection: Connection, user: User, action: str, data: dict[str, Any]) -> None:
    audit_append(
        msp=connection.msp,
        actor=Actor.user(user),
        action=action,
        subject=str(connection),
        data={"connection": str(connection.pk), **data},
    )
