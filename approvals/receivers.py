"""What the gate does when something happens in the rooms below."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from approvals.notices.events import alarm, consent_lost
from integrations.audit import Actor
from integrations.models import Connection, Msp, Retention
from integrations.models.retention import PERIODS
from integrations.signals import grant_died, retention_shortened


@receiver(grant_died)
def tell_of_lost_consent(sender: Any, connection: Connection, reason: str, **kwargs: Any) -> None:
    """People must consent again, so they hear of it at once."""
    consent_lost(msp_id=connection.msp_id, reason=reason)


@receiver(retention_shortened)
def tell_of_shorter_retention(sender: Any, msp: Msp, retention: Retention, actor: Actor, **kwargs: Any) -> None:
    """Whoever took over an admin's account would begin with this, so the others hear of it while it can be undone."""
    results, calls, audit = (retention.wanted[name] for name in PERIODS)
    alarm(
        msp=msp,
        what=f"From {retention.shortens_at:%Y-%m-%d} on, results are kept for {results} days, calls for {calls} and "
        f"the audit for {audit}; what is older is removed for good. {actor.name} asked for it. Until then any admin "
        "can take it back under Settings.",
    )
