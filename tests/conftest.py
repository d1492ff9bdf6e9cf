"""Fixtures that every test may use."""

from __future__ import annotations

from tests.cast import acme, ninjaone, northwind, sandbox

__all__ = ["acme", "ninjaone", "northwind", "sandbox"]
