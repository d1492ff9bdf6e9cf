"""The courier's process, for real: where it goes, where it refuses to go, and what it cannot do at all."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import LazySettings

from config.ports import free_port
from integrations.courier import guard, process
from integrations.courier.guard import LOCAL, PRIVATE
from integrations.courier.http import PLAIN
from integrations.courier.process import ENDED, LATE, Courier
from tests.approvals.notices.places import Hooks, hooks_served
from tests.config.processes import ROOT

HEADERS = {"webhook-id": "msg_1"}


@pytest.fixture
def hooks(settings: LazySettings) -> Iterator[Hooks]:
    settings.NOTICES_MAY_REACH = [ip_network("127.0.0.0/8")]
    with hooks_served() as hooks:
        yield hooks


def post(url: str) -> str:
    with Courier() as courier:
        answer = courier.webhook(url=url, body="{}", headers=HEADERS)
    assert answer.ok is (answer.error == "")
    return answer.error


def test_it_posts_what_it_is_given(hooks: Hooks) -> None:
    with Courier() as courier:
        for number in range(3):
            assert courier.webhook(url=f"{hooks.url}/a?b=c", body=f'{{"n": {number}}}', headers=HEADERS).ok
    assert [(one.path, one.body) for one in hooks.posts] == [("/a?b=c", f'{{"n": {n}}}'.encode()) for n in range(3)]
    assert hooks.posts[0].headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.7", "2130706433", "0x7f.1", "169.254.169.254"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_it_does_not_reach_into_the_private_network(
    hooks: Hooks, settings: LazySettings, host: str, scheme: str
) -> None:
    settings.NOTICES_MAY_REACH = []
    port = hooks.url.rpartition(":")[2]
    assert post(f"{scheme}://{host}:{port}/") in {PRIVATE, PLAIN}
    assert hooks.posts == []


REBINDING = """
import socket, sys
answers = {answers}
def getaddrinfo(host, port, *args, **kwargs):
    address = answers.pop(0) if len(answers) > 1 else answers[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return [(family, socket.SOCK_STREAM, 6, "", (address, port, 0, 0) if ":" in address else (address, port))]
socket.getaddrinfo = getaddrinfo
"""


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["169.254.169.254"], ["::ffff:169.254.169.254"], ["::1"], ["10.0.0.8"], ["fd00:ec2::254"]],
    ids=str,
)
def test_a_name_that_resolves_to_a_private_address_is_refused(
    hooks: Hooks, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, answers: list[str]
) -> None:
    settings.NOTICES_MAY_REACH = []
    # The resolver of the courier's process, under its guard, is the name server of somebody who means no good.
    monkeypatch.setattr(process, "START", REBINDING.format(answers=answers) + process.START)
    assert post("https://hooks.example.com/") == PRIVATE


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]

    with pytest.raises(guard.RefusedError):
        guard._resolver(both, [])("hooks.example.com", 443)
    assert guard.Refusals.taken() == PRIVATE


CONNECTS_ANYWAY = """
import integrations.courier.child as child
from integrations.courier.answers import Answer
def job(job):
    {body}
    return Answer(ok=True)
child.JOBS["webhook"] = job
"""


def run(monkeypatch: pytest.MonkeyPatch, body: str) -> str:
    """What becomes of foreign code in the courier's process."""
    lines = (
        "try:\n        "
        + body.replace("\n", "\n        ")
        + "\n    except OSError as error:\n        return Answer(error=str(error))"
    )
    start = "import sys; sys.path.insert(0, sys.argv[1])\n" + CONNECTS_ANYWAY.format(body=lines) + "child.main()"
    monkeypatch.setattr(process, "START", start)
    return post("https://example.com/")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import socket; socket.socket().connect(('127.0.0.1', {port}))", PRIVATE),
        ("import socket; socket.socket().connect(('localhost', {port}))", PRIVATE),
        ("import socket; socket.socket(socket.AF_UNIX).connect('/tmp/x')", PRIVATE),
        ("import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('10.0.0.1', 514))", PRIVATE),
        ("import subprocess; subprocess.run(['true'])", LOCAL),
        ("import os; os.system('true')", LOCAL),
        ("import os; os.fork()", LOCAL),
        ("open('/etc/passwd').read()", LOCAL),
        ("open('{file}').read()", LOCAL),
        ("open('{project}/pyproject.toml').read()", LOCAL),
        ("open('{project}/.env').read()", LOCAL),
        ("open('/tmp/countersign-courier', 'w').write('x')", LOCAL),
        ("import os; os.open('/tmp/countersign-courier', os.O_CREAT | os.O_WRONLY)", LOCAL),
        ("import pathlib; pathlib.Path('/proc/self/environ').read_bytes()", LOCAL),
    ],
    ids=str,
)
def test_foreign_code_gets_no_further(
    hooks: Hooks, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, reason: str
) -> None:
    settings.NOTICES_MAY_REACH = []
    secret = tmp_path / "secret"
    secret.write_text("secret")
    port = hooks.url.rpartition(":")[2]
    assert run(monkeypatch, code.format(port=port, file=secret, project=ROOT)) == reason
    assert hooks.posts == []


def test_it_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERNET_KEYS", "a" * 40)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert run(monkeypatch, "import os\nreturn Answer(error=' '.join(sorted(os.environ)))") == "LANG PATH"


def test_a_redirect_is_not_followed(hooks: Hooks) -> None:
    hooks.answer, hooks.location = lambda post: 307, f"{hooks.url}/elsewhere"
    assert post(f"{hooks.url}/here").startswith("It answered 307 Temporary Redirect. Redirects are not followed")
    assert [one.path for one in hooks.posts] == ["/here"]


@pytest.mark.parametrize("status", [200, 204, 299])
def test_every_2xx_is_a_yes(hooks: Hooks, status: int) -> None:
    hooks.answer = lambda post: status
    assert post(hooks.url) == ""


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_everything_else_is_a_no(hooks: Hooks, status: int) -> None:
    hooks.answer = lambda post: status
    assert post(hooks.url).startswith(f"It answered {status}")


def test_a_server_that_drips_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    settings.NOTICES_MAY_REACH = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(process, "SEND_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", free_port())) as server:
        begun = time.monotonic()
        assert post(f"http://127.0.0.1:{server.getsockname()[1]}/") == LATE
        assert time.monotonic() - begun < 10


def test_a_process_that_dies_is_replaced(hooks: Hooks) -> None:
    with Courier() as courier:
        assert courier.webhook(url=hooks.url, body="{}", headers=HEADERS).ok
        assert courier._process is not None
        courier._process.kill()
        courier._process.wait()
        assert courier.webhook(url=hooks.url, body="{}", headers=HEADERS).error == ENDED
        assert courier.webhook(url=hooks.url, body="{}", headers=HEADERS).ok


SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TEAMS = (
    "https://prod-00.westus.logic.azure.com:443/workflows/643e69f83c8944438d68119179a10a64/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWbDGYFr0z0eu-6Rj8aUKz7108W3wrNJZxFE5A"
)
GOOD = [
    ("slack", SLACK, "Slack"),
    ("teams", TEAMS, "Power Automate / Workflows (for MSTeams)"),
    ("other", "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "Discord"),
    ("other", "ntfys://ntfy.example.com/topic", "ntfy, ntfy.example.com"),
    ("other", "mailtos://user:password@mail.example.com", "E-Mail, mail.example.com"),
    ("other", "tgram://123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/12315544/", "Telegram"),
]
BAD = [
    ("slack", TEAMS),
    ("slack", "https://hooks.example.com/services"),
    ("teams", SLACK),
    ("other", "json://example.com/"),
    ("other", "syslog://"),
    ("other", "dbus://"),
    ("other", "file:///etc/passwd"),
    ("other", "gnome://"),
    ("other", "windows://"),
    ("other", "apprises://example.com/token"),
    ("other", "mailto://user:password@mail.example.com?mode=insecure"),
    ("other", "ntfys://ntfy.example.com/topic?verify=no"),
    ("other", "nonsense"),
    ("other", "   "),
]


@pytest.mark.parametrize(("kind", "url", "place"), GOOD, ids=lambda value: value[:20])
def test_addresses_of_services_are_known(kind: str, url: str, place: str) -> None:
    with Courier() as courier:
        answer = courier.check(url=url, kind=kind)
    assert (answer.error, answer.place) == ("", place)


@pytest.mark.parametrize(("kind", "url"), BAD, ids=lambda value: value[:30])
def test_what_is_no_service_of_others_over_tls_is_refused(kind: str, url: str) -> None:
    with Courier() as courier:
        answer = courier.check(url=url, kind=kind)
    assert not answer.ok
    assert answer.error


def send(url: str, kind: str = "other") -> str:
    with Courier() as courier:
        link = "https://countersign.example.com/"
        answer = courier.service(url=url, kind=kind, title="Approval needed", text="What: <b>", link=link, level="info")
    return answer.error


def test_apprise_delivers_over_http(hooks: Hooks) -> None:
    hooks.answer = lambda post: 200
    port = hooks.url.rpartition(":")[2]
    assert send(f"ntfy://127.0.0.1:{port}/ops") == ""
    assert "Approval needed" in str(hooks.posts[0].headers) + hooks.posts[0].body.decode()


def test_apprise_neither_reaches_the_private_network_nor_follows_redirects(
    hooks: Hooks, settings: LazySettings
) -> None:
    port = hooks.url.rpartition(":")[2]
    hooks.answer, hooks.location = lambda post: 302, f"{hooks.url}/elsewhere"
    assert "302" in send(f"ntfy://127.0.0.1:{port}/ops")
    assert len(hooks.posts) == 1
    settings.NOTICES_MAY_REACH = []
    assert send(f"ntfys://127.0.0.1:{port}/ops") == PRIVATE
    mail = f"mailtos://user:password@127.0.0.1:{port}?from=a@example.com&to=b@example.com"
    assert send(mail) == PRIVATE
    assert len(hooks.posts) == 1
