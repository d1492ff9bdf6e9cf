"""What Prometheus reads: what was done in every process of a server, and what the dashboard and the alerts ask for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
import yaml
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from prometheus_client import REGISTRY

from approvals.errors import GateError
from approvals.models import Effect
from bench.servers import postgresql_at
from config.ports import free_port
from integrations.models import Connection
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from integrations.ninjaone.throttle import FAILURES, throttle_of
from tests.approvals.asking import approve, approved_and_sent, ask, deny, submit
from tests.approvals.outcomes.looking import ended, look_everywhere
from tests.cast import Tenant
from tests.config.processes import environment_of, manage, migrate, running, wait_until_it_answers

DOCS = Path(__file__).resolve().parents[2] / "docs" / "observability"
CALLS = 24


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_becomes_of_calls_is_counted_reads_too(acme: Tenant, ninjaone: Sandbox) -> None:
    before = counted("countersign_invocations_reached_total", status="succeeded")
    submit(acme, "ninja-get-organization", organization_id=2)
    assert counted("countersign_invocations_reached_total", status="succeeded") == before + 1
    waiting = counted("countersign_invocations_reached_total", status="pending_approval")
    ask(acme, "ninja-reboot-device", device_id=43)
    assert counted("countersign_invocations_reached_total", status="pending_approval") == waiting + 1


def test_the_time_to_a_decision_is_measured_for_yes_and_for_no(acme: Tenant, ninjaone: Sandbox) -> None:
    yes, no = (counted("countersign_decision_seconds_count", verdict=verdict) for verdict in ("approved", "denied"))
    approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    deny(acme, ask(acme, "ninja-reboot-device", device_id=45))
    assert counted("countersign_decision_seconds_count", verdict="approved") == yes + 1
    assert counted("countersign_decision_seconds_count", verdict="denied") == no + 1


def test_what_did_not_come_about_is_not_counted(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    before = counted("countersign_invocations_reached_total", status="denied")
    deny(acme, row)
    with pytest.raises(GateError):
        deny(acme, row)
    assert counted("countersign_invocations_reached_total", status="denied") == before + 1


def test_a_call_is_counted_once_however_its_outcome_goes_on(acme: Tenant, ninjaone: Sandbox) -> None:
    before = counted("countersign_invocations_reached_total", status="succeeded")
    approved_and_sent(acme, ask(acme, "ninja-run-bash", device_id=43, script="echo once"))
    ended(ninjaone)
    look_everywhere()
    assert Effect.objects.get().state == "verified"
    assert counted("countersign_invocations_reached_total", status="succeeded") == before + 1


def test_ninjaones_answers_are_counted_by_region_and_by_what_came(acme: Tenant, ninjaone: Sandbox) -> None:
    labels = {"region": "sandbox", "method": "GET"}
    good = counted("countersign_upstream_seconds_count", outcome="2xx", **labels)
    missing = counted("countersign_upstream_seconds_count", outcome="4xx", **labels)
    submit(acme, "ninja-get-organization", organization_id=2)
    submit(acme, "ninja-get-organization", organization_id=987_654)
    assert counted("countersign_upstream_seconds_count", outcome="2xx", **labels) == good + 1
    assert counted("countersign_upstream_seconds_count", outcome="4xx", **labels) == missing + 1


def test_a_connection_that_is_left_alone_shows_until_it_works_again(acme: Tenant, settings: LazySettings) -> None:
    settings.NINJAONE_LIMIT_SANDBOX = True
    row = Connection.objects.get(msp=acme.msp)
    throttle = throttle_of(row)
    assert throttle is not None
    before = counted("countersign_breakers_open", region="sandbox")
    for _ in range(FAILURES + 2):
        throttle.note(is_failure=True)
    assert counted("countersign_breakers_open", region="sandbox") == before + 1
    throttle.note(is_failure=False)
    assert counted("countersign_breakers_open", region="sandbox") == before


def test_connections_and_the_audit_are_told_from_the_database(client: Client, acme: Tenant) -> None:
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'countersign_connections{region="sandbox",state="connected"} 1.0' in lines
    assert 'countersign_connections{region="sandbox",state="needs_reauthorization"} 0.0' in lines
    entries = next(line for line in lines if line.startswith("countersign_audit_entries "))
    assert float(entries.split()[1]) > 0


def test_the_dashboard_and_the_alerts_ask_for_what_there_is(client: Client, acme: Tenant, ninjaone: Sandbox) -> None:
    approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    text = client.get("/metrics").content.decode()
    there = {name for _, name, _ in re.findall(r"^# (TYPE) (\S+) (\S+)$", text, re.MULTILINE)}
    board = json.loads((DOCS / "grafana-dashboard.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load((DOCS / "alerts.yaml").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    names = {name for expr in asked for name in re.findall(r"\b(?:countersign|process)_[a-z_]+", expr)}
    assert len(names) > 10
    assert {re.sub(r"_(bucket|count|total)$", "", name) for name in names} <= {
        re.sub(r"_total$", "", name) for name in there
    }


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on PostgreSQL alone there is more than one process")
def test_whichever_process_answers_tells_what_all_of_them_did(tmp_path: Path) -> None:
    port = free_port()
    with serve_in_thread(Sandbox()) as sandbox, postgresql_at(django_settings.TEST_DATABASE_URL) as database:
        env = environment_of(tmp_path, NINJAONE_SANDBOX_URL=sandbox.url, DATABASE_URL=database.url)
        migrate(env)
        key = json.loads(manage(env, "demo_data", "--json").stdout)["msps"][0]["agents"][0]["key"]
        with running(env, "serve", "--port", str(port), "--workers", "2") as server:
            wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
            for _ in range(CALLS):  # a connection of its own for each, which either process may take
                answer = requests.post(
                    f"http://127.0.0.1:{port}/api/v1/tools/ninja-get-organization/invoke",
                    json={"arguments": {"organization_id": 2}},
                    headers={"Authorization": f"Bearer {key}"},
                    timeout=30,
                )
                assert answer.status_code == 200
            told = [requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text for _ in range(12)]
    wanted = f'countersign_invocations_reached_total{{status="succeeded"}} {CALLS}.0'
    assert all(wanted in text.splitlines() for text in told)
    assert len({re.search(r'pid="(\d+)"', text)[1] for text in told}) == 2  # type: ignore[index]
