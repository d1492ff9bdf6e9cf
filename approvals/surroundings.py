"""What people should see around a request. That it cannot be read is worth no refusal, and is said."""

from __future__ import annotations

import logging

from approvals.errors import GateError
from approvals.upstream import read_json
from integrations.models import Connection
from tools.errors import UnusableAnswerError, UpstreamNotFoundError
from tools.fact_types import DeviceFact, Fact
from tools.standing_alerts import AlertsFact, alerts_call

logger = logging.getLogger(__name__)

# The agent waits meanwhile.
ALERT_SECONDS = 4.0


def alerts_added(facts: dict[str, Fact], *, connection: Connection, is_write: bool) -> dict[str, Fact]:
    """The facts, and for a change on a device the alerts that stand there."""
    device = facts.get("device")
    if not is_write or not isinstance(device, DeviceFact):
        return facts
    return {**facts, AlertsFact.kind: _alerts(connection, device.id)}


def _alerts(connection: Connection, device_id: int) -> AlertsFact:
    try:
        page = read_json(connection=connection, call=alerts_call(device_id), seconds=ALERT_SECONDS)
        return AlertsFact.of(page, device_id)
    except UpstreamNotFoundError:
        trouble = "NinjaOne answered 404."
    except (GateError, UnusableAnswerError) as error:
        trouble = error.message
    logger.info("The alerts of device %s stay unknown: %s", device_id, trouble)
    return AlertsFact(None, trouble=trouble)
