"""The running product, as the journeys have it."""

from __future__ import annotations

from tests.journeys.conftest import product, unsent

__all__ = ["product", "unsent"]
