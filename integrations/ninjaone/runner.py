"""The bash runner: the library script in NinjaOne that decodes its one parameter and hands it to bash."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.audit import Actor, audit_append
from integrations.clock import Now
from integrations.models import Connection, User
from integrations.ninjaone.client import send
from integrations.ninjaone.complaints import plain
from integrations.ninjaone.errors import RunnerError, UnusableAnswerError, WireError, describe
from integrations.ninjaone.hosts import base_url
from integrations.ninjaone.wire import WireRequest

RUNNER_BODY = 'echo "$1" | base64 --decode | bash'
# What a change of the script would change; an approval of a bash call is bound to it.
SEAL = ("name", "updatedOn", "lastUpdatedBy", "language", "operatingSystems")
LANGUAGES = {"sh", "bash", "shell", "shellscript", "shell script"}
PLATFORMS = {"linux", "mac", "macos"}


def runner_save(*, connection: Connection, user: User, script_id: int) -> Connection:
    """Make `script_id` the bash runner, if NinjaOne has it and it can be one. Raises RunnerError."""
    script = _script(connection, script_id)
    problem = _problem(script)
    if problem:
        raise RunnerError(problem % {"number": script_id, "name": plain(script.get("name"), 80)})
    _store(connection, user, script_id, {key: script.get(key) for key in SEAL}, "runner.saved")
    return Connection.objects.select_related("msp").get(pk=connection.pk)


def runner_clear(*, connection: Connection, user: User) -> Connection:
    """Forget the bash runner; `ninja-run-bash` is refused from now on."""
    _store(connection, user, None, None, "runner.cleared")
    return Connection.objects.select_related("msp").get(pk=connection.pk)


def _script(connection: Connection, script_id: int) -> dict[str, Any]:
    try:
        request = WireRequest("GET", base_url(connection.region), "/v2/automation/scripts")
        answer = send(connection=connection, request=request, is_write=False)
        if answer.status != 200:
            raise RunnerError(
                _("Nothing was saved: NinjaOne answered %(status)s when asked for its scripts. %(message)s")
                % {"status": answer.status, "message": describe(answer).message}
            )
        rows = answer.storable()
    except (WireError, UnusableAnswerError, LookupError) as error:
        raise RunnerError(
            _("Nothing was saved: the scripts in NinjaOne cannot be read. %(error)s") % {"error": error}
        ) from error
    scripts = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found = next((row for row in scripts if row.get("id") == script_id), None)
    if found is None:
        raise RunnerError(
            _(
                "Nothing was saved: NinjaOne has no script with the id %(number)s. The id stands at the end of the "
                "address of the script's page, under Administration > Library > Automation."
            )
            % {"number": script_id}
        )
    return found


def _problem(script: dict[str, Any]) -> str:
    """Why the script cannot be the bash runner, as a text with its `number` and `name`; "" when it can."""
    if script.get("active") is not True:
        return _("Nothing was saved: script %(number)s, %(name)s, is not active in NinjaOne.")
    language = plain(script.get("language"), 40)
    if language.lower() not in LANGUAGES:
        return _with(
            _("Nothing was saved: script %(number)s, %(name)s, is written in %(what)s, not in ShellScript."),
            language or _("an unknown language"),
        )
    listed = script.get("operatingSystems")
    systems = [plain(system, 40) for system in listed] if isinstance(listed, list) else []
    if not any(system.lower() in PLATFORMS for system in systems):
        return _with(
            _("Nothing was saved: script %(number)s, %(name)s, is for %(what)s, not for Linux or Mac."),
            ", ".join(systems) or _("no operating system"),
        )
    return ""


def _with(text: str, what: str) -> str:
    return text.replace("%(what)s", what.replace("%", "%%"))


def _store(connection: Connection, user: User, script_id: int | None, seal: dict[str, Any] | None, action: str) -> None:
    values: dict[str, Any] = {"runner_script_id": script_id, "runner_seal": seal}
    values |= {"runner_saved_by": None if seal is None else user, "runner_saved_at": None if seal is None else Now()}
    with transaction.atomic():
        # The epoch: the script was looked for in the NinjaOne that the connection still leads to.
        unchanged = Connection.objects.filter(pk=connection.pk, epoch=connection.epoch)
        if not unchanged.update(**values):
            raise RunnerError(_("Nothing was saved: the connection was changed just now. Look at it, and save again."))
        audit_append(
            msp=connection.msp,
            actor=Actor.user(user),
            action=action,
            subject=str(connection),
            data={"connection": str(connection.pk), "script_id": script_id, "seal": seal},
        )
