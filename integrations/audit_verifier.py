"""Checks an exported audit chain by itself: it needs Python 3.9 or newer, this one file, and nothing else.

    python audit_verifier.py acme.jsonl --key-file audit_keys.txt

The key file holds the AUDIT_KEY ring, one key a line (or separated by commas). Without it the hashes and the sequence
are checked but not the seals: then only a hash that you wrote down earlier proves that nobody rewrote the whole.
Exit code: 0 intact, 1 broken (the first bad entry is named), 2 could not be checked.

What it checks, which is also how entries are made:
  record  canonical JSON (sorted keys, no spaces, UTF-8) of action, actor, data, happened_at, key, msp, number,
          previous and subject; numbers of one MSP start at 1 and have no gaps
  hash    SHA-256 of the record; `previous` is the hash of the entry before, 64 zeros in the first
  seal    HMAC-SHA-256 of "entry:" + hash under the audit key that the record names by its fingerprint
  tombstone  stands for entries that were removed when their time was over: canonical JSON of hash, key, msp, periods,
          removed, since, through and until, sealed as "tombstone:" + text. The chain goes on behind entry `through`,
          whose hash it holds; and the newest entry "audit.trimmed" says the same, so that no other tombstone fits.
          `periods` are those that held then: how long is kept what, which later entries "retention.*" may change
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "countersign-audit-1"
GENESIS = "0" * 64
TRIMMED = "audit.trimmed"
INTACT, BROKEN, UNCHECKED = 0, 1, 2

# The register of audit keys: fingerprint -> {fingerprint of another key: that key's voucher for it}.
Register = Mapping[str, Mapping[str, str]]


class BrokenError(Exception):
    """The chain is not what was written. `number` is the first bad entry."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(f"entry {number} {what}")
        self.number = number


class UncheckedError(Exception):
    """It cannot be said whether the chain is intact."""


def fingerprint(key: bytes) -> str:
    """The short public name of an audit key."""
    return hmac.digest(key, b"fingerprint", "sha256").hex()[:12]


def seal_of(key: bytes, purpose: str, text: str) -> str:
    """The seal of a text; a seal made for one purpose is none for another."""
    return hmac.digest(key, f"{purpose}:{text}".encode(), "sha256").hex()


def hash_of(record: str) -> str:
    """The hash of a record. Raises UnicodeEncodeError for text that is no UTF-8."""
    return hashlib.sha256(record.encode()).hexdigest()


def ring_of(keys: Iterable[str]) -> dict[str, bytes]:
    """Keys by their fingerprints, in the order given."""
    return {fingerprint(key.encode()): key.encode() for key in keys}


def vouched_for(register: Register, ring: Mapping[str, bytes]) -> set[str]:
    """The fingerprints of the register that a key of the ring vouches for."""
    return {
        name
        for name, vouchers in register.items()
        if any(seal_of(ring[by], "voucher", name) == voucher for by, voucher in vouchers.items() if by in ring)
    }


class _Seal:
    """`seal_of(key, "entry", ...)`, with the work that is the same for every entry done once."""

    def __init__(self, key: bytes) -> None:
        block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + b"entry:")
        self._key = key
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def of(self, entry_hash: str, purpose: str = "entry") -> str:
        if purpose != "entry":
            return seal_of(self._key, purpose, entry_hash)
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(entry_hash.encode())
        outer.update(inner.digest())
        return outer.hexdigest()


class Tombstone(NamedTuple):
    """The first `removed` entries are gone, up to number `through` with this hash; they were of `since` to `until`."""

    through: int
    hash: str
    removed: int
    since: str
    until: str

    def __str__(self) -> str:
        return f"{self.removed} before them removed when their time was over, of {self.since[:10]} to {self.until[:10]}"


class Chain:
    """Follows one MSP's chain from its first entry. `ring` None: seals are not checked.

    `vouched` are fingerprints of keys that this installation really had, in the ring or not; empty when unknown.
    `loads` may be a faster one than the standard library's.
    """

    def __init__(
        self,
        *,
        msp: str,
        ring: Mapping[str, bytes] | None,
        vouched: set[str],
        loads: Callable[[str], Any] = json.loads,
    ) -> None:
        self.msp = msp
        self.number = 0
        self.hash = GENESIS
        self._loads = loads
        self._seals = None if ring is None else {name: _Seal(key) for name, key in ring.items()}
        self._vouched = vouched
        self._has_opened = False
        self.tombstone: Tombstone | None = None
        self._trimmed: tuple[object, object] | None = None

    def begin_behind(self, record: str, seal: str) -> Tombstone:
        """Check the tombstone and go on behind it. Raises BrokenError, UncheckedError."""
        try:
            fields = self._loads(record)
            its_msp, key = fields["msp"], fields["key"]
            stone = Tombstone(*(fields[name] for name in Tombstone._fields))
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenError(1, "is missing: in its place stands what is no tombstone") from error
        if its_msp != self.msp:
            raise BrokenError(1, f"is missing: the tombstone in its place belongs to another MSP, {its_msp}")
        if self._seals is not None:
            self._open(1, self._seals.get(key), key, record, seal, purpose="tombstone")
        self.tombstone = stone
        self.number, self.hash = stone.through, stone.hash
        return stone

    def begin_among(self, number: int, previous_hash: str) -> None:
        """Begin before the tombstone's end, at entry `number`: those up to the tombstone are being removed."""
        self.number, self.hash = number - 1, previous_hash

    def end(self) -> None:
        """The tombstone must be the one that the chain itself tells of. Raises BrokenError."""
        known = (0, GENESIS) if self.tombstone is None else (self.tombstone.through, self.tombstone.hash)
        if self._trimmed is None and self.tombstone is None:
            return
        if self._trimmed != known:
            told = "nothing" if self._trimmed is None else f"those up to {self._trimmed[0]}"
            raise BrokenError(
                max(known[0], 1),
                f"has a tombstone for all up to {known[0]}, but the chain says that {told} were removed",
            )

    def follow(self, record: str, entry_hash: str, seal: str) -> dict[str, Any]:
        """Check the next entry and return what its record says. Raises BrokenError, UncheckedError."""
        number = self.number + 1
        try:
            raw = record.encode()
            fields: dict[str, Any] = self._loads(record)
            its_number, its_msp, previous, key = fields["number"], fields["msp"], fields["previous"], fields["key"]
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenError(number, "has a record that is no audit record") from error
        if hashlib.sha256(raw).hexdigest() != entry_hash:
            raise BrokenError(number, "has a record that does not match its hash: one of them was changed")
        if its_number != number:
            raise BrokenError(number, f"is missing: entry {its_number} stands in its place")
        if its_msp != self.msp:
            raise BrokenError(number, f"belongs to another MSP, {its_msp}")
        if previous != self.hash:
            raise BrokenError(number, f"does not follow entry {self.number}: one of them was exchanged")
        if self._seals is not None:
            self._open(number, self._seals.get(key), key, entry_hash, seal)
        self.number, self.hash = number, entry_hash
        self._note(fields)
        return fields

    def _note(self, fields: dict[str, Any]) -> None:
        """What an entry says of the tombstone, and the tombstone of it."""
        if fields.get("action") == TRIMMED:
            data = fields["data"]
            self._trimmed = data["through"], data["hash"]
        stone = self.tombstone
        if stone is not None and self.number == stone.through and self.hash != stone.hash:
            raise BrokenError(self.number, "is not the one that the tombstone names")

    def _open(
        self, number: int, known: _Seal | None, key: str, text: str, seal: str, *, purpose: str = "entry"
    ) -> None:
        if known is not None:
            if known.of(text, purpose) != seal:
                what = "" if purpose == "entry" else f"is missing: its {purpose} "
                raise BrokenError(number, f"{what}has a seal that was not made with the audit key")
            self._has_opened = True
        elif key in self._vouched:
            raise UncheckedError(f"entry {number} was sealed with the audit key {key}, which was not given")
        elif self._vouched or self._has_opened:
            raise BrokenError(number, f"was sealed with the key {key}, which is no audit key of this installation")
        else:
            raise UncheckedError(f"entry {number} names the audit key {key}, which was not given")


def export_check(lines: Iterable[str], ring: Mapping[str, bytes] | None) -> Chain:
    """Check the lines of an export; the chain as it ended. Raises BrokenError, UncheckedError."""
    chain: Chain | None = None
    end: dict[str, Any] | None = None
    for number, line in enumerate(lines, start=1):
        row = _row(number, line)
        if chain is None:
            chain = _begin(row, ring)
        elif end is not None:
            raise BrokenError(chain.number + 1, "stands behind the end of the export")
        elif "end" in row:
            end = row
        else:
            try:
                texts = row["record"], row["hash"], row["seal"]
            except KeyError as error:
                raise BrokenError(chain.number + 1, f"is incomplete, in line {number}") from error
            chain.follow(*texts)
    if chain is None:
        raise UncheckedError("the file is empty")
    _end(chain, end, ring)
    return chain


def entries_in_words(chain: Chain) -> str:
    """Which entries it holds."""
    if chain.tombstone is None:
        return f"{chain.number} entries"
    return f"entries {chain.tombstone.through + 1} to {chain.number} ({chain.tombstone})"


def _row(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if isinstance(row, dict):
        return row
    if number == 1:
        raise UncheckedError("the file is no export")
    raise BrokenError(number - 1, f"is unreadable, in line {number}")


def _begin(header: dict[str, Any], ring: Mapping[str, bytes] | None) -> Chain:
    if header.get("format") != FORMAT:
        raise UncheckedError("the file is no export")
    vouched = vouched_for(header.get("keys") or {}, ring or {})
    chain = Chain(msp=str(header.get("msp")), ring=ring, vouched=vouched)
    stone = header.get("tombstone")
    if isinstance(stone, dict):
        chain.begin_behind(str(stone.get("record")), str(stone.get("seal")))
    return chain


def _end(chain: Chain, end: dict[str, Any] | None, ring: Mapping[str, bytes] | None) -> None:
    if end is None:
        raise BrokenError(chain.number + 1, "is missing: the export ends before its last line")
    if (end.get("end"), end.get("hash")) != (chain.number, chain.hash):
        raise BrokenError(chain.number + 1, f"is missing: the export says that it holds {end.get('end')} entries")
    chain.end()
    if ring is None:
        return
    key = ring.get(str(end.get("key")))
    if key is None:
        raise UncheckedError(f"the end was sealed with the audit key {end.get('key')}, which was not given")
    if seal_of(key, "export", f"{chain.msp}:{chain.number}:{chain.hash}") != end.get("seal"):
        raise BrokenError(chain.number, "may not be the last one: the seal of the end was not made with the audit key")


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(description="Checks an exported audit chain of Countersign.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key-file", type=Path, help="the AUDIT_KEY ring, one key a line")
    options = parser.parse_args(arguments)
    try:
        ring = None
        if options.key_file:
            ring = ring_of(options.key_file.read_text(encoding="utf-8").replace(",", " ").split())
        with options.file.open(encoding="utf-8") as lines:
            chain = export_check(lines, ring)
    except BrokenError as error:
        sys.stdout.write(f"BROKEN: {options.file}: {error}.\n")
        return BROKEN
    except (UncheckedError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"NOT CHECKED: {options.file}: {error}.\n")
        return UNCHECKED
    seals = "seals NOT checked (no --key-file)" if ring is None else "every seal fits"
    entries = entries_in_words(chain)
    sys.stdout.write(f"INTACT: MSP {chain.msp}, {entries}, {seals}, last hash {chain.hash}\n")
    return INTACT


if __name__ == "__main__":
    sys.exit(main())
