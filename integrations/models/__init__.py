from __future__ import annotations

from integrations.models.agents import Agent, AgentKey
from integrations.models.audit import AuditEvent, AuditHead
from integrations.models.connections import Authorization, Connection, ConnectionState
from integrations.models.people import Membership, Msp, User

__all__ = [
    "Agent",
    "AgentKey",
    "AuditEvent",
    "AuditHead",
    "Authorization",
    "Connection",
    "ConnectionState",
    "Membership",
    "Msp",
    "User",
]
