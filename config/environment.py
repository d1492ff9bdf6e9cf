"""What the environment says, typed, with `_FILE` variants for secrets and loud failure on a bad value."""

from __future__ import annotations

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

SHORTEST_KEY = 32


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `<name>_FILE` names (Docker and systemd secrets)."""
    file_name = os.environ.get(f"{name}_FILE")
    if file_name is None:
        return str(env.str(name, default=default)).strip()
    if os.environ.get(name):
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set. Set one of them.")
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {file_name}, which cannot be read: {error.strerror}.") from error


def ring(name: str) -> list[str]:
    """A key ring: comma-separated, newest first; empty when the variable is missing."""
    keys = [key.strip() for key in text(name).split(",") if key.strip()]
    for key in keys:
        if len(key) < SHORTEST_KEY:
            raise ImproperlyConfigured(
                f"{name} holds a key of {len(key)} characters. Use at least {SHORTEST_KEY} random ones, "
                'for example from `python -c "import secrets; print(secrets.token_urlsafe(48))"`.'
            )
    if len(set(keys)) != len(keys):
        raise ImproperlyConfigured(f"{name} holds the same key twice.")
    return keys


def words(name: str) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def flag(name: str, *, default: bool = False) -> bool:
    """A switch: 1, true, yes, on or 0, false, no, off."""
    value = text(name).lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Use 1 or 0.")
