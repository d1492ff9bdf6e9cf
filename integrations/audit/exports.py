"""A chain as a file that anybody can check with integrations/audit_verifier.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from integrations.audit.chain import Actor, audit_append, canonical
from integrations.audit.keys import audit_ring
from integrations.audit.verification import entries
from integrations.audit_verifier import FORMAT, end_line
from integrations.installation import audit_register
from integrations.models import AuditHead, Msp


def audit_export(*, msp: Msp, actor: Actor) -> Iterator[str]:
    """The lines of the export. It is on record before the first line is given out, as the last entry of it."""
    with transaction.atomic():
        subject = f"MSP {msp.slug}"
        audit_append(msp=msp, actor=actor, action="audit.exported", subject=subject, data={"format": "jsonl"})
        head = AuditHead.objects.get(msp=msp)
    return _lines(msp, head)


def _lines(msp: Msp, head: AuditHead) -> Iterator[str]:
    header: dict[str, Any] = {"format": FORMAT, "msp": str(msp.pk), "slug": msp.slug, "keys": audit_register()}
    yield canonical(header) + "\n"
    for row in entries(msp, through=head.number):
        record, _, entry_hash, seal = row[6:]
        yield canonical({"record": record, "hash": entry_hash, "seal": seal}) + "\n"
    yield canonical(end_line(msp=str(msp.pk), number=head.number, last_hash=head.hash, ring=audit_ring())) + "\n"
