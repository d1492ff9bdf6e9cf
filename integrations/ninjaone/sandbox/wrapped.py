"""What a bash script in Countersign's wrapper would print: what the wrapper says is taken from it, and never executed.

Its parts stand in plain lines: a nonce, the script as base64, and two formats that it prints with the nonce and the
SHA-256 of the script before the script runs, and with the nonce and the exit code after it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

_HEAD = re.compile(
    r"# Countersign wrapper 1:.*\n_countersign_nonce=([0-9a-f]+)\n_countersign_script=([A-Za-z0-9+/=]*)\n"
)
_FORMAT = re.compile(r"^printf '([^'\n]*%s[^'\n]*%s[^'\n]*)' ", re.MULTILINE)


@dataclass(frozen=True)
class Wrapped:
    """The script inside, and the lines around what it prints."""

    script: bytes
    nonce: str
    before: str
    after: str

    def output(self, printed: str, code: int) -> str:
        """What the whole prints, when the script prints `printed` and ends with `code`."""
        digest = hashlib.sha256(self.script).hexdigest()
        return _filled(self.before, self.nonce, digest) + printed + _filled(self.after, self.nonce, str(code))


def wrapped_read(text: str) -> Wrapped | None:
    """The parts of a wrapper; None for every other script."""
    head, formats = _HEAD.match(text), _FORMAT.findall(text)
    if head is None or len(formats) != 2:
        return None
    try:
        script = base64.b64decode(head[2], validate=True)
    except binascii.Error:
        return None
    return Wrapped(script, head[1], *formats)


def _filled(form: str, *values: str) -> str:
    first, second, third = form.replace("\\n", "\n").split("%s")
    return first + values[0] + second + values[1] + third
