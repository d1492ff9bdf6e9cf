"""The API client apps that exist in the sandbox, one per MSP, each with its own NinjaOne instance."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.ninjaone.sandbox.world import World

SCOPES = ("monitoring", "management", "control", "offline_access")


@dataclass(kw_only=True)
class ClientApp:
    client_id: str
    secret: str = field(repr=False)
    name: str
    world: World
    technician: str  # who consents, as the consent page names them
    scopes: tuple[str, ...] = SCOPES
    # False: the app lacks the grant type "Refresh Token", so no refresh token comes, whatever the scope.
    refresh_grant: bool = True
    # False: a refresh answers without a new refresh token, and the old one stays alive.
    rotates_refresh_tokens: bool = True
    access_token_seconds: int = 3600
    epoch: int = 0  # raised by revoking; tokens of a lower epoch are dead
    spent_refresh_tokens: set[str] = field(default_factory=set)
