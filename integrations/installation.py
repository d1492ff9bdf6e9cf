"""Are these the keys that this database was made with? Asked before anything starts."""

from __future__ import annotations

import json

from django.db import transaction

from integrations.audit.keys import audit_ring
from integrations.audit_verifier import Register, seal_of, vouched_for
from integrations.clock import database_now
from integrations.encryption import SecretUnreadableError
from integrations.models import AuditEvent, AuditHead, AuditKey, Installation
from integrations.sealed_columns import rows_of, sealed_columns

PROOF = "These are the FERNET_KEYS of this installation."


class KeysError(Exception):
    """FERNET_KEYS or AUDIT_KEY are not this database's. The sentence says what to do."""


def keys_check() -> None:
    """Raises KeysError for rings that do not fit the database. Changes nothing."""
    _fernet_check(Installation.objects.first())
    _audit_check(audit_register())


def installation_prove() -> Installation:
    """Check the keys and write down, for the checks to come, those that are new. Raises KeysError."""
    installation = Installation.objects.first() or _create()
    with transaction.atomic():
        # The row lock: processes that start together register the same keys.
        Installation.objects.select_for_update().get()
        keys_check()
        _register_keys()
    return installation


def audit_register() -> Register:
    """The audit keys that this installation has had, with what vouches for them."""
    return dict(AuditKey.objects.values_list("fingerprint", "vouchers"))


def _fernet_check(installation: Installation | None) -> None:
    try:
        if installation is not None:
            installation.proof.open(installation.pk)
            return
        # An installation that has not been started yet, but may have been filled.
        for model, names in sealed_columns():
            for name in names:
                row = rows_of(model).filter(**{f"{name}__isnull": False}).first()
                if row is not None:
                    getattr(row, name).open(row.pk)
    except SecretUnreadableError as error:
        raise KeysError(
            "FERNET_KEYS are not the keys that this database's secrets are sealed with. Put the former key back, "
            "behind the new one (new,former), and run `manage.py rotate_keys`."
        ) from error


def _audit_check(register: Register) -> None:
    ring = audit_ring()
    ours = vouched_for(register, ring) if register else {_newest_key()}
    if ours != {None} and not ours & ring.keys():
        raise KeysError(
            "AUDIT_KEY is not the key that this database's audit is sealed with. Put the former key back, behind the "
            "new one (new,former), and keep it there: the entries of its time verify with it alone."
        )


def _newest_key() -> str | None:
    """The fingerprint that the newest entry of some MSP names; None without entries."""
    head = AuditHead.objects.filter(number__gt=0).first()
    event = head and AuditEvent.objects.filter(msp=head.msp_id, number=head.number).first()
    return str(json.loads(event.record)["key"]) if event else None


def _create() -> Installation:
    """The one row; that of whoever was faster."""
    row = Installation()
    _fernet_check(None)
    row.proof = Installation._meta.get_field("proof").seal(row.pk, PROOF)
    Installation.objects.bulk_create([row], ignore_conflicts=True)
    return Installation.objects.get()


def _register_keys() -> None:
    """Let every key of the ring vouch for every key that is known to be ours."""
    ring, register = audit_ring(), audit_register()
    now = database_now()
    for name in [*ring, *(vouched_for(register, ring) - ring.keys())]:
        before = register.get(name, {})
        vouchers = {**before, **{by: seal_of(key, "voucher", name) for by, key in ring.items()}}
        if vouchers != before:
            AuditKey.objects.update_or_create(
                fingerprint=name,
                defaults={"vouchers": vouchers},
                create_defaults={"vouchers": vouchers, "first_seen_at": now},
            )
