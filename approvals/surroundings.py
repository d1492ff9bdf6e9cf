"""What people should see around a request. That it cannot be read is worth no refusal, and is said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from approvals.errors import GateError
from approvals.upstream import read_json
from integrations.models import Connection
from tools.calls import JSON, Call
from tools.errors import UnusableAnswerError, UpstreamNotFoundError
from tools.fact_types import DeviceFact, Fact
from tools.present import PresentFact, present_source
from tools.registry import Tool
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


def present_added(
    facts: dict[str, Fact],
    *,
    tool: Tool,
    call: Call,
    read: Callable[[Call], JSON],
    earlier: Mapping[str, Fact] | None,
) -> dict[str, Fact]:
    """The facts, and what stands now where a generic call would change something.

    `earlier` are the facts that people saw: what could not be read for them is not looked for again, and what cannot
    be read now, but may be soon, raises GateError.
    """
    source = present_source(tool, call)
    if source is None:
        return facts
    if earlier is None:
        return {**facts, PresentFact.kind: _present(source, call, read, is_again=False)}
    seen = earlier.get(PresentFact.kind)
    if not isinstance(seen, PresentFact):
        return facts
    return {**facts, PresentFact.kind: seen if seen.trouble else _present(source, call, read, is_again=True)}


def _present(source: tuple[Call, bool], call: Call, read: Callable[[Call], JSON], *, is_again: bool) -> PresentFact:
    where, hides_all = source
    try:
        return PresentFact.of(read(where), call, hides_all=hides_all)
    except UpstreamNotFoundError:
        return PresentFact(trouble="NinjaOne answered 404: there is nothing, or nothing that it lets us see.")
    except UnusableAnswerError as error:
        return PresentFact(trouble=error.message)
    except GateError as error:
        if is_again:
            raise
        return PresentFact(trouble=error.message)


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
