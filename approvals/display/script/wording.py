"""Texts that are said about a script. The process that reads scripts starts without Django, and people's language."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Marks a text for translators, as Django's function of this name does. The page translates it."""
    return text
