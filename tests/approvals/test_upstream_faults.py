"""Every way in which NinjaOne can fail, for a read and for a write, over real sockets: what the ledger says of it,
how often NinjaOne was asked, and that no credential is lost."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.conf import LazySettings

from approvals.models import Attempt, Invocation, Status
from integrations.models import AuditEvent, Connection
from integrations.ninjaone import exchange, retry, transport
from integrations.ninjaone.sandbox import ACME, Sandbox, SandboxResponse
from integrations.ninjaone.sandbox.faults import (
    Fault,
    cut,
    dripping,
    dropped,
    empty,
    garbage,
    html,
    raw,
    slow,
    status,
)
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.approvals.asking import again, ask
from tests.cast import Tenant, make_tenant

FAILED, UNKNOWN, SUCCEEDED = Status.FAILED, Status.UNKNOWN, Status.SUCCEEDED
PATHS = {False: ("GET", "/v2/device/43"), True: ("POST", "/v2/ticketing/ticket")}
EVER = 99
LARGE = 6 * 1024 * 1024
DEAD_TOKEN = {"error": "not_authenticated", "error_description": "Invalid credentials", "error_code": 10}


def answered(code: int, body: bytes, **headers: str) -> Fault:
    """These bytes with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(response=SandboxResponse(status=code, body=body, headers=named), is_after_effect=False)


def large() -> bytes:
    return json.dumps({"displayName": "x" * LARGE}).encode()


@dataclass(frozen=True)
class Ending:
    """What becomes of it: the ledger's status and code, and the requests that NinjaOne received."""

    status: Status
    code: str
    requests: int


@dataclass(frozen=True)
class Case:
    """A fault, which comes so many times, and how a read and a write end."""

    name: str
    fault: Fault
    read: Ending
    write: Ending
    times: int = EVER


LOST = (Ending(FAILED, "upstream_unavailable", 3), Ending(UNKNOWN, "outcome_unknown", 1))
BROKEN = (Ending(FAILED, "upstream_error", 3), Ending(UNKNOWN, "outcome_unknown", 1))
REFUSED = (Ending(FAILED, "upstream_error", 1), Ending(FAILED, "upstream_error", 1))
PASSING = (Ending(SUCCEEDED, "", 2), Ending(SUCCEEDED, "", 2))
UNREADABLE = (Ending(FAILED, "upstream_error", 1), Ending(SUCCEEDED, "", 1))
TOO_LARGE = (Ending(FAILED, "upstream_unavailable", 1), Ending(SUCCEEDED, "", 1))

CASES = [
    Case("401 once", status(401, body=DEAD_TOKEN), *PASSING, times=1),
    Case(
        "401 for ever",
        status(401, body=DEAD_TOKEN),
        Ending(FAILED, "upstream_error", 2),
        Ending(FAILED, "upstream_error", 2),
    ),
    Case("401 for want of privileges", status(401, body={"error": "insufficient_privileges"}), *REFUSED),
    Case("429 with a short Retry-After", status(429, retry_after="7"), *PASSING, times=1),
    Case(
        "429 again and again",
        status(429, retry_after="7"),
        Ending(FAILED, "rate_limited", 2),
        Ending(FAILED, "rate_limited", 2),
    ),
    Case(
        "429 with a long Retry-After",
        status(429, retry_after="21"),
        Ending(FAILED, "rate_limited", 1),
        Ending(FAILED, "rate_limited", 1),
    ),
    Case(
        "429 with a Retry-After beyond every calendar",
        status(429, retry_after="Fri, 31 Dec 9999 23:59:59 -1400"),
        Ending(FAILED, "rate_limited", 1),
        Ending(FAILED, "rate_limited", 1),
    ),
    Case(
        "a Retry-After that is no time",
        status(404, retry_after="Mon, 01 Jan 2024 00:00:00 +99999999999999"),
        *REFUSED,
    ),
    Case("429 as a web page", html(429), *PASSING, times=1),
    Case("500", status(500), *BROKEN),
    Case("500 after the effect", Fault(response=SandboxResponse(status=500)), *BROKEN),
    Case("502 as a web page", html(502), *BROKEN),
    Case("503", status(503, retry_after="5"), *BROKEN),
    Case("no answer in time", slow(9), *LOST),
    Case("hung up before the effect", dropped(is_after_effect=False), *LOST),
    Case("hung up after the effect", dropped(), *LOST),
    Case("a body cut short", cut(), *LOST),
    Case("larger than 5 MiB", answered(200, large(), Content_Type="application/json"), *TOO_LARGE),
    Case(
        "larger than 5 MiB when unpacked",
        answered(200, gzip.compress(large()), Content_Type="application/json", Content_Encoding="gzip"),
        *TOO_LARGE,
    ),
    Case(
        "gzip that is none",
        answered(200, b"not gzip", Content_Type="application/json", Content_Encoding="gzip"),
        *LOST,
    ),
    Case("200 as a web page", html(200), Ending(FAILED, "rate_limited", 3), Ending(UNKNOWN, "outcome_unknown", 1)),
    Case(
        "200 that calls nothing a web page",
        raw(200, b"", "text/html"),
        Ending(FAILED, "rate_limited", 3),
        Ending(SUCCEEDED, "", 1),
    ),
    Case(
        "200 as a web page that does not say so",
        raw(200, b"\n<!DOCTYPE html><title>Too many requests</title>", "text/plain"),
        Ending(FAILED, "upstream_error", 1),
        Ending(UNKNOWN, "outcome_unknown", 1),
    ),
    Case("200 with half a JSON", garbage(200), *UNREADABLE),
    Case("200 as text", raw(200, b"OK", "text/plain"), *UNREADABLE),
    Case("200 that is empty", empty(200), *UNREADABLE),
    Case("204", empty(204), *UNREADABLE),
    Case("301", answered(301, b"", Location="/v2/organizations"), *REFUSED),
    Case("307 to another host", answered(307, b"", Location="http://127.0.0.1:9/"), *REFUSED),
    *(Case(str(code), status(code), *REFUSED) for code in (400, 403, 404, 405, 409, 415, 422)),
]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Short deadlines; waits before retries are noted instead of waited."""
    noted: list[float] = []
    monkeypatch.setattr(retry, "pause", noted.append)
    monkeypatch.setattr(exchange, "READ_SECONDS", 0.5)
    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 0.3)
    return noted


@pytest.fixture
def live(sandbox: Sandbox, settings: LazySettings, transactional_db: None, pauses: list[float]) -> Iterator[Tenant]:
    """A tenant whose NinjaOne listens on a real socket."""
    with serve_in_thread(sandbox) as server:
        settings.NINJAONE_SANDBOX_URL = server.url
        yield make_tenant("acme", ACME, sandbox)
        transport.lines_to(server.url).close()


def called(tenant: Tenant, *, is_write: bool) -> Invocation:
    """The ledger's row of an auto read or an auto write."""
    if is_write:
        row = ask(tenant, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Printer is on fire")
    else:
        row = ask(tenant, "ninja-get-device", device_id=43)
    return again(row.pk)


def secrets_of(connection: Connection) -> tuple[str | None, ...]:
    row = Connection.objects.get(pk=connection.pk)
    assert row.state == "connected"
    return tuple(row.secret(name) for name in ("client_secret", "refresh_token", "access_token"))


@pytest.mark.parametrize("is_write", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_answer_that_fails(live: Tenant, sandbox: Sandbox, case: Case, is_write: bool) -> None:
    method, path = PATHS[is_write]
    sandbox.faults.add(method, path, case.fault, times=case.times)
    before = secrets_of(live.connection)

    row = called(live, is_write=is_write)

    expected = case.write if is_write else case.read
    assert Ending(Status(row.status), row.error_code, len(sandbox.calls(method, path))) == expected, row.error_message
    assert row.finished_at is not None
    renewals = len(sandbox.calls("POST", "/ws/oauth/token"))
    assert renewals == (1 if case.name in {"401 once", "401 for ever"} else 0)
    if not renewals:
        assert secrets_of(live.connection) == before
    assert None not in secrets_of(live.connection)


@pytest.mark.parametrize(
    "case", [c for c in CASES if (c.write.status, c.write.requests) == (SUCCEEDED, 1)], ids=lambda case: case.name
)
def test_a_write_whose_answer_cannot_be_read_says_so(live: Tenant, sandbox: Sandbox, case: Case) -> None:
    sandbox.faults.add(*PATHS[True], case.fault)
    row = called(live, is_write=True)
    assert "result_unreadable" in row.note
    assert json.loads(row.result or "") == {"accepted": True, "upstream_status": row.upstream_status}


@pytest.mark.parametrize(("code", "action"), [(400, "invocation.failed"), (500, "invocation.unknown")])
def test_the_numbers_by_which_ninjaones_support_finds_a_refusal_are_kept(
    live: Tenant, sandbox: Sandbox, code: int, action: str
) -> None:
    body = {"resultCode": "FAILURE", "errorMessage": "NullPointerException", "incidentId": "WEB_MGMT-2a"}
    sandbox.faults.add(*PATHS[True], status(code, body=body))
    row = called(live, is_write=True)
    assert "NullPointerException. Incident WEB_MGMT-2a." in row.error_message
    said = json.loads(AuditEvent.objects.for_msp(live.msp).get(action=action).record)["data"]
    assert said["incident"] == "WEB_MGMT-2a"
    assert said["upstream_request_id"] == Attempt.objects.get().upstream_request_id != ""


@pytest.mark.parametrize("is_write", [False, True], ids=["read", "write"])
def test_an_answer_that_drips_past_the_deadline(
    live: Tenant, sandbox: Sandbox, is_write: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each byte comes in time; the whole does not.
    monkeypatch.setattr(exchange, "TOTAL_SECONDS", 1.0)
    method, path = PATHS[is_write]
    sandbox.faults.add(method, path, dripping(0.05), times=EVER)
    row = called(live, is_write=is_write)
    expected = (UNKNOWN, "outcome_unknown") if is_write else (FAILED, "upstream_unavailable")
    assert (row.status, row.error_code) == expected
    assert len(sandbox.calls(method, path)) == 1


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def not_answering() -> Iterator[str]:
    """A port whose queue of connections is full: nobody is let in, nobody is turned away."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def not_speaking_tls() -> Iterator[str]:
    """https to a server that knows http alone."""
    with serve_in_thread(Sandbox()) as server:
        yield server.url.replace("http://", "https://")


@pytest.mark.parametrize("is_write", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("place", [refusing, not_answering, not_speaking_tls])
def test_a_ninjaone_that_cannot_be_reached_got_nothing(
    sandbox: Sandbox,
    settings: LazySettings,
    transactional_db: None,
    pauses: list[float],
    place: Callable[[], contextlib.AbstractContextManager[str]],
    is_write: bool,
) -> None:
    with place() as url:
        settings.NINJAONE_SANDBOX_URL = url
        tenant = make_tenant("acme", ACME, sandbox)
        before = secrets_of(tenant.connection)
        row = called(tenant, is_write=is_write)
        transport.lines_to(url).close()
    # Provably unsent, so even a write is failed and not unknown.
    assert (row.status, row.error_code) == (FAILED, "upstream_unavailable")
    assert "Nothing was sent" in row.error_message
    assert len(pauses) == (1 if is_write else 2)
    assert secrets_of(tenant.connection) == before
