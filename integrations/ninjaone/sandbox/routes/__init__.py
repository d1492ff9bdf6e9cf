"""Importing this package registers every route of the sandbox."""

from __future__ import annotations

from integrations.ninjaone.sandbox.routes import (
    activities,
    alerts,
    billing,
    device_actions,
    devices,
    inventory,
    organizations,
    queries,
    scripts,
    tenant,
    ticketing,
    tickets,
)

__all__ = [
    "activities",
    "alerts",
    "billing",
    "device_actions",
    "devices",
    "inventory",
    "organizations",
    "queries",
    "scripts",
    "tenant",
    "ticketing",
    "tickets",
]
