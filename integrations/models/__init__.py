from __future__ import annotations

from integrations.models.agents import Agent, AgentKey
from integrations.models.audit import AuditEvent, AuditHead, AuditTombstone
from integrations.models.connections import Authorization, Connection, ConnectionState
from integrations.models.installation import AuditKey, Installation
from integrations.models.invitations import Invitation
from integrations.models.people import Membership, Msp, User
from integrations.models.retention import Retention

__all__ = [
    "Agent",
    "AgentKey",
    "AuditEvent",
    "AuditHead",
    "AuditKey",
    "AuditTombstone",
    "Authorization",
    "Connection",
    "ConnectionState",
    "Installation",
    "Invitation",
    "Membership",
    "Msp",
    "Retention",
    "User",
]
