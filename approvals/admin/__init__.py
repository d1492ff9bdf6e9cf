"""The staff's screens of the gate: the queue, the page of one request, the history."""

from __future__ import annotations

from approvals.admin import activity, queue

__all__ = ["activity", "queue"]
