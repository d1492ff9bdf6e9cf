"""What the gate does when something happens in the rooms below."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from approvals.notices.events import consent_lost
from integrations.models import Connection
from integrations.signals import grant_died


@receiver(grant_died)
def tell_of_lost_consent(sender: Any, connection: Connection, reason: str, **kwargs: Any) -> None:
    """People must consent again, so they hear of it at once."""
    consent_lost(msp_id=connection.msp_id, reason=reason)
