"""Old entries make room: a sealed tombstone first, with an entry that tells of it, then what it stands for, in order.

Killed anywhere, nothing is lost but time: entries that stand behind their tombstone are verified like all others.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from integrations.audit.chain import Actor, audit_append, canonical
from integrations.audit.keys import audit_ring
from integrations.audit.periods import STEP, Periods, Place, behind_tombstone, chain_at, periods_said
from integrations.audit_verifier import TRIMMED, BrokenError, Tombstone, UncheckedError, seal_of
from integrations.clock import database_now
from integrations.models import AuditEvent, AuditHead, AuditTombstone, Msp
from integrations.models.retention import LEAST_AUDIT_DAYS

logger = logging.getLogger(__name__)

TRIMMER = Actor.system("retention")
BATCH = 300


def audit_bury(*, msp: Msp, before: datetime, hold: Callable[[], None] = lambda: None) -> bool:
    """Let the tombstone stand for the next entries older than `before`; False when it does for all of them already.

    `hold` is called in the transaction of the change, and stops it by what it raises. The database takes only what is
    older than the MSP keeps entries. What it says of periods and times is not taken for granted: a seal is given for
    nothing that the records themselves do not show to be old.
    """
    try:
        old = behind_tombstone(msp, partial(_old, msp, min(before, database_now() - timedelta(days=LEAST_AUDIT_DAYS))))
    except (BrokenError, UncheckedError) as error:
        logger.critical("Nothing is removed from the audit of %s: %s. Run audit_verify.", msp.slug, error)
        return False
    if old is None:
        return False
    found, periods = old
    with transaction.atomic():
        hold()
        # Whoever appends or moves the tombstone waits here.
        AuditHead.objects.select_for_update().get(msp=msp)
        stood = AuditTombstone.objects.filter(msp=msp).first()
        if stood is not None and stood.through >= found.number:
            return False
        _move(msp, stood, found, periods)
    return True


def audit_remove(*, msp: Msp, before: datetime, hold: Callable[[], None] = lambda: None) -> int:
    """Remove the oldest few hundred entries behind the tombstone; how many. One at a time for each MSP, in order."""
    with transaction.atomic():
        hold()
        stones = AuditTombstone.objects.select_for_update(skip_locked=True)
        stone = stones.filter(msp=msp).first()
        if stone is None:
            return 0
        rows = AuditEvent.objects.for_msp(msp).filter(number__lte=stone.through).order_by("number")
        numbers = []
        for number, happened_at in rows.values_list("number", "happened_at")[:BATCH]:
            # A period that was made longer meanwhile holds what is left.
            if happened_at >= before:
                break
            numbers.append(number)
        if not numbers:
            return 0
        return rows.order_by().filter(number__lte=numbers[-1]).delete()[0]


def _old(msp: Msp, before: datetime, stone: Place) -> tuple[AuditEvent, Periods] | None:
    """The last entry that may go, and the periods after it; None where there is none, or somebody else buried it."""
    found = _last_before(msp, before, stone)
    periods = None if found is None else _intact(msp, found, stone)
    return None if found is None or periods is None else (found, periods)


def _last_before(msp: Msp, before: datetime, stone: Place) -> AuditEvent | None:
    """The newest entry that is older, some thousand behind the tombstone at most; None where there is none.

    Never the newest of all. Raises BrokenError.
    """
    rows = AuditEvent.objects.for_msp(msp).only("msp", "number", "hash", "happened_at")
    head = AuditHead.objects.values_list("number", flat=True).get(msp=msp)
    # No more than what is verified in half a second. The rest is for the next time.
    low, high = stone.number, min(head, stone.number + STEP + 1)
    found = None
    # Numbers and times of one chain grow together, so no index on the times is needed.
    while high - low > 1:
        middle = (low + high) // 2
        row = rows.filter(number=middle).first()
        if row is None:
            raise BrokenError(middle, "is missing")
        if row.happened_at < before:
            low, found = middle, row
        else:
            high = middle
    return found


def _intact(msp: Msp, last: AuditEvent, stone: Place) -> Periods | None:
    """The periods after it. What it would stand for must be what was written; what is broken stays to be looked at.

    Raises BrokenError, UncheckedError.
    """
    rows = AuditEvent.objects.for_msp(msp).filter(number__lte=last.number).order_by("number")
    fields: dict[str, Any] = {}
    chain, periods = chain_at(msp, stone), stone.periods
    for row in rows.filter(number__gt=stone.number).values_list("record", "hash", "seal").iterator(1000):
        fields = chain.follow(*row)
        periods = periods.after(fields)
    # Without any, somebody else buried it meanwhile.
    if not fields or (chain.number, chain.hash) != (last.number, last.hash):
        return None
    if datetime.fromisoformat(fields["happened_at"]) != last.happened_at:
        raise BrokenError(last.number, "has a column that differs from its record: happened_at")
    return periods


def _move(msp: Msp, stood: AuditTombstone | None, last: AuditEvent, periods: Periods) -> None:
    since = json.loads(stood.record)["since"] if stood else _first_moment(msp)
    key, secret = next(iter(audit_ring().items()))
    stone = Tombstone(last.number, last.hash, last.number, since, _moment(last.happened_at))
    said = {**stone._asdict(), "periods": periods_said(periods)}
    record = canonical({**said, "msp": str(msp.pk), "key": key})
    removed = last.number - (stood.through if stood else 0)
    data = {"through": stone.through, "hash": stone.hash, "removed": removed, "until": stone.until}
    audit_append(msp=msp, actor=TRIMMER, action=TRIMMED, subject=f"MSP {msp.slug}", data=data)
    values = {"through": stone.through, "hash": stone.hash, "record": record}
    values["seal"] = seal_of(secret, "tombstone", record)
    if stood is None:
        AuditTombstone.objects.create(msp=msp, **values)
    else:
        AuditTombstone.objects.filter(msp=msp).update(**values)


def _first_moment(msp: Msp) -> str:
    record = json.loads(AuditEvent.objects.get(msp=msp, number=1).record)
    return _moment(datetime.fromisoformat(record["happened_at"]))


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
