"""Two MSPs with a row of everything, and everybody who knocks."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from approvals.models import Alarm, Delivery, Destination, Invocation, Kind
from approvals.notices.signing import secret_new
from integrations.clock import database_now
from integrations.models import Agent, AuditEvent, Membership, User
from integrations.people.invitations import invitation_create
from tests.approvals.asking import ask
from tests.cast import Tenant

# Kind of row -> its id.
Rows = dict[str, Any]

ROLES = ("viewer", "approver", "admin", "other admin", "superuser", "nobody")
# Numbers that stand nowhere else on a page.
PASSKEYS = {"acme": 7_777_771, "northwind": 7_777_773}
AUDIT = {"integrations_auditevent", "integrations_audithead"}
# Where it stands that somebody was stopped.
STOPPED = {"integrations_agent", "integrations_msp"}
# The tables that a role's valid POSTs may change in its own MSP.
MAY_CHANGE = {
    "viewer": set[str](),
    "nobody": set[str](),
    "approver": {"approvals_invocation", "approvals_decision", "approvals_alarm", *AUDIT},
}


def furnish(tenant: Tenant, slug: str) -> Rows:
    """A row of every kind that has an address."""
    Agent.objects.filter(pk=tenant.agent.pk).update(name=f"{slug}-bot", owner=tenant.second_approver)
    passkey = Authenticator.objects.create(
        pk=PASSKEYS[slug],
        user=tenant.second_approver,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": f"{slug}-passkey"},
    )
    invitation, _ = invitation_create(
        msp=tenant.msp, invited_by=tenant.admin, email=f"new@{slug}-mail.example", is_approver=True, is_admin=False
    )
    place = Destination(msp=tenant.msp, name=f"{slug}-ops", kind=Kind.WEBHOOK, place=f"{slug}-hooks.example")
    # Out of reach, so that a test message goes nowhere.
    place.address = place.sealed("address", "https://127.0.0.1:9/")
    place.secret = place.sealed("secret", secret_new())
    place.save()
    row: Invocation = ask(tenant, "ninja-reboot-device", device_id=43)
    now = database_now()
    message = Delivery.objects.create(
        msp=tenant.msp, destination=place, invocation=row, event="waiting", created_at=now, dead_at=now
    )
    alarm = Alarm.objects.create(msp=tenant.msp, what="unexplained", cause="1", words=f"{slug}-alarm", raised_at=now)
    return {
        "alarm": alarm.pk,
        "destination": place.pk,
        "message": message.message_id,
        "agent": tenant.agent.pk,
        "agentkey": tenant.key.pk,
        "membership": Membership.objects.get(msp=tenant.msp, user=tenant.second_approver).pk,
        "user": tenant.second_approver.pk,
        "msp": tenant.msp.pk,
        "auditevent": AuditEvent.objects.for_msp(tenant.msp).order_by("number")[0].pk,
        "invocation": row.pk,
        "approvalrequest": row.pk,
        "passkey": passkey.pk,
        "invitation": invitation.pk,
        "token": uuid.uuid4(),
        "digest": row.digest,
        "choice": f"{row.pk}.{row.digest}",
    }


def nowhere() -> Rows:
    """Ids of nothing."""
    kinds = (
        "agent", "agentkey", "membership", "user", "msp", "auditevent", "invocation", "approvalrequest", "invitation",
        "token", "destination", "message", "alarm",
    )  # fmt: skip
    return {**{kind: uuid.uuid4() for kind in kinds}, "passkey": 7_777_779, "digest": "sha256:" + "0" * 64}


def words_of(tenant: Tenant, slug: str, rows: Rows) -> list[str]:
    """What only members of the tenant may read."""
    return [f"{slug}-", f"{slug} msp", tenant.key.prefix.lower(), rows["digest"]]


def browser_of(role: str, acme: Tenant, northwind: Tenant) -> Client:
    """Somebody's browser."""
    match role:
        case "nobody":
            return Client()
        case "superuser":
            return acme.signed_in(User.objects.create_superuser("root"))
        case "other admin":
            return northwind.signed_in(northwind.admin)
    return acme.signed_in(getattr(acme, role))
