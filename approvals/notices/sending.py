"""One message to one destination, now. No transaction is open meanwhile; nothing here changes a row."""

from __future__ import annotations

import json
from datetime import datetime

from django.conf import settings

from approvals.models import Delivery, Destination, Kind
from approvals.notices.mail import mail_send, whom_it_concerns
from approvals.notices.signing import headers_of
from approvals.notices.words import Message, message_of
from integrations.clock import database_now
from integrations.courier.answers import Answer
from integrations.courier.process import Courier
from integrations.encryption import SecretUnreadableError
from integrations.ninjaone import exchange

UNREADABLE = (
    "Its address does not open with this server's FERNET_KEYS. Restore the key that it was stored with, or enter it "
    "again."
)


def delivery_send(courier: Courier, destination: Destination, delivery: Delivery) -> Answer:
    """Send it. `destination` comes with its MSP, `delivery` with its invocation. Never raises for what others do."""
    exchange.require_no_transaction()
    now = database_now()
    try:
        if destination.agent_id is not None:
            return _post(courier, destination, delivery, now, agent_payload(delivery))
        message = message_of(delivery, destination.msp, now)
        match destination.kind:
            case Kind.EMAIL:
                recipients = destination.opened("address").split() or whom_it_concerns(
                    msp=destination.msp, event=delivery.event, row=delivery.invocation
                )
                return mail_send(message=message, recipients=recipients, message_id=str(delivery.message_id))
            case Kind.WEBHOOK:
                return _post(courier, destination, delivery, now, people_payload(delivery, message))
        return courier.service(
            url=destination.opened("address"),
            kind=destination.kind,
            title=message.title,
            text=message.text,
            link=message.url,
            level=message.level,
        )
    except SecretUnreadableError:
        return Answer(error=UNREADABLE)


def agent_payload(delivery: Delivery) -> dict[str, object]:
    """What an agent's webhook gets: that something changed and where to look. No arguments and no result."""
    path = f"/api/v1/invocations/{delivery.invocation_id}"
    data = {"id": str(delivery.invocation_id), **delivery.data, "url": f"{settings.PUBLIC_URL}{path}"}
    data.pop("by", None)  # the agent's envelope tells who decided what it may know
    if delivery.invocation_id is None:
        data = {"url": f"{settings.PUBLIC_URL}/api/v1/me"}
    return _payload(delivery, delivery.event, data)


def people_payload(delivery: Delivery, message: Message) -> dict[str, object]:
    """What a webhook of people's gets: the message as it would read elsewhere."""
    row = delivery.invocation
    about = None if row is None else {"id": str(row.pk), "tool": row.tool_name, "agent": row.agent.name}
    data: dict[str, object] = {"title": message.title, "text": message.text, "url": message.url, "invocation": about}
    return _payload(delivery, f"notice.{delivery.event}", data)


def _payload(delivery: Delivery, kind: str, data: dict[str, object]) -> dict[str, object]:
    return {"type": kind, "timestamp": delivery.created_at.isoformat().replace("+00:00", "Z"), "data": data}


def _post(
    courier: Courier, destination: Destination, delivery: Delivery, now: datetime, payload: dict[str, object]
) -> Answer:
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    keys = [destination.opened("secret")]
    if destination.former_until is not None and destination.former_until > now:
        keys.append(destination.opened("former_secret"))
    # The same for every attempt, by which the receiver knows what it had already.
    message_id = f"msg_{delivery.message_id.hex}"
    headers = headers_of(message_id=message_id, at=now, body=body, keys=keys)
    return courier.webhook(url=destination.opened("address"), body=body, headers=headers)
