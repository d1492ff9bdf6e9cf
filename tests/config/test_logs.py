"""Log lines name the request and the invocation that they are about; as JSON, each line is one object."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from approvals import release, upstream
from approvals.dispatch import dispatch_one
from config.logs import logging_config
from config.ports import free_port
from integrations.log_context import INVOCATION_ID, REQUEST_ID, AboutInvocation
from tests.approvals.asking import approve, ask
from tests.cast import Tenant
from tests.config.processes import environment_of, manage, migrate, running, wait_until_it_answers


@contextmanager
def lines(*, as_json: bool) -> Iterator[io.StringIO]:
    """What a logger writes through the configured handler, without touching the loggers of the test run."""
    written = io.StringIO()
    config = logging_config(json=as_json, level="info")
    config["handlers"]["console"]["stream"] = written
    config["loggers"] = {"tests.logs": {"handlers": ["console"], "level": "INFO", "propagate": False}}
    before = logging.root.handlers[:], logging.root.level
    del config["root"]
    logging.config.dictConfig(config | {"incremental": False})
    try:
        yield written
    finally:
        logging.root.handlers[:], logging.root.level = before
        logging.getLogger("tests.logs").handlers.clear()


def logged(*, as_json: bool, request_id: str = "") -> str:
    token = REQUEST_ID.set(request_id)
    with lines(as_json=as_json) as written:
        logging.getLogger("tests.logs").warning("It was %s.", 'a "quoted"\nname')
        with AboutInvocation("7323"):
            try:
                int("broken")
            except ValueError:
                logging.getLogger("tests.logs").exception("It broke")
    REQUEST_ID.reset(token)
    return written.getvalue()


def test_json_lines_are_objects_with_the_ids_as_fields() -> None:
    first, second = (json.loads(line) for line in logged(as_json=True, request_id="r-1").splitlines())
    assert first["message"] == 'It was a "quoted"\nname.'
    assert (first["level"], first["logger"], first["request_id"]) == ("WARNING", "tests.logs", "r-1")
    assert first["invocation_id"] is None
    assert (second["invocation_id"], second["level"]) == ("7323", "ERROR")
    assert "ValueError: invalid literal" in second["exception"]
    assert first["time"][10] == "T"


def test_text_lines_name_the_ids_that_there_are() -> None:
    text = logged(as_json=False)
    assert "[request" not in text
    assert "ERROR tests.logs It broke [invocation 7323]" in text
    assert "[request r-2]" in logged(as_json=False, request_id="r-2")


def test_every_line_of_a_server_that_logs_json_is_an_object_and_names_the_request(tmp_path: Path) -> None:
    env = environment_of(tmp_path, LOG_FORMAT="json")
    port = free_port()
    with running(env, "serve", "--port", str(port)) as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        answer = requests.get(f"http://127.0.0.1:{port}/readyz", headers={"X-Request-Id": "no-tables"}, timeout=30)
        assert answer.status_code == 503
        server.send_signal(signal.SIGTERM)
        output, _ = server.communicate(timeout=60)
    records: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    about = [record for record in records if record.get("request_id") == "no-tables"]
    assert "config.health" in {record["logger"] for record in about}
    assert any("granian" in record["logger"] for record in records)


def test_what_strangers_ask_wrongly_is_answered_and_not_logged(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path), free_port()
    migrate(env)
    with running(env, "serve", "--port", str(port)) as server:
        home = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{home}/healthz", server)
        asked = [
            requests.get(f"{home}/api/v1/me", headers={"Host": "evil.example", "X-Request-Id": "stranger"}, timeout=30),
            requests.get(
                f"{home}/dashboard/", headers={"Host": "evil.example", "X-Request-Id": "stranger"}, timeout=30
            ),
            requests.post(f"{home}/dashboard/login/", headers={"X-Request-Id": "stranger"}, timeout=30),
            requests.get(f"{home}/api/v1/nothing", headers={"X-Request-Id": "stranger"}, timeout=30),
        ]
        server.send_signal(signal.SIGTERM)
        output, _ = server.communicate(timeout=60)
    assert [answer.status_code for answer in asked] == [400, 400, 403, 404]
    assert "ALLOWED_HOSTS" in asked[0].json()["error"]["message"]
    assert "ALLOWED_HOSTS" in asked[1].text
    assert "stranger" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize(("name", "value"), [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud")])
def test_an_unknown_format_or_level_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    refused = manage(environment_of(tmp_path, **{name: value}), "check")
    assert refused.returncode != 0
    assert f"{name} is '{value}'" in refused.stderr


def test_what_is_logged_while_a_call_is_made_names_its_invocation(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def noted(*_: object, **__: object) -> None:
        seen.append(INVOCATION_ID.get())
        raise ValueError("a bug")

    queued = approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    monkeypatch.setattr(upstream, "send", noted)
    sent = ask(acme, "ninja-get-organization", organization_id=2)
    assert seen == [str(sent.pk)]
    monkeypatch.setattr(release, "changes", noted)
    with pytest.raises(ValueError, match="a bug"):
        dispatch_one(queued.pk)
    assert seen == [str(sent.pk), str(queued.pk)]
    assert INVOCATION_ID.get() == ""
