"""Messages by e-mail, over the mail server that the operator set up (EMAIL_URL)."""

from __future__ import annotations

import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q

from approvals.models import Event, Invocation
from approvals.notices.words import Message
from integrations.courier.answers import Answer
from integrations.models import Membership, Msp

NOT_SET_UP = "No mail server is set up. The operator sets EMAIL_URL; or choose another service, mailtos:// among them."
NOBODY = "Nobody whom it concerns has an e-mail address. Enter addresses, or give the approvers theirs."


def mail_send(*, message: Message, recipients: list[str], message_id: str) -> Answer:
    """One message to all of them. Never raises for what a mail server does."""
    if not settings.EMAIL_IS_SET_UP:
        return Answer(error=NOT_SET_UP)
    if not recipients:
        return Answer(error=NOBODY)
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {"Message-ID": f"<{message_id}@{host}>", "Auto-Submitted": "auto-generated"}
    mail = EmailMessage(message.title, message.body, settings.DEFAULT_FROM_EMAIL, recipients, headers=headers)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused:
        return Answer(error="The mail server takes no mail for these addresses.")
    except smtplib.SMTPException as error:
        return Answer(error=f"The mail server did not take it ({type(error).__name__}).")
    except OSError:
        return Answer(error="The mail server could not be reached.")
    return Answer(ok=True)


def whom_it_concerns(*, msp: Msp, event: str, row: Invocation | None) -> list[str]:
    """The addresses of those who may decide this request, or do something about this event."""
    members = Membership.objects.for_msp(msp).filter(user__is_active=True, user__is_superuser=False)
    match event:
        case Event.CONNECTION:
            members = members.filter(is_admin=True)
        case Event.ALARM | Event.SUSPICIOUS | Event.UNKNOWN:
            members = members.filter(Q(is_admin=True) | Q(is_approver=True))
        case _:
            members = members.filter(is_approver=True)
            if row is not None and row.agent.owner_id is not None and not msp.own_requests_allowed:
                members = members.exclude(user=row.agent.owner_id)
    found = members.exclude(user__email="").order_by("user__email").values_list("user__email", flat=True)
    return list(dict.fromkeys(found))
