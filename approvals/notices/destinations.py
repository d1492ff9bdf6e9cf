"""Destinations as people set them up: addresses checked and sealed, secrets made, tests sent, dead letters revived."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from approvals.models import Delivery, Destination, Kind
from approvals.notices.sending import delivery_send
from approvals.notices.signing import secret_new
from approvals.notices.words import TEST
from approvals.wake import NOTICES, ring
from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.courier.answers import Answer
from integrations.courier.process import Courier
from integrations.models import Agent

# How long a secret that was replaced still signs along.
OVERLAP = timedelta(hours=24)
LONGEST = 2000
MOST_ADDRESSES = 20


class Checked(NamedTuple):
    """An address as it is stored; `place` may be shown. `error` says what is wrong with it."""

    kind: str
    address: str
    place: str = ""
    error: str = ""


def address_check(kind: str, address: str) -> Checked:
    """Whether it is right for its kind, without reaching for it. Starts a process for what apprise knows."""
    text = address.strip()
    if len(text) > LONGEST:
        return Checked(kind, "", error=_("This is longer than %(number)s characters.") % {"number": LONGEST})
    match kind:
        case Kind.EMAIL:
            return _mail_addresses(text)
        case Kind.WEBHOOK:
            return _webhook_url(text)
        case Kind.SLACK | Kind.TEAMS | Kind.OTHER if text:
            with Courier() as courier:
                answer = courier.check(url=text, kind=kind)
            return Checked(kind, text, place=answer.place[:200], error=_(answer.error))
    return Checked(kind, "", error=_("Enter the address."))


def webhook_save(*, agent: Agent, actor: Actor, checked: Checked) -> tuple[Destination, str]:
    """Let an agent be told at this address. The secret is "" where there was one already; else it is shown now."""
    with transaction.atomic():
        row = Destination.objects.for_msp(agent.msp).filter(agent=agent).first()
        secret = "" if row is not None else secret_new()
        if row is None:
            row = Destination(msp=agent.msp, agent=agent, name=f"Webhook of {agent.name}", kind=Kind.WEBHOOK)
            row.secret = row.sealed("secret", secret)
            row.address, row.place = row.sealed("address", checked.address), checked.place
            row.save(force_insert=True)
        else:
            Destination.objects.filter(pk=row.pk).update(
                address=row.sealed("address", checked.address), place=checked.place
            )
            destination_enable(row)
        _record(row, actor, "webhook.set", place=checked.place)
    return row, secret


def webhook_remove(*, destination: Destination, actor: Actor) -> None:
    """The agent is told no more; what waited and the dead letters go with it."""
    with transaction.atomic():
        _record(destination, actor, "webhook.removed", place=destination.place)
        destination.delete()


def secret_rotate(*, destination: Destination, actor: Actor) -> str:
    """A new signing secret, shown now or never. The former one signs along for a day."""
    secret = secret_new()
    with transaction.atomic():
        former = destination.opened("secret")
        Destination.objects.filter(pk=destination.pk).update(
            secret=destination.sealed("secret", secret),
            former_secret=destination.sealed("former_secret", former) if former else None,
            former_until=database_now() + OVERLAP,
        )
        _record(destination, actor, "destination.secret_rotated")
    return secret


def destination_enable(destination: Destination) -> None:
    """Forget that it failed, and let what waits go out at once. Inside the transaction of its audit entry."""
    Destination.objects.filter(pk=destination.pk).update(
        is_enabled=True, disabled_because="", failures=0, failing_since=None, last_error="", last_error_at=None
    )
    Delivery.objects.filter(destination=destination, due_at__gt=Now()).update(due_at=Now())
    ring(NOTICES)


def sample_send(*, destination: Destination, actor: Actor) -> Answer:
    """Send a test message now. When it was taken, what waits there is tried at once."""
    sample = Delivery(msp=destination.msp, destination=destination, event=TEST, created_at=database_now())
    with Courier() as courier:
        answer = delivery_send(courier, destination, sample)
    with transaction.atomic():
        rows = Destination.objects.filter(pk=destination.pk)
        if answer.ok and destination.is_enabled:
            destination_enable(destination)
            rows.update(last_delivered_at=Now())
        elif not answer.ok:
            rows.update(last_error=answer.error[:300], last_error_at=Now())
        _record(destination, actor, "destination.tested", taken=answer.ok, error=answer.error)
    return answer


def dead_revive(*, destination: Destination, actor: Actor, message_id: UUID | None) -> int:
    """Send a dead letter again, or all of them (None); how many."""
    dead = Delivery.objects.filter(destination=destination, dead_at__isnull=False)
    with transaction.atomic():
        wanted = dead if message_id is None else dead.filter(message_id=message_id)
        count = wanted.update(dead_at=None, due_at=Now(), attempts=0)
        if count:
            _record(destination, actor, "destination.dead_letters_revived", count=count)
            ring(NOTICES)
    return count


def _mail_addresses(text: str) -> Checked:
    found = list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
    if not settings.EMAIL_IS_SET_UP:
        error = _(
            "This Countersign has no mail server; its operator sets EMAIL_URL. Another service may do: mailtos://."
        )
        return Checked(Kind.EMAIL, "", error=error)
    if len(found) > MOST_ADDRESSES:
        return Checked(
            Kind.EMAIL,
            "",
            error=_("These are more than %(number)s addresses. Use a mailing list.") % {"number": MOST_ADDRESSES},
        )
    for one in found:
        try:
            validate_email(one)
        except ValidationError:
            return Checked(Kind.EMAIL, "", error=_("“%(address)s” is no e-mail address.") % {"address": one})
    place = ", ".join(found) if found else "whom it concerns"
    return Checked(Kind.EMAIL, "\n".join(found), place=place if len(place) <= 200 else f"{place[:199]}…")


def _webhook_url(text: str) -> Checked:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return Checked(Kind.WEBHOOK, "", error=_("This is no URL."))
    is_whole = url.hostname and url.scheme in {"http", "https"} and not any(c.isspace() for c in text)
    if not is_whole or url.username is not None or url.fragment:
        error = _("Enter a whole URL such as https://hooks.example.com/countersign, without a password in front.")
        return Checked(Kind.WEBHOOK, "", error=error)
    if url.scheme == "http" and not settings.NOTICES_MAY_REACH:
        return Checked(Kind.WEBHOOK, "", error=_("Use https://. What tells of requests does not travel in the clear."))
    return Checked(Kind.WEBHOOK, text, place=f"{url.hostname}:{port}" if port else str(url.hostname))


def _record(destination: Destination, actor: Actor, action: str, **data: object) -> None:
    audit_append(
        msp=destination.msp,
        actor=actor,
        action=action,
        subject=f"destination {destination}",
        data={"id": str(destination.pk), **data},
    )
