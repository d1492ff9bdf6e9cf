"""What machines ask: is it up, is it ready, how much waits."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from approvals.models import Invocation, Status
from config import health, metrics
from integrations.installation import installation_prove
from tests.aging import age
from tests.cast import Tenant
from tests.config.rows import invocation_make


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test looks at the migrations for itself."""
    monkeypatch.setattr(health._Migrations, "are_applied", False)


def test_healthz_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_they_are_for_reading_alone(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_readyz_is_ready_when_database_migrations_and_keys_are(client: Client, acme: Tenant) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


def test_readyz_names_missing_migrations(client: Client, transactional_db: None) -> None:
    applied = MigrationRecorder.Migration.objects.using(connection.alias)
    applied.filter(app="approvals").delete()
    try:
        answer = client.get("/readyz")
    finally:
        for name in _migrations_of("approvals"):
            MigrationRecorder(connection).record_applied("approvals", name)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "migrations_missing"
    assert "manage.py migrate" in answer.json()["error"]["message"]


def test_readyz_looks_at_the_migrations_once(
    client: Client, transactional_db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    installation_prove()
    client.get("/readyz")
    with django_assert_num_queries(3):  # a SELECT 1, the installation's proof, its audit keys
        assert client.get("/readyz").status_code == 200


def test_readyz_refuses_keys_that_do_not_open_what_is_stored(
    client: Client, acme: Tenant, settings: LazySettings
) -> None:
    settings.FERNET_KEYS = ["another-key-for-tests-only-0123456789abcdef"]
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "key_ring_unusable"


@pytest.mark.parametrize("has_looked_before", [False, True])
def test_readyz_says_that_the_database_is_away_and_no_more(
    client: Client, monkeypatch: pytest.MonkeyPatch, has_looked_before: bool
) -> None:
    def refuse(*args: Any) -> None:
        raise OperationalError('connection to server at "10.1.2.3", user "countersign" failed')

    monkeypatch.setattr(health._Migrations, "are_applied", has_looked_before)
    monkeypatch.setattr(connection, "ensure_connection", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["error"] == {
        "code": "database_unavailable",
        "message": "The database does not answer.",
    }


def test_metrics_count_what_is_open_or_uncertain(client: Client, acme: Tenant) -> None:
    invocation_make(acme, Status.PENDING_APPROVAL)
    invocation_make(acme, Status.UNKNOWN)
    invocation_make(acme, Status.UNKNOWN)
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'countersign_invocations{status="pending_approval"} 1.0' in lines
    assert 'countersign_invocations{status="unknown"} 2.0' in lines
    assert 'countersign_invocations{status="queued"} 0.0' in lines


def test_metrics_tell_how_long_the_oldest_request_waits(client: Client, acme: Tenant) -> None:
    row = invocation_make(acme, Status.PENDING_APPROVAL)
    age(Invocation.objects.filter(pk=row.pk), created_at=5 / 1440)
    assert 300 <= _value(client.get("/metrics").content.decode(), "countersign_oldest_pending_seconds") < 330


def test_metrics_are_prometheus_text_about_this_process(client: Client, db: None) -> None:
    answer = client.get("/metrics")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert _value(text, "process_cpu_seconds_total") > 0
    assert _value(text, "process_resident_memory_bytes") > 10_000_000
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or float(line.rpartition(" ")[2]) >= 0


@pytest.mark.parametrize(
    "extra",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
        {"HTTP_AUTHORIZATION": "Bearer wrong"},
        {"HTTP_AUTHORIZATION": "Basic right-token"},
    ],
)
def test_metrics_are_refused_from_elsewhere_and_to_a_wrong_token(
    rf: RequestFactory, settings: LazySettings, extra: dict[str, str]
) -> None:
    settings.METRICS_TOKEN = "right-token"
    request = rf.get("/metrics")
    request.META.update(extra)
    answer = metrics.metrics(request)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_metrics_open_to_the_token_from_anywhere(client: Client, db: None, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = "right-token"
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.7", HTTP_AUTHORIZATION="Bearer right-token")
    assert answer.status_code == 200


def test_no_token_opens_metrics_where_none_is_set(rf: RequestFactory, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = ""
    refused = metrics.metrics(rf.get("/metrics", REMOTE_ADDR="192.0.2.7", HTTP_AUTHORIZATION="Bearer "))
    assert refused.status_code == 401


def _value(text: str, name: str) -> float:
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))


def _migrations_of(app: str) -> list[str]:
    loader = MigrationLoader(connection)
    return [name for label, name in loader.disk_migrations if label == app]
