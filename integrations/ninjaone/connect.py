"""What an admin does with a connection: save, disconnect. Next door are the consent (`authorizing`) and the test."""

from __future__ import annotations

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from integrations.audit import Actor, audit_append
from integrations.models import Authorization, Connection, ConnectionState, Msp, User
from integrations.ninjaone.authorizing import authorization_finish, authorization_start, missing_scopes, redirect_uri
from integrations.ninjaone.contact import NOT_SPOKEN
from integrations.ninjaone.errors import ConnectError
from integrations.ninjaone.hosts import region_choices

__all__ = [
    "ConnectError",
    "authorization_finish",
    "authorization_start",
    "connection_disconnect",
    "connection_save",
    "missing_scopes",
    "redirect_uri",
]

CLIENT_ID = re.compile(r"[!-~]{1,200}")
CLIENT_SECRET = re.compile(r"[!-~]{1,500}")

FORGOTTEN: dict[str, Any] = {
    "access_token": None,
    "refresh_token": None,
    "access_issued_at": None,
    "access_expires_at": None,
    "granted_scopes": "",
    "state": ConnectionState.NOT_AUTHORIZED,
    "state_reason": "",
    "refresh_lease_until": None,
    **NOT_SPOKEN,
    "authorized_by": None,
    "authorized_at": None,
    "epoch": F("epoch") + 1,
    "token_version": F("token_version") + 1,
}


def connection_save(*, msp: Msp, user: User, region: str, client_id: str, client_secret: str | None) -> Connection:
    """Create or change the MSP's connection. Secret None keeps the stored one, if region and client id stay too.

    Another region or client id forgets the tokens: the connection has to be authorized again. Raises ConnectError.
    """
    client_id = client_id.strip()
    secret = (client_secret or "").strip() or None
    _check(region, client_id, secret)
    connection = Connection.objects.for_msp(msp).filter(vendor="ninjaone").first()
    if connection is None:
        return _create(msp, user, region, client_id, secret)
    is_other = (connection.region, connection.client_id) != (region, client_id)
    if is_other and secret is None:
        raise ConnectError("client_secret", _("Enter the client secret too: the region or the client id has changed."))
    values: dict[str, Any] = {"region": region, "client_id": client_id, **FORGOTTEN} if is_other else {}
    if secret is not None:
        values["client_secret"] = connection.sealed("client_secret", secret)
    if values:
        _change(connection, user, values, is_other=is_other, old=(connection.region, connection.client_id))
    return Connection.objects.select_related("msp").get(pk=connection.pk)


def connection_disconnect(*, connection: Connection, user: User) -> Connection:
    """Forget the tokens at once. NinjaOne keeps its own list: Administration > Apps > API > OAuth Tokens."""
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(**FORGOTTEN)
        Authorization.objects.filter(connection=connection).delete()
        audit_append(
            msp=connection.msp,
            actor=Actor.user(user),
            action="connection.disconnected",
            subject=str(connection),
            data={"connection": str(connection.pk)},
        )
    return Connection.objects.select_related("msp").get(pk=connection.pk)


def _check(region: str, client_id: str, secret: str | None) -> None:
    if region not in dict(region_choices()):
        raise ConnectError("region", _("Choose one of the regions."))
    if not CLIENT_ID.fullmatch(client_id):
        raise ConnectError("client_id", _("The client id is 1 to 200 characters without spaces, as NinjaOne shows it."))
    if secret is not None and not CLIENT_SECRET.fullmatch(secret):
        raise ConnectError("client_secret", _("The client secret is at most 500 characters without spaces."))


def _create(msp: Msp, user: User, region: str, client_id: str, secret: str | None) -> Connection:
    if secret is None:
        raise ConnectError("client_secret", _("Enter the client secret. NinjaOne shows it once, when the app is made."))
    connection = Connection(msp=msp, region=region, client_id=client_id)
    connection.client_secret = connection.sealed("client_secret", secret)
    try:
        with transaction.atomic():
            connection.save(force_insert=True)
            _audit(connection, user, {"region": region, "client_id": client_id, "is_new": True})
    except IntegrityError as error:
        raise ConnectError("", _("Somebody else saved a connection just now. Look at it, and save again.")) from error
    return connection


def _change(
    connection: Connection, user: User, values: dict[str, Any], *, is_other: bool, old: tuple[str, str]
) -> None:
    with transaction.atomic():
        unchanged = Connection.objects.filter(pk=connection.pk, epoch=connection.epoch, region=old[0], client_id=old[1])
        if not unchanged.update(**values):
            raise ConnectError("", _("Somebody else changed the connection just now. Look at it, and save again."))
        if is_other:
            Authorization.objects.filter(connection=connection).delete()
        data: dict[str, Any] = {name: values[name] for name in ("region", "client_id") if name in values}
        _audit(connection, user, {**data, "secret_replaced": "client_secret" in values})


def _audit(connection: Connection, user: User, data: dict[str, Any]) -> None:
    audit_append(
        msp=connection.msp,
        actor=Actor.user(user),
        action="connection.saved",
        subject=str(connection),
        data={"connection": str(connection.pk), **data},
    )
