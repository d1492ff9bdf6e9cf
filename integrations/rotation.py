"""Seal every stored secret with the newest of FERNET_KEYS, row by row, while everything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from allauth.mfa.models import Authenticator
from django.db import connection, models, transaction

from integrations.audit import Actor, audit_append
from integrations.encryption import Sealed, SecretUnreadableError
from integrations.models import Msp
from integrations.people.adapters import SECRETS_CONTEXT
from integrations.sealed_columns import rows_of, sealed_columns

ROTATION = Actor.system("rotate_keys")
BATCH = 200
# How often a row is read again that somebody else changed in between.
ATTEMPTS = 5
# An app's secret, and what recovery codes are made of.
FACTOR_SECRETS = ("secret", "seed")


@dataclass
class Rotated:
    """What a run did; `unreadable` names the secrets that no key of the ring opens, `busy` what kept changing."""

    resealed: int = 0
    newest: int = 0
    unreadable: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)


def secrets_rotate() -> Rotated:
    """Idempotent: what is sealed with the newest key is left alone, so a killed run is run again."""
    rotated = Rotated()
    for model, names in sealed_columns():
        for pk in _keys_of(model):
            for name in names:
                _rotate(model, pk, name, rotated)
    for pk in _keys_of(Authenticator):
        _rotate_factor(pk, rotated)
    return rotated


def _keys_of(model: type[models.Model]) -> Iterator[object]:
    """Every row's key, a batch at a time; no cursor stays open between two rows."""
    rows = rows_of(model).order_by("pk").values_list("pk", flat=True)
    batch = list(rows[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__gt=batch[-1])[:BATCH])


def _rotate(model: type[models.Model], pk: object, name: str, rotated: Rotated) -> None:
    label = f"{model._meta.label_lower}.{name} of {pk}"
    for _ in range(ATTEMPTS):
        row = rows_of(model).filter(pk=pk).first()
        sealed: Sealed | None = getattr(row, name, None)
        if row is None or sealed is None:
            return
        if sealed.is_newest:
            rotated.newest += 1
            return
        try:
            changed = _swap(row, name, sealed, sealed.rotated())
        except SecretUnreadableError:
            rotated.unreadable.append(label)
            return
        if changed:
            rotated.resealed += 1
            return
    rotated.busy.append(label)


def _rotate_factor(pk: object, rotated: Rotated) -> None:
    """The same for the secrets of a second factor, which django-allauth keeps in JSON."""
    for _ in range(ATTEMPTS):
        data = Authenticator.objects.filter(pk=pk).values_list("data", flat=True).first() or {}
        names = [name for name in FACTOR_SECRETS if name in data]
        sealed = {name: Sealed(SECRETS_CONTEXT, data[name].encode()) for name in names}
        old = [name for name in names if not sealed[name].is_newest]
        if not old:
            rotated.newest += len(names)
            return
        try:
            new = {name: sealed[name].rotated().token.decode() for name in old}
        except SecretUnreadableError:
            rotated.unreadable.append(f"mfa.authenticator.data of {pk}")
            return
        if Authenticator.objects.filter(pk=pk, data=data).update(data={**data, **new}):
            rotated.resealed += len(new)
            return
    rotated.busy.append(f"mfa.authenticator.data of {pk}")


def _swap(row: models.Model, name: str, old: Sealed, new: Sealed) -> bool:
    """Compare and swap: a value that somebody else, such as a token refresh, stored in between stays."""
    meta = row._meta
    table, key = meta.db_table, meta.pk.column
    column = next(field.column for field in meta.local_fields if field.name == name)
    # Both drivers take bytes as they are.
    bound = [new.token, meta.pk.get_db_prep_value(row.pk, connection), old.token]
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Names of tables and columns come from models alone. The ORM has no lookups on sealed columns.
            cursor.execute(f'UPDATE "{table}" SET "{column}" = %s WHERE "{key}" = %s AND "{column}" = %s', bound)  # noqa: S608
            if not cursor.rowcount:
                return False
        msp: Msp | None = getattr(row, "msp", None)
        if msp is not None:
            subject, data = f"{meta.verbose_name_raw} {row.pk}", {"id": str(row.pk), "secret": name}
            audit_append(msp=msp, actor=ROTATION, action="secret.resealed", subject=subject, data=data)
    return True
