"""Self-contained tokens: a sandbox accepts what another process signed, so a restart logs nobody out."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

# Not a secret: it guards made-up devices, and every sandbox must have the same one.
_KEY = b"countersign-ninjaone-sandbox-v1"
_SEAL_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Grant:
    kind: str  # "access" | "refresh" | "code"
    client_id: str
    grant_id: str
    generation: int
    epoch: int  # revoking a client's grants raises its epoch: lower ones are dead
    expires_at: int  # 0: does not expire
    scope: str

    def allows(self, scope: str) -> bool:
        return scope in self.scope.split()


def token_sign(grant: Grant) -> str:
    fields = (
        grant.kind,
        grant.client_id,
        grant.grant_id,
        str(grant.generation),
        str(grant.epoch),
        str(grant.expires_at),
        grant.scope,
    )
    text = "\n".join(fields).encode()
    seal = hmac.digest(_KEY, text, "sha256")[:_SEAL_BYTES]
    return urlsafe_b64encode(seal + _veil(text, seal)).rstrip(b"=").decode()


@lru_cache(maxsize=4096)
def token_read(token: str) -> Grant | None:
    """The grant a token of ours stands for; None for anything else. Expiry and revocation are not its job."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:  # bad base64, or characters that are not ASCII
        return None
    seal, veiled = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    text = _veil(veiled, seal)
    if not hmac.compare_digest(hmac.digest(_KEY, text, "sha256")[:_SEAL_BYTES], seal):
        return None
    kind, client_id, grant_id, generation, epoch, expires_at, scope = text.decode().split("\n")
    grant = Grant(
        kind=kind,
        client_id=client_id,
        grant_id=grant_id,
        generation=int(generation),
        epoch=int(epoch),
        expires_at=int(expires_at),
        scope=scope,
    )
    # Base64 has more than one spelling of the same bytes; only ours counts, or a spent token could be respelled.
    return grant if token_sign(grant) == token else None


def _veil(text: bytes, seal: bytes) -> bytes:
    """XOR with a stream drawn from the seal: tokens are opaque, so nobody shall learn to parse ours."""
    stream = hashlib.shake_256(_KEY + seal).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))
