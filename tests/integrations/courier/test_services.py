"""Slack, Teams and others as they get it: over TLS, from a server on loopback that answers to their names."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import LazySettings

from integrations.courier import process
from integrations.courier.process import Courier
from tests.approvals.notices.places import Hooks, hooks_served
from tests.integrations.courier.test_courier import SLACK, TEAMS
from tests.integrations.wire.test_tls import certificate

NAME_SERVER = """
import socket
def getaddrinfo(host, port, *args, **kwargs):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", {port}))]
socket.getaddrinfo = getaddrinfo
"""
TITLE, TEXT = "Approval needed: Reboot", "What: Reboot it\nWhere: ACME-WEB01"
LINK = "https://countersign.example.com/d/"


@contextmanager
def answering_to(name: str, folder: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    """A server with a certificate for this name, which the courier's process finds under every name."""
    path = certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, folder / "key.pem")
    settings.NOTICES_MAY_REACH = [ip_network("127.0.0.0/8")]
    settings.NINJAONE_CA_BUNDLE = str(path)
    with hooks_served(context) as hooks:
        port = hooks.url.rpartition(":")[2]
        monkeypatch.setattr(process, "START", NAME_SERVER.format(port=port) + process.START)
        yield hooks


def send(kind: str, url: str) -> str:
    with Courier() as courier:
        return courier.service(url=url, kind=kind, title=TITLE, text=TEXT, link=LINK, level="warning").error


@pytest.mark.parametrize(
    ("kind", "url", "host", "path"),
    [
        ("slack", SLACK, "hooks.slack.com", "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
        (
            "teams",
            TEAMS,
            "prod-00.westus.logic.azure.com",
            "/workflows/643e69f83c8944438d68119179a10a64/triggers/manual/paths/invoke",
        ),
        (
            "other",
            "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
            "discord.com",
            "/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        ),
    ],
    ids=["slack", "teams", "discord"],
)
def test_a_message_arrives_at_its_address_with_all_that_it_says(
    tmp_path: Path,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    url: str,
    host: str,
    path: str,
) -> None:
    with answering_to(host, tmp_path, settings, monkeypatch) as hooks:
        hooks.answer, hooks.reply = lambda post: 200, b"ok"
        assert send(kind, url) == ""
        [post] = hooks.posts
        assert post.path.partition("?")[0] == path
        assert post.headers["host"].partition(":")[0] == host
        text = json.dumps(json.loads(post.body), ensure_ascii=False)
        for words in (TITLE, "What: Reboot it", "Where: ACME-WEB01", LINK):
            assert words in text


def test_a_service_that_says_no_is_named_with_its_answer(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering_to("hooks.slack.com", tmp_path, settings, monkeypatch) as hooks:
        hooks.answer = lambda post: 403
        assert send("slack", SLACK) == "Slack answered 403 and did not take the message."


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering_to("hooks.slack.com", tmp_path, settings, monkeypatch) as hooks:
        settings.NINJAONE_CA_BUNDLE = None
        assert send("slack", SLACK) == "Slack could not be reached, or did not take the message."
        with Courier() as courier:
            answer = courier.webhook(url="https://hooks.slack.com/x", body="{}", headers={})
        assert answer.error == "Its certificate is not trusted."
        assert hooks.posts == []
