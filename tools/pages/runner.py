"""Buttons of the section Bash Runner Script."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from integrations.models import Connection, Membership
from integrations.ninjaone.errors import RunnerError
from integrations.ninjaone.runner import runner_clear, runner_save
from tools.pages.detail import detail_page
from tools.pages.forms import RunnerForm, error_place
from tools.pages.members import admin_action, admin_page, connection_of, person, rendered, to_detail, with_connection
from tools.pages.seal import seal_of


def _save(request: HttpRequest, membership: Membership) -> HttpResponse:
    connection = connection_of(membership)
    if connection is None:
        messages.error(request, _("Nothing was saved: connect NinjaOne first."))
        return to_detail()
    form = RunnerForm(request.POST, connection=connection)
    if form.is_valid():
        try:
            saved = runner_save(connection=connection, user=person(request), script_id=form.cleaned_data["script_id"])
        except RunnerError as error:
            error_place(form, "script_id", error.message)
        else:
            messages.success(request, _said(connection, saved))
            return to_detail()
    return detail_page(request, membership, runner_form=form)


def _said(before: Connection, saved: Connection) -> str:
    seal = seal_of(saved)
    said = _("Saved and sealed. NinjaOne has this script, active, for %(systems)s.") % {
        "systems": seal.systems if seal else ""
    }
    if before.runner_script_id != saved.runner_script_id or before.runner_seal == saved.runner_seal:
        return said
    changed = _("It is not as it was when it was saved before: make sure that its text is still the one below.")
    return f"{said} {changed}"


def _remove(request: HttpRequest, connection: Connection) -> HttpResponse:
    if request.method != "POST":
        return rendered(request, "runner_remove.html", title=_("Remove the bash runner?"), connection=connection)
    try:
        runner_clear(connection=connection, user=person(request))
    except RunnerError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Removed. ninja-run-bash is refused until another script is named here."))
    return to_detail()


save = admin_action(_save)
remove = admin_page(with_connection(_remove))
