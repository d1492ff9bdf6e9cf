"""A chain as a file that anybody can check with integrations/audit_verifier.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from integrations.audit.chain import Actor, audit_append, canonical
from integrations.audit.keys import audit_ring
from integrations.audit.verification import chain_held
from integrations.audit_verifier import FORMAT, GENESIS, seal_of
from integrations.installation import audit_register
from integrations.models import Msp


def end_line(*, msp: str, number: int, last_hash: str, ring: Mapping[str, bytes]) -> dict[str, Any]:
    """The last line of an export, sealed with the first key of the ring, so that none of it can be cut off."""
    name, key = next(iter(ring.items()))
    seal = seal_of(key, "export", f"{msp}:{number}:{last_hash}")
    return {"end": number, "hash": last_hash, "key": name, "seal": seal}


def audit_export(*, msp: Msp, actor: Actor) -> Iterator[str]:
    """The lines of the export. It is on record before the first line is given out, as one of its last entries."""
    with transaction.atomic():
        subject = f"MSP {msp.slug}"
        audit_append(msp=msp, actor=actor, action="audit.exported", subject=subject, data={"format": "jsonl"})
    return _lines(msp)


def _lines(msp: Msp) -> Iterator[str]:
    header: dict[str, Any] = {"format": FORMAT, "msp": str(msp.pk), "slug": msp.slug, "keys": audit_register()}
    with chain_held(msp) as held:
        if held.tombstone is not None:
            header["tombstone"] = {"record": held.tombstone.record, "seal": held.tombstone.seal}
        yield canonical(header) + "\n"
        through = held.tombstone.through if held.tombstone else 0
        number, last_hash = (held.head.number, held.head.hash) if held.head else (0, GENESIS)
        for row in held.rows:
            # What is being removed is not given out any more.
            if row[1] > through:
                record, _, entry_hash, seal = row[6:]
                yield canonical({"record": record, "hash": entry_hash, "seal": seal}) + "\n"
    yield canonical(end_line(msp=str(msp.pk), number=number, last_hash=last_hash, ring=audit_ring())) + "\n"
