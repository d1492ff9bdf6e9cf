"""Names under which secrets stand in foreign objects: what stands there is kept nowhere and shown to nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.calls import JSON

_PARTS = re.compile(
    "passw|passphrase|passcode|secret|token|credential|apikey|privatekey|pincode|otpseed|bitlocker|authorization"
)
# Where the name of a value stands beside it: {"name": "apiKey", "value": "..."}.
_BESIDE = ("name", "key", "field", "fieldName", "attributeName", "header")
# "licenseKey" and "key", not "keyboard"; a "pin", not a "pinned" one.
_ENDS = re.compile(r"(?:keys?|(?:\A|[^a-z])pin|(?:\A|[^a-z])pwd)\Z")


def is_secret_name(name: str) -> bool:
    """Whether what stands under this name may be a secret."""
    small = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return _PARTS.search(re.sub(r"[^a-z]", "", small)) is not None or _ENDS.search(small) is not None


def is_secret_entry(value: JSON) -> bool:
    """Whether an object is the entry of a list that names, beside a value, what may be a secret."""
    if not isinstance(value, dict) or "value" not in value:
        return False
    return any(isinstance(value.get(key), str) and is_secret_name(value[key]) for key in _BESIDE)


def holds_secret_name(value: JSON) -> bool:
    """Whether any name in an object or list, however deep, may name a secret."""
    if isinstance(value, dict):
        return is_secret_entry(value) or any(
            is_secret_name(name) or holds_secret_name(part) for name, part in value.items()
        )
    return isinstance(value, list) and any(map(holds_secret_name, value))
