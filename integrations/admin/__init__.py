"""What staff see of tenants, people, agents and the audit."""

from __future__ import annotations

from integrations.admin import agents, audit, platform, team

__all__ = ["agents", "audit", "platform", "team"]
