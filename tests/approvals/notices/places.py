"""Servers on loopback that messages go to, and destinations that lead there."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from approvals.models import Destination, Event, Kind
from config.ports import free_port
from integrations.models import Agent
from tests.cast import Tenant

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Post:
    """What a webhook got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        """The body's JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Hooks:
    """A server that keeps what it gets. `answer` says with which status, and may wait."""

    url: str
    posts: list[Post] = field(default_factory=list)
    answer: Callable[[Post], int] = lambda post: 204
    location: str = ""
    reply: bytes = b""


@contextmanager
def hooks_served(tls: ssl.SSLContext | None = None) -> Iterator[Hooks]:
    """A webhook receiver on loopback, behind TLS where it is given."""
    port = free_port()
    hooks = Hooks(f"{'https' if tls else 'http'}://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            post = Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            status = hooks.answer(post)
            hooks.posts.append(post)
            self.send_response(status)
            if hooks.location:
                self.send_header("Location", hooks.location)
            self.send_header("Content-Length", str(len(hooks.reply)))
            self.end_headers()
            self.wfile.write(hooks.reply)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """A mail server that keeps what it gets; `refusal` is what it says instead ("" takes it)."""

    port: int
    mails: list[Message] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refusal: str = ""

    @property
    def url(self) -> str:
        """As EMAIL_URL has it."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        """What aiosmtpd calls for each message."""
        if self.refusal:
            return self.refusal
        self.recipients.append(list(envelope.rcpt_tos))
        self.mails.append(message_from_bytes(envelope.original_content, policy=default))
        return "250 OK"


@contextmanager
def mail_served() -> Iterator[Mailbox]:
    """A mail server on loopback."""
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def destination(tenant: Tenant, url: str = "", /, **values: Any) -> Destination:
    """People's, or the webhook of `agent`; of everything, unless `values` say otherwise."""
    agent: Agent | None = values.get("agent")
    kind = values.pop("kind", Kind.WEBHOOK)
    row = Destination(
        msp=tenant.msp,
        kind=kind,
        **{"name": f"Webhook of {agent}" if agent else "Ops", "events": Event.values, "place": "127.0.0.1", **values},
    )
    row.address = row.sealed("address", url)
    if kind == Kind.WEBHOOK:
        row.secret = row.sealed("secret", SECRET)
    row.save()
    return row
