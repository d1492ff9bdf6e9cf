"""What is sent for a bash script: the script, and around it what makes a device say which bytes ran and how it ended.

NinjaOne tells nothing but the text that a run printed. So the wrapper prints a line before and a line after it, each
with a nonce: 128 random bits of this one request, which the agent does not get to see before the run is over.

What the lines prove: that this text was printed by the run of this request and by no other; the SHA-256 of the bytes
that were handed to bash, taken on the device from the same text that is decoded for bash; and the exit code. What they
do not prove: that the device is honest. Who is root there can print anything, and so can a script that reads the nonce
out of the processes above it; such a script has to be written to do so, and a person reads it before it runs.

The script is run as NinjaOne's bridge runs it, by a bash of its own that reads it from a pipe: `set -e`, `exit`, stdin,
heredocs and what it prints are its own, byte for byte. The wrapper needs what the bridge needs (bash 3.2, base64), and
one of sha256sum, shasum and openssl; without any of them it says `sha256=none`.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

NO_HASH = "none"

# No byte of the agent's stands in here as it came: base64 has nothing that bash reads as anything but a word.
_TEXT = """\
# Countersign wrapper 1: runs the approved script, and says which bytes ran and how they ended.
_countersign_nonce={nonce}
_countersign_script={script}
_countersign_bytes() {{ printf %s "$_countersign_script" | base64 --decode; }}
_countersign_hash() {{
  if command -v sha256sum; then sha256sum; elif command -v shasum; then shasum -a 256
  elif command -v openssl; then openssl dgst -sha256 -r; fi
}}
_countersign_sum=$(_countersign_bytes | {{ _countersign_hash; }} 2>/dev/null | grep -Eo '^[0-9a-f]{{64}}')
printf '[countersign %s began sha256=%s]\\n' "$_countersign_nonce" "${{_countersign_sum:-none}}"
_countersign_bytes | bash
_countersign_exit=$?
printf '\\n[countersign %s ended exit=%s]\\n' "$_countersign_nonce" "$_countersign_exit"
exit "$_countersign_exit"
"""
_NONCE = re.compile("[0-9a-f]{32}")
_VALUES = re.compile("_countersign_nonce=([0-9a-f]{32})\n_countersign_script=([A-Za-z0-9+/]*={0,2})\n")


class Wrapped(NamedTuple):
    """The script of the agent inside its wrapper, and the nonce of the run."""

    script: bytes
    nonce: str


def bash_wrapped(script: bytes, nonce: str) -> bytes:
    """What bash gets to read. Raises ValueError for a nonce that is not 32 hex digits."""
    if not _NONCE.fullmatch(nonce):
        raise ValueError("A nonce is 32 hex digits.")
    return _TEXT.format(nonce=nonce, script=base64.b64encode(script).decode("ascii")).encode()


def bash_unwrapped(raw: bytes) -> Wrapped | None:
    """What is inside; None unless every byte around it is the wrapper's own."""
    try:
        found = _VALUES.search(raw.decode("ascii"))
        script = base64.b64decode(found[2], validate=True) if found else b""
    except (UnicodeDecodeError, binascii.Error):
        return None
    if found is None or bash_wrapped(script, found[1]) != raw:
        return None
    return Wrapped(script, found[1])


def mark_began(nonce: str) -> re.Pattern[str]:
    """The line before a run's output, up to its end; the group is the SHA-256, or `none`."""
    return re.compile(rf"\[countersign {nonce} began sha256=([0-9a-f]{{64}}|{NO_HASH})\]\r?\n?")


def mark_ended(nonce: str) -> re.Pattern[str]:
    """The line after it, with the line end that the wrapper put before it; the group is the exit code."""
    return re.compile(rf"(?:\r?\n)?\[countersign {nonce} ended exit=([0-9]{{1,3}})\]")
