"""Texts of processes that start without Django, and without anybody's language: whoever shows them translates them."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Marks a text for translators, as Django's function of this name does."""
    return text
