"""The record: what happened at each MSP, in order, each entry chained onto the one before and sealed."""

from __future__ import annotations

from integrations.audit.chain import Actor, AuditError, audit_append, canonical, head_statement

__all__ = ["Actor", "AuditError", "audit_append", "canonical", "head_statement"]
