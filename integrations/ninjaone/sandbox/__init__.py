"""A local NinjaOne: the code behind `manage.py ninjaone_sandbox` and the tests. Standard library only."""

from __future__ import annotations

from integrations.ninjaone.sandbox.app import Received, Sandbox
from integrations.ninjaone.sandbox.messages import SandboxRequest, SandboxResponse
from integrations.ninjaone.sandbox.seeds import ACME, NORTHWIND
from integrations.ninjaone.sandbox.seeds.grants import SeedGrant, seed_grant

__all__ = [
    "ACME",
    "NORTHWIND",
    "Received",
    "Sandbox",
    "SandboxRequest",
    "SandboxResponse",
    "SeedGrant",
    "seed_grant",
]
