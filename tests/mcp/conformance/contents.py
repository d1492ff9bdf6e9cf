"""Pieces of content, as the suite describes them."""

from __future__ import annotations

from typing import Any

# A PNG of one pixel, and a WAV without a sound.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="

Content = dict[str, Any]


def text(value: str) -> Content:
    """Text."""
    return {"type": "text", "text": value}


def image() -> Content:
    """A picture."""
    return {"type": "image", "data": PNG, "mimeType": "image/png"}


def audio() -> Content:
    """A sound."""
    return {"type": "audio", "data": WAV, "mimeType": "audio/wav"}


def resource(uri: str, value: str, mime_type: str = "text/plain") -> Content:
    """A resource inside a message."""
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": value}}
