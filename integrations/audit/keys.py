"""The ring of audit keys as the settings give it, by fingerprint, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from django.conf import settings

from integrations.audit_verifier import ring_of


def audit_ring() -> Mapping[str, bytes]:
    """Fingerprint to key. The first one seals; all of them verify."""
    return _ring(tuple(settings.AUDIT_KEYS))


@lru_cache(maxsize=8)
def _ring(keys: tuple[str, ...]) -> Mapping[str, bytes]:
    return MappingProxyType(ring_of(keys))
