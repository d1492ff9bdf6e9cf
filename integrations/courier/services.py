"""Services of the library `apprise` that messages may go to, and how one goes there. Runs in the courier's process.

Only services of others on the internet, over TLS: nothing that talks to this machine, reads its files or runs programs.
"""

from __future__ import annotations

from typing import Any

from integrations.courier.answers import Answer
from integrations.courier.guard import Refusals
from integrations.courier.http import Seen, opened_host
from integrations.wording import gettext_noop

# By the name of apprise's plugin.
SERVICES = {
    "bark", "betterstack", "brevo", "bulksms", "clickatell", "clicksend", "dingtalk", "discord", "email", "feishu",
    "flock", "goalert", "google_chat", "gotify", "guilded", "home_assistant", "ifttt", "ilert", "incidentio", "join",
    "lark", "line", "mailersend", "mailgun", "matrix", "mattermost", "messagebird", "nextcloudtalk", "ntfy",
    "one_signal", "opsgenie", "pagerduty", "pagertree", "plivo", "postmark", "prowl", "pushbullet", "pushover",
    "pushsafer", "pushy", "resend", "revolt", "rocketchat", "ryver", "sendgrid", "ses", "seven", "signal_api", "signl4",
    "simplepush", "sinch", "slack", "smtp2go", "sns", "sparkpost", "spike", "splunk", "squadcast", "synology",
    "telegram", "telnyx", "threema", "twilio", "twist", "vonage", "webexteams", "wecombot", "workflows", "zulip",
}  # fmt: skip
# What each kind of destination may be.
KINDS = {"slack": {"slack"}, "teams": {"workflows"}, "other": SERVICES}
WRONG = {
    "slack": gettext_noop("This is no Slack webhook. It looks like https://hooks.slack.com/services/T.../B.../...."),
    "teams": gettext_noop(
        "This is no address of a Teams workflow. Make one from the template “When a Teams webhook request is "
        "received”, and copy its HTTP URL."
    ),
    "other": gettext_noop("This is no address that apprise knows, or of a service that messages may not go to."),
}


def service_check(job: dict[str, Any]) -> Answer:
    """Whether the address (`url`) is right for its `kind`; `place` is what may be shown of it."""
    service = _service(job["url"], job["kind"])
    if isinstance(service, str):
        return Answer(error=service)
    name = str(service.service_name)
    host = str(service.host or "") if _module(service) in {"email", "gotify", "ntfy", "matrix", "mattermost"} else ""
    return Answer(ok=True, place=f"{name}, {host}" if host and "." in host else name)


def service_send(job: dict[str, Any]) -> Answer:
    """Sends `title`, `text` and `link`."""
    import apprise  # noqa: PLC0415 - heavy, and needed by few processes

    service = _service(job["url"], job["kind"])
    if isinstance(service, str):
        return Answer(error=service)
    Seen.taken()
    form, body = apprise.NotifyFormat.TEXT, f"{job['text']}\n\n{job['link']}"
    if service.notify_format == apprise.NotifyFormat.MARKDOWN:
        # Made of plain text by the library, the link would have backslashes in it.
        form, body = apprise.NotifyFormat.MARKDOWN, _markdown(job["text"], job["link"])
    try:
        is_sent = service.notify(title=job["title"], body=body, body_format=form, notify_type=job["level"])
    except (OSError, TypeError, ValueError, RuntimeError):
        is_sent = False
    if is_sent:
        return Answer(ok=True)
    if reason := Refusals.taken():
        return Answer(error=reason)
    if (status := Seen.taken()) is not None:
        return Answer(error=f"{service.service_name} answered {status} and did not take the message.")
    return Answer(error=f"{service.service_name} could not be reached, or did not take the message.")


def _service(url: str, kind: str) -> Any:
    """The service behind an address, or why it is none of ours."""
    import apprise  # noqa: PLC0415

    asset = apprise.AppriseAsset(
        app_id="Countersign",
        app_desc="Countersign",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
        plugin_paths=(),
        pgp_autogen=False,
        secure_logging=True,
    )
    service: Any = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None or _module(service) not in KINDS[kind]:
        return Refusals.taken() or WRONG[kind]
    if not service.verify_certificate:
        return gettext_noop("The address switches off the check of certificates (verify=no). Leave that out.")
    if _module(service) == "email" and not service.secure and not opened_host(service.smtp_host or service.host):
        return gettext_noop("The mail server would be talked to without TLS. Begin the address with mailtos://.")
    return service


def _markdown(text: str, link: str) -> str:
    """Text that has no markup, which is made sure of where it is written, a paragraph a line."""
    paragraphs = text.replace("\n", "\n\n")
    return f"{paragraphs}\n\n[Open in Countersign]({link})"


def _module(service: Any) -> str:
    return type(service).__module__.removeprefix("apprise.plugins.").partition(".")[0]
