"""What the environment says, typed, with `_FILE` variants for secrets and loud failure on a bad value."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from integrations.addresses import Network, networks

SHORTEST_KEY = 32
LARGEST = 3600.0
DATABASES = ("DATABASE_URL", "DATABASE_LISTEN_URL")
SECRETS = ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY", *DATABASES, "EMAIL_URL", "METRICS_TOKEN")
SERVICE = re.compile(r"[a-z][a-z0-9]{0,29}")
OIDC_SECRET = re.compile(r"OIDC_[A-Z0-9]+_CLIENT_SECRET")
# Set by `manage.py serve` for its worker processes: "1" where they do the background work as well.
BACKGROUND = "COUNTERSIGN_BACKGROUND"
# Likewise: how many calls one of them takes at a time.
THREADS = "COUNTERSIGN_THREADS"


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `<name>_FILE` names (Docker and systemd secrets).

    Empty is as good as missing. Read plainly: a secret may begin with `$`, which the library would look up.
    """
    file_name = os.environ.get(f"{name}_FILE")
    if not file_name:
        return os.environ.get(name, "").strip() or default
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


def postgresql(name: str) -> str:
    """An address of PostgreSQL; "" where the variable is missing. A wrong one is not repeated: it holds a password."""
    url = text(name)
    if not url or (url.startswith(("postgresql://", "postgres://")) and _says_something(url)):
        return url
    raise ImproperlyConfigured(f"{name} is wrong. Use postgresql://user:password@host:5432/countersign.")


def _says_something(url: str) -> bool:
    from psycopg import ProgrammingError  # noqa: PLC0415 - 10 MB that SQLite does without
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        return bool(conninfo_to_dict(url))
    except ProgrammingError:
        return False


def addresses(name: str, default: list[str]) -> list[Network]:
    """A comma-separated list of addresses and ranges."""
    try:
        return networks(words(name) or default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is wrong: {error}. Use addresses and ranges such as 10.0.0.0/8.") from error


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


def choice(name: str, options: tuple[str, ...]) -> str:
    """One of `options`, the first one where nothing is said."""
    value = text(name, options[0]).lower()
    if value not in options:
        raise ImproperlyConfigured(f"{name} is {value!r}. Use {' or '.join(options)}.")
    return value


def language(name: str, catalogues: Path) -> str:
    """A language of which `catalogues` has a compiled catalogue; English, which needs none, where nothing is said."""
    locales = sorted(path.parts[-3] for path in catalogues.glob("*/LC_MESSAGES/django.mo"))
    return choice(name, ("en", *(locale.lower().replace("_", "-") for locale in locales)))


def seconds(name: str, *, default: float, least: float) -> float:
    """A span of time in seconds, `least` at the lowest."""
    return number(name, default=default, least=least, unit="seconds")


def number(name: str, *, default: float, least: float, unit: str = "a number") -> float:
    """A number, `least` at the lowest."""
    value = text(name) or str(default)
    try:
        given = float(value)
    except ValueError:
        given = -1.0
    if not least <= given <= LARGEST:
        raise ImproperlyConfigured(f"{name} is {value!r}. Use {unit}, from {least:g} to {LARGEST:g}.")
    return given


def sign_in_service(name: str) -> dict[str, Any]:
    """One of OIDC_SERVICES, as django-allauth takes it."""
    if not SERVICE.fullmatch(name):
        raise ImproperlyConfigured(f"OIDC_SERVICES names {name!r}. Use small letters and digits, such as entra.")
    prefix = f"OIDC_{name.upper()}_"
    values = {key: text(f"{prefix}{key}") for key in ("URL", "CLIENT_ID", "CLIENT_SECRET")}
    for key, value in values.items():
        if not value:
            raise ImproperlyConfigured(f"OIDC_SERVICES names {name}, and {prefix}{key} is not set.")
    url = urlsplit(values["URL"])
    if url.scheme != "https" and url.hostname not in {"127.0.0.1", "localhost"}:
        raise ImproperlyConfigured(f"{prefix}URL is {values['URL']}. Use https://, or anybody could answer for it.")
    if url.path.startswith(("/common", "/organizations", "/consumers")):
        raise ImproperlyConfigured(f"{prefix}URL is everybody's. Name your tenant: https://.../<tenant id>/v2.0.")
    return {
        "provider_id": name,
        "name": text(f"{prefix}NAME", name.capitalize()),
        "client_id": values["CLIENT_ID"],
        "secret": values["CLIENT_SECRET"],
        "settings": {"server_url": values["URL"].rstrip("/"), "fetch_userinfo": False},
    }


def forget_secrets() -> None:
    """Takes the secrets out of this process's environment, once the settings have read them."""
    for name in [*SECRETS, *(name for name in os.environ if OIDC_SECRET.fullmatch(name))]:
        os.environ.pop(name, None)
