"""The buttons of the section Policies: choose, read what it would change, save. And: they are right as they are."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from integrations.audit import Actor, audit_append
from integrations.clock import Now
from integrations.models import AuditEvent, Connection, Membership
from tools.errors import PolicyError
from tools.pages.detail import detail_page
from tools.pages.members import (
    admin_action,
    admin_page,
    connection_of,
    person,
    rendered,
    to_detail,
    with_connection,
)
from tools.pages.policies_draft import changes_of, draft_changes, draft_forget, draft_keep
from tools.pages.policies_form import PoliciesForm
from tools.policy import policies_update

PREVIEW = "integrations:policy-preview"
CHANGED = "policy.changed"
LATELY = 200


def _preview(request: HttpRequest, membership: Membership) -> HttpResponse:
    """What was chosen, tool by tool, before anything is saved. A POST brings the choice, and changes nothing."""
    connection = connection_of(membership)
    if connection is None:
        messages.error(request, _("Nothing was saved: connect NinjaOne first."))
        return to_detail()
    if request.method == "POST":
        return _chosen(request, membership, connection)
    changes = draft_changes(request, connection)
    if not changes:
        messages.info(request, _("Nothing was changed: the policies are as they were."))
        return to_detail()
    return rendered(
        request,
        "policies_preview.html",
        title=_("Change policies?"),
        changes=changes,
        looser=sum(change.is_looser for change in changes),
        version=connection.policy_version,
    )


def _chosen(request: HttpRequest, membership: Membership, connection: Connection) -> HttpResponse:
    form = PoliciesForm(connection=connection, data=request.POST)
    if not form.is_valid:
        return detail_page(request, membership, policies_form=form)
    modes, approvals = form.changes()
    draft_keep(request, connection, modes=modes, approvals=approvals)
    return redirect(PREVIEW)


def _save(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Save what the page of the preview showed, unless the policies are no longer those that it compared with."""
    form = PoliciesForm(connection=connection, data=request.POST)
    if not form.is_valid:
        faults = [f"{line.tool.name}: {line.error}" for line in form.lines if line.error]
        return _refused(
            request,
            connection,
            _("Nothing was saved. %(faults)s") % {"faults": " ".join(faults)} if faults else form.problem,
        )
    modes, approvals = form.changes()
    changes = changes_of(connection, modes=modes, approvals=approvals)
    try:
        changed = policies_update(
            connection=connection,
            actor=Actor.user(person(request)),
            changes=modes,
            approvals=approvals,
            seen_version=form.version,
        )
    except PolicyError as error:
        return _refused(request, connection, error.message)
    draft_forget(request)
    if changed:
        said = "; ".join(change.sentence for change in changes)
        messages.success(request, _("Saved, and in force from the next call on: %(said)s.") % {"said": said})
    else:
        messages.info(request, _("Nothing was changed: the policies are as they were."))
    return to_detail()


def _refused(request: HttpRequest, connection: Connection, problem: str) -> HttpResponse:
    """Back to the preview, which compares with the policies as they are now, or to the table where nothing is left."""
    # Of a long record only its end: what came in between is there.
    lately = AuditEvent.objects.for_msp(connection.msp).values_list("action", "actor", "subject")[:LATELY]
    changes = ({"person": actor, "tool": tool} for action, actor, tool in lately if action == CHANGED)
    last = next(changes, None)
    who = "" if last is None else " " + _("The last change is %(person)s's, of %(tool)s.") % last
    if draft_changes(request, connection):
        below = _("Below is what your changes would do now. Read it, then save again.")
        messages.error(request, f"{problem}{who} {below}")
        return redirect(PREVIEW)
    below = _("Below the policies stand as they are now; make your changes again.")
    messages.error(request, f"{problem}{who} {below}")
    return to_detail()


def _reviewed(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Somebody has read them and leaves them as they are."""
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(policies_reviewed_at=Now())
        audit_append(
            msp=connection.msp,
            actor=Actor.user(person(request)),
            action="policy.reviewed",
            subject=str(connection),
            data={"connection": str(connection.pk), "policy_version": connection.policy_version},
        )
    messages.success(request, _("Noted: the policies stay as they are."))
    return to_detail()


preview = admin_page(_preview, back=None)
save = admin_action(with_connection(_save), back=PREVIEW)
reviewed = admin_action(with_connection(_reviewed))
