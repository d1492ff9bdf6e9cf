"""What a request would do, in people's words. The agent's own prose never stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.display.invisibles import marked
from approvals.display.request import facts_of, parsed
from approvals.models import Invocation

Facts = Mapping[str, Mapping[str, Any]]
Arguments = Mapping[str, Any]
Phrase = Callable[[Arguments, Facts], SafeString]
LONGEST = 120
ROOT = {"system", "SR_LINUX_SCRIPT", "SR_MAC_SCRIPT"}
VERBS = {"start": "Start", "stop": "Stop", "restart": "Restart"}


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
    phrase = PHRASES.get(tool_name, _by_name(tool_name))(arguments, facts)
    place = SafeString("")
    if device:
        place = format_html(" on <strong>{}</strong>", marked(shortened(device)))
    if organization:
        joint = ", " if device else " for "
        place = format_html("{}{}<strong>{}</strong>", place, joint, marked(shortened(organization)))
    return format_html("{}{}", phrase, place)


def shortened(text: str) -> str:
    """The text, cut where it would no longer be a title. The whole stands among the arguments."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _quoted(before: str, value: object, after: str = "") -> SafeString:
    return format_html("{} “{}”{}", before, marked(shortened(str(value))), after)


def _control_service(arguments: Arguments, facts: Facts) -> SafeString:
    verb = VERBS.get(str(arguments.get("action")), "Control")
    return _quoted(f"{verb} the Windows service", arguments.get("service", ""))


def _reboot(arguments: Arguments, facts: Facts) -> SafeString:
    is_forced = arguments.get("mode") == "FORCED"
    return SafeString("Force a reboot, without closing anything first," if is_forced else "Reboot")


def _run_script(arguments: Arguments, facts: Facts) -> SafeString:
    run_as = str(arguments.get("run_as") or "system")
    account = " as the system account" if run_as in ROOT else f" as {run_as}"
    if arguments.get("action_uid"):
        action = facts.get("action", {}).get("name") or arguments["action_uid"]
        return _quoted("Run the built-in action", action, marked(account))
    name = facts.get("script", {}).get("name")
    if name:
        return _quoted("Run the library script", name, marked(account))
    return format_html("Run library script {}{}", str(arguments.get("script_id", "")), marked(account))


def _run_bash(arguments: Arguments, facts: Facts) -> SafeString:
    return SafeString("Run a bash script as root")


def _dismiss_alert(arguments: Arguments, facts: Facts) -> SafeString:
    message = facts.get("alert", {}).get("subject") or facts.get("alert", {}).get("message")
    return _quoted("Dismiss the alert", message) if message else SafeString("Dismiss an alert")


def _update_ticket(arguments: Arguments, facts: Facts) -> SafeString:
    changed = [name.replace("_", " ") for name in sorted(arguments) if name != "ticket_id"]
    number = str(arguments.get("ticket_id", ""))
    return format_html("Change ticket {}: {}", number, ", ".join(changed))


def _create_ticket(arguments: Arguments, facts: Facts) -> SafeString:
    return SafeString("Create a ticket")


def _api(method: str) -> Phrase:
    def phrase(arguments: Arguments, facts: Facts) -> SafeString:
        path = marked(shortened(str(arguments.get("path", ""))))
        return format_html("Send {} {} to NinjaOne", method, path)

    return phrase


def _by_name(tool_name: str) -> Phrase:
    """ "ninja-list-devices" says what it does by itself."""
    words = tool_name.removeprefix("ninja-").replace("-", " ").capitalize()
    return lambda arguments, facts: SafeString(marked(words))


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
