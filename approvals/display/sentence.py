"""What a request would do, in people's words. The agent's own prose never stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.display.invisibles import marked
from approvals.display.request import facts_of, parsed
from approvals.models import Invocation
from tools.registry import find_tool

Facts = Mapping[str, Mapping[str, Any]]
Arguments = Mapping[str, Any]
Phrase = Callable[[Arguments, Facts], SafeString]
LONGEST = 120
ROOT = {"system", "SR_LINUX_SCRIPT", "SR_MAC_SCRIPT"}


def sentence_of(invocation: Invocation) -> SafeString:
    """The sentence of an invocation, from what was asked and what NinjaOne said of it."""
    arguments = parsed(invocation.arguments)
    return sentence(
        tool_name=invocation.tool_name,
        arguments=arguments if isinstance(arguments, dict) else {},
        facts=facts_of(invocation),
        device=invocation.device_name,
        organization=invocation.organization_name,
    )


def sentence(*, tool_name: str, arguments: Arguments, facts: Facts, device: str, organization: str) -> SafeString:
    """ "Run a bash script as root on **ACME-WEB01**, Acme Dental" as safe HTML."""
    deed = PHRASES.get(tool_name, _by_name(tool_name))(arguments, facts)
    said = {
        "deed": deed,
        "device": format_html("<strong>{}</strong>", brief(device)),
        "organization": format_html("<strong>{}</strong>", brief(organization)),
    }
    match bool(device), bool(organization):
        case True, True:
            return format_html(_("{deed} on {device}, {organization}"), **said)
        case True, False:
            return format_html(_("{deed} on {device}"), **said)
        case False, True:
            return format_html(_("{deed} for {organization}"), **said)
    return deed


def brief(text: str) -> SafeString:
    """A stranger's text, marked, and cut where it would no longer be a title. The whole stands among the arguments."""
    return marked(text) if len(text) <= LONGEST else format_html("{}…", marked(text[: LONGEST - 1]))


def _filled(text: str, **values: object) -> SafeString:
    """A phrase with what strangers wrote put in, marked and short enough for a title."""
    shown = {name: brief(str(value)) for name, value in values.items()}
    return format_html(text, **shown) if shown else escape(text)


def _control_service(arguments: Arguments, facts: Facts) -> SafeString:
    match arguments.get("action"):
        case "start":
            text = _("Start the Windows service “{service}”")
        case "stop":
            text = _("Stop the Windows service “{service}”")
        case "restart":
            text = _("Restart the Windows service “{service}”")
        case _other:
            text = _("Control the Windows service “{service}”")
    return _filled(text, service=arguments.get("service", ""))


def _reboot(arguments: Arguments, facts: Facts) -> SafeString:
    is_forced = arguments.get("mode") == "FORCED"
    return _filled(_("Force a reboot, without closing anything first,") if is_forced else _("Reboot"))


def _run_script(arguments: Arguments, facts: Facts) -> SafeString:
    account = str(arguments.get("run_as") or "system")
    is_root = account in ROOT
    if arguments.get("action_uid"):
        name = facts.get("action", {}).get("name") or arguments["action_uid"]
        if is_root:
            return _filled(_("Run the built-in action “{name}” as the system account"), name=name)
        return _filled(_("Run the built-in action “{name}” as {account}"), name=name, account=account)
    name = facts.get("script", {}).get("name")
    if name and is_root:
        return _filled(_("Run the library script “{name}” as the system account"), name=name)
    if name:
        return _filled(_("Run the library script “{name}” as {account}"), name=name, account=account)
    number = arguments.get("script_id", "")
    if is_root:
        return _filled(_("Run library script {number} as the system account"), number=number)
    return _filled(_("Run library script {number} as {account}"), number=number, account=account)


def _run_bash(arguments: Arguments, facts: Facts) -> SafeString:
    return _filled(_("Run a bash script as root"))


def _dismiss_alert(arguments: Arguments, facts: Facts) -> SafeString:
    message = facts.get("alert", {}).get("subject") or facts.get("alert", {}).get("message")
    return _filled(_("Dismiss the alert “{message}”"), message=message) if message else _filled(_("Dismiss an alert"))


def _update_ticket(arguments: Arguments, facts: Facts) -> SafeString:
    changed = [name.replace("_", " ") for name in sorted(arguments) if name != "ticket_id"]
    number = arguments.get("ticket_id", "")
    return format_html(_("Change ticket {number}: {fields}"), number=str(number), fields=", ".join(changed))


def _create_ticket(arguments: Arguments, facts: Facts) -> SafeString:
    return _filled(_("Create a ticket"))


def _api(method: str) -> Phrase:
    def phrase(arguments: Arguments, facts: Facts) -> SafeString:
        return _filled(_("Send {method} {path} to NinjaOne"), method=method, path=arguments.get("path", ""))

    return phrase


def _by_name(tool_name: str) -> Phrase:
    """ "ninja-list-devices" says what it does by itself."""
    tool = find_tool(tool_name)
    if tool is not None:
        return lambda arguments, facts: format_html("{}", _(tool.title))
    words = tool_name.removeprefix("ninja-").replace("-", " ").capitalize()
    return lambda arguments, facts: marked(words)


PHRASES: dict[str, Phrase] = {
    "ninja-control-service": _control_service,
    "ninja-reboot-device": _reboot,
    "ninja-run-script": _run_script,
    "ninja-run-bash": _run_bash,
    "ninja-dismiss-alert": _dismiss_alert,
    "ninja-update-ticket": _update_ticket,
    "ninja-create-ticket": _create_ticket,
    "ninja-api-get": _api("GET"),
    "ninja-api-post": _api("POST"),
    "ninja-api-put": _api("PUT"),
    "ninja-api-patch": _api("PATCH"),
    "ninja-api-delete": _api("DELETE"),
}
