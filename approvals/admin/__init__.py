"""The staff's screens of the gate: the queue, the page of one request, the history, notices."""

from __future__ import annotations

from approvals.admin import activity, destinations, queue

__all__ = ["activity", "destinations", "queue"]
