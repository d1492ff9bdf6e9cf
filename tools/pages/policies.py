"""The button of the section Policies."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from integrations.audit import Actor
from integrations.models import Membership
from tools.errors import PolicyError
from tools.pages.detail import detail_page
from tools.pages.members import admin_action, connection_of, person, to_detail
from tools.pages.policies_form import PoliciesForm
from tools.policy import policies_update


def _save(request: HttpRequest, membership: Membership) -> HttpResponse:
    connection = connection_of(membership)
    if connection is None:
        messages.error(request, "Nothing was saved: connect NinjaOne first.")
        return to_detail()
    form = PoliciesForm(connection=connection, data=request.POST)
    if not form.is_valid:
        return detail_page(request, membership, policies_form=form)
    modes, approvals = form.changes()
    try:
        changed = policies_update(
            connection=connection, actor=Actor.user(person(request)), changes=modes, approvals=approvals
        )
    except PolicyError as error:
        form.problem = error.message
        return detail_page(request, membership, policies_form=form)
    messages.success(request, _said(form, changed))
    return to_detail()


def _said(form: PoliciesForm, changed: list[str]) -> str:
    if not changed:
        return "Nothing was changed: the policies are as they were."
    sentences = [line.sentence for line in form.lines if line.tool.id in changed]
    return f"Saved, and in force from the next call on: {'; '.join(sentences)}."


save = admin_action(_save)
