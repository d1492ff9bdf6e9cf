"""Invite, withdraw, accept. A link holds 256 random bits; the database knows only their digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.models import Invitation, Membership, Msp, User
from integrations.tenancy import TenantQuerySet

LIFETIME = timedelta(days=7)


class InvitationError(Exception):
    """It cannot be accepted. The sentence says what to do."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def invitation_create(
    *, msp: Msp, invited_by: User | None, email: str, is_approver: bool, is_admin: bool
) -> tuple[Invitation, str]:
    """The invitation and its link, which is shown now or never. `invited_by` is None on the command line."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        now = database_now()
        invitation = Invitation.objects.create(
            msp=msp,
            invited_by=invited_by,
            email=email,
            is_approver=is_approver,
            is_admin=is_admin,
            token_digest=_digest(token),
            created_at=now,
            expires_at=now + LIFETIME,
        )
        actor = Actor.system("command line") if invited_by is None else Actor.user(invited_by)
        _record(invitation, actor, "created")
    return invitation, f"{settings.PUBLIC_URL}{reverse('invitation', args=[token])}"


def invitation_send(*, invitation: Invitation, link: str) -> bool:
    """Mails the link; False where no mail server is set up. Raises OSError when the server did not take it."""
    if not settings.EMAIL_IS_SET_UP:
        return False
    with override(settings.STAFF_LANGUAGE):
        _mail(invitation, link)
    return True


def _mail(invitation: Invitation, link: str) -> None:
    said = {
        "msp": invitation.msp,
        "roles": invitation.roles,
        "link": link,
        "until": f"{invitation.expires_at:%d %b %Y, %H:%M}",
    }
    send_mail(
        _("You are invited to %(msp)s on Countersign") % said,
        _(
            "%(msp)s invites you to Countersign, where people decide what AI agents may do, as %(roles)s.\n\n"
            "Open this link and choose how you sign in:\n\n%(link)s\n\n"
            "It works once, until %(until)s UTC. If you did not expect it, leave it unopened.\n"
        )
        % said,
        settings.DEFAULT_FROM_EMAIL,
        [invitation.email],
    )


def invitation_mail(invitation: Invitation, link: str) -> tuple[bool, str]:
    """Whether the link was mailed, and what to do where it could not be; "" where there is nothing to say."""
    try:
        return invitation_send(invitation=invitation, link=link), ""
    except OSError as error:
        return False, _("The mail server did not take it (%(error)s). Send the link yourself.") % {"error": error}


def invitation_withdraw(*, invitation: Invitation, user: User) -> bool:
    """The link stops working; False when it did already."""
    with transaction.atomic():
        if not _open().filter(pk=invitation.pk).update(withdrawn_at=Now()):
            return False
        _record(invitation, Actor.user(user), "withdrawn")
    return True


def invitations_open(msp: Msp) -> TenantQuerySet[Invitation]:
    """Those of an MSP that can still be accepted, newest first."""
    return _open().for_msp(msp).select_related("invited_by")


def invitation_find(token: str) -> Invitation | None:
    """The open invitation of a link; None for one that never was, was used, withdrawn or is too old."""
    rows = _open().filter(token_digest=_digest(token)).select_related("msp", "invited_by")
    invitation = rows.first()
    return invitation if invitation is not None and _still_meant(invitation) else None


def invitation_accept(*, invitation: Invitation, user: User) -> Membership:
    """Puts `user` onto the team; a new account is saved here too. Raises InvitationError, having changed nothing."""
    with transaction.atomic():
        # Of two who open links of an operator at once the second one waits, and finds that there is an admin.
        list(Msp.objects.select_for_update(no_key=True).filter(pk=invitation.msp_id).values_list("pk"))
        if user._state.adding:
            user.save()
        used = _open().filter(pk=invitation.pk).update(accepted_at=Now(), accepted_by=user)
        if not used or not _still_meant(invitation):
            raise InvitationError(_("This invitation was used or withdrawn in the meantime. Ask for a new one."))
        membership, is_new = Membership.objects.get_or_create(
            msp=invitation.msp,
            user=user,
            defaults={"is_approver": invitation.is_approver, "is_admin": invitation.is_admin},
        )
        if not is_new:
            raise InvitationError(
                _("You are on the team of %(msp)s already. An admin changes your roles; the link is for others.")
                % {"msp": invitation.msp}
            )
        _record(invitation, Actor.user(user), "accepted", username=user.get_username())
    return membership


def _open() -> TenantQuerySet[Invitation]:
    return Invitation.objects.filter(withdrawn_at=None, accepted_at=None, expires_at__gt=Now())


def _still_meant(invitation: Invitation) -> bool:
    """Whether the admin who invited still is one: a link must not outlive the right to give it.

    That of an operator is for the first admin: it ends when there is one.
    """
    if invitation.invited_by is None:
        return True
    admins = Membership.objects.for_msp(invitation.msp).filter(is_admin=True)
    if invitation.invited_by.is_superuser:
        return invitation.invited_by.is_active and not admins.exists()
    return admins.filter(user=invitation.invited_by, user__is_active=True).exists()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _record(invitation: Invitation, actor: Actor, verb: str, **data: object) -> None:
    with override(settings.LANGUAGE_CODE):
        roles = invitation.roles
    audit_append(
        msp=invitation.msp,
        actor=actor,
        action=f"invitation.{verb}",
        subject=str(invitation),
        data={"id": str(invitation.pk), "email": invitation.email, "roles": roles, **data},
    )
