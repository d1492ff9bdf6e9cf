"""The heads of all chains, written down in a second place: a file that the database's owner cannot reach.

A chain that was cut off at its end, or rewritten as a whole, is intact in itself. It differs from its checkpoint.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection

from integrations.audit.chain import AuditError, canonical
from integrations.audit.keys import audit_ring
from integrations.audit_verifier import BrokenError, Chain, UncheckedError, seal_of
from integrations.clock import Now
from integrations.installation import KeysError, installation_prove
from integrations.models import AuditEvent, AuditHead, AuditTombstone, Installation

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0
BATCH = 500


class CheckpointsBrokenError(Exception):
    """The file holds something that was never written to it."""


class Mark(NamedTuple):
    """What a checkpoint says of one chain."""

    number: int
    hash: str
    at: str


class Marks:
    """The newest mark of each MSP of one installation, read line by line. Other installations' lines are skipped.

    Not strict: a line whose key has left the ring counts, so that new ones can go on from it.
    """

    def __init__(self, installation: str, *, is_strict: bool) -> None:
        self.installation = installation
        self.of: dict[str, Mark] = {}
        self.line = 0
        self._is_strict = is_strict

    def take(self, text: str) -> None:
        """The next line. Raises CheckpointsBrokenError, UncheckedError."""
        self.line += 1
        try:
            row = json.loads(text)
            if row["installation"] != self.installation:
                return
            seal, key = row.pop("seal"), row["key"]
            marks = {msp: Mark(number, last_hash, row["at"]) for msp, (number, last_hash) in row["heads"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointsBrokenError(f"line {self.line} is no checkpoint") from error
        self._open(key, seal, row)
        if row.get("restored"):
            self.of = marks
            return
        for msp, mark in marks.items():
            before = self.of.get(msp)
            if before is not None and (mark.number <= before.number and mark.hash != before.hash):
                raise CheckpointsBrokenError(f"line {self.line} goes back from {before.number} to {mark.number}")
            self.of[msp] = mark

    def _open(self, key: str, seal: str, row: dict[str, Any]) -> None:
        secret = audit_ring().get(key)
        if secret is not None:
            if seal_of(secret, "checkpoint", canonical(row)) != seal:
                raise CheckpointsBrokenError(f"line {self.line} has a seal that was not made with the audit key")
        elif self._is_strict:
            raise UncheckedError(f"line {self.line} was sealed with the audit key {key}, which is not in AUDIT_KEY")


def checkpoint_file() -> Path:
    """Where they are written."""
    return Path(settings.AUDIT_CHECKPOINT_FILE)


def checkpoints_read(installation: Installation) -> dict[str, Mark] | None:
    """The newest mark of each MSP, strictly read; None when there is no file. Raises as `Marks.take`, and OSError."""
    marks = Marks(str(installation.pk), is_strict=True)
    try:
        with checkpoint_file().open(encoding="utf-8") as lines:
            for line in lines:
                # The last line may just be being written, or its writer died; whoever writes next removes it.
                if line.endswith("\n"):
                    marks.take(line)
    except FileNotFoundError:
        return None
    return marks.of


def marks_behind(installation: Installation) -> dict[str, Mark]:
    """The marks that the database does not reach any more. Raises OSError, CheckpointsBrokenError."""
    if not checkpoint_file().exists():
        return {}
    with _opened() as file:
        marks = _marks(file, str(installation.pk))
    numbers = {str(msp): number for msp, number in AuditHead.objects.values_list("msp", "number")}
    return {msp: mark for msp, mark in marks.items() if numbers.get(msp, 0) < mark.number}


def audit_checkpoint(*, pause: float = PAUSE_SECONDS, is_restored: bool = False) -> int:
    """Write down every head that moved, unless somebody did within `pause` seconds; how many were written.

    A chain that no longer holds its last checkpoint is reported in the log and gets no new one. `is_restored` starts
    anew from all heads as they are. Raises AuditError in a transaction: its entries might still roll back.
    """
    if connection.in_atomic_block:
        raise AuditError("A checkpoint of what is not committed would accuse the chain.")
    try:
        with _opened(fcntl.LOCK_NB) as file:
            age = time.time() - os.fstat(file).st_mtime
            if os.fstat(file).st_size and 0 <= age < pause and not is_restored:
                return 0
            return _write(file, installation_prove(), is_restored=is_restored)
    except BlockingIOError:
        return 0  # another process is at it
    except (OSError, CheckpointsBrokenError, KeysError) as error:
        logger.critical("No audit checkpoint was written to %s: %s", checkpoint_file(), error)
        return 0


@contextmanager
def _opened(how: int = 0) -> Iterator[int]:
    """The file, open and ours; with LOCK_NB this raises BlockingIOError where it would have to wait."""
    checkpoint_file().parent.mkdir(parents=True, exist_ok=True)
    file = os.open(checkpoint_file(), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | how)
        yield file
    finally:
        os.close(file)


class _Memory:
    """What this process has read of the file so far, so that the next checkpoint reads only what is new."""

    path = Path()
    offset = 0
    marks = Marks("", is_strict=False)


def _marks(file: int, installation: str) -> dict[str, Mark]:
    """The marks of the file. A torn line at its end, of a writer that died, is removed."""
    size = os.fstat(file).st_size
    if _Memory.path != checkpoint_file() or _Memory.marks.installation != installation or size < _Memory.offset:
        _Memory.path, _Memory.offset, _Memory.marks = checkpoint_file(), 0, Marks(installation, is_strict=False)
    fresh = os.pread(file, size - _Memory.offset, _Memory.offset)
    whole = fresh[: fresh.rfind(b"\n") + 1]
    if len(whole) < len(fresh):
        os.ftruncate(file, _Memory.offset + len(whole))
    for line in whole.decode(errors="replace").splitlines():
        _Memory.marks.take(line)
    _Memory.offset += len(whole)
    return _Memory.marks.of


def _write(file: int, installation: Installation, *, is_restored: bool) -> int:
    before = _marks(file, str(installation.pk))
    heads = {str(head.msp_id): head for head in AuditHead.objects.filter(number__gt=0)}
    if is_restored:
        moved = heads
    else:
        moved = {msp: head for msp, head in heads.items() if msp not in before or before[msp].hash != head.hash}
        lost = {msp for msp in before if msp not in heads} | _lost({m: before[m] for m in moved if m in before})
        for msp in lost:
            logger.critical("The audit chain of MSP %s lost what its checkpoint holds. Run audit_verify.", msp)
        moved = {msp: head for msp, head in moved.items() if msp not in lost}
    if not moved and not is_restored:
        return 0
    os.write(file, _line(installation, moved, is_restored=is_restored))
    os.fsync(file)
    if installation.checkpoints_since is None:
        Installation.objects.filter(pk=installation.pk, checkpoints_since=None).update(checkpoints_since=Now())
    return len(moved)


def _lost(marks: dict[str, Mark]) -> set[str]:
    """The MSPs whose chain has no such entry any more; an entry's id is the beginning of its hash."""
    wanted = {UUID(mark.hash[:32]): (msp, mark) for msp, mark in marks.items()}
    kept = set()
    ids = list(wanted)
    for start in range(0, len(ids), BATCH):
        rows = AuditEvent.objects.filter(pk__in=ids[start : start + BATCH])
        for pk, msp_id, number, last_hash in rows.values_list("pk", "msp_id", "number", "hash"):
            msp, mark = wanted[pk]
            if (str(msp_id), number, last_hash) == (msp, mark.number, mark.hash):
                kept.add(msp)
    return _not_buried({msp: mark for msp, mark in marks.items() if msp not in kept})


def _not_buried(marks: dict[str, Mark]) -> set[str]:
    """Of those the ones whose entry was not removed when its time was over: `audit_verify` says whether that is so."""
    stones = AuditTombstone.objects.filter(msp_id__in=list(marks)).values_list(
        "msp_id", "through", "hash", "record", "seal"
    )
    buried = set()
    for msp_id, through, last_hash, record, seal in stones:
        mark = marks[str(msp_id)]
        chain = Chain(msp=str(msp_id), ring=audit_ring(), vouched=set())
        with suppress(BrokenError, UncheckedError):
            chain.begin_behind(record, seal)
            if (chain.number, chain.hash) == (through, last_hash) and _is_covered(mark, through, last_hash):
                buried.add(str(msp_id))
    return set(marks) - buried


def _is_covered(mark: Mark, through: int, last_hash: str) -> bool:
    return mark.number < through or (mark.number, mark.hash) == (through, last_hash)


def _line(installation: Installation, heads: dict[str, AuditHead], *, is_restored: bool) -> bytes:
    key, secret = next(iter(audit_ring().items()))
    row: dict[str, Any] = {
        "installation": str(installation.pk),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "heads": {msp: [head.number, head.hash] for msp, head in heads.items()},
        "key": key,
    }
    if is_restored:
        row["restored"] = True
    row["seal"] = seal_of(secret, "checkpoint", canonical(row))
    return canonical(row).encode() + b"\n"
