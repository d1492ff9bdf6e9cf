from __future__ import annotations

from dataclasses import dataclass, field

from integrations.ninjaone.sandbox.clients import SCOPES
from integrations.ninjaone.sandbox.oauth import SEED_GRANT_ID
from integrations.ninjaone.sandbox.tokens import Grant, token_sign

_EXPIRES_AT = 4_102_444_800  # the first second of 2100
_EXPIRES_IN = 10 * 365 * 86_400


@dataclass(frozen=True, kw_only=True)
class SeedGrant:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    scope: str


def seed_grant(client_id: str) -> SeedGrant:
    """Tokens that every sandbox accepts, for data that is connected without a browser. Always the same."""
    scope = " ".join(SCOPES)

    def sign(kind: str, expires_at: int) -> str:
        return token_sign(
            Grant(
                kind=kind,
                client_id=client_id,
                grant_id=SEED_GRANT_ID,
                generation=0,
                epoch=0,
                expires_at=expires_at,
                scope=scope,
            )
        )

    return SeedGrant(
        access_token=sign("access", _EXPIRES_AT),
        refresh_token=sign("refresh", 0),
        expires_in=_EXPIRES_IN,
        scope=scope,
    )
