"""What every answer carries."""

from __future__ import annotations

import re

import pytest
from django.test import Client


def test_every_answer_has_an_id_of_its_own(client: Client) -> None:
    first, second = (client.get("/healthz")["X-Request-Id"] for _ in range(2))
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


def test_the_callers_id_is_kept_where_it_is_well_formed(client: Client) -> None:
    given = "3f1c-Trace_42"
    assert client.get("/healthz", headers={"X-Request-Id": given})["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space here", "line\nbreak-line", "é" * 10])
def test_any_other_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])


def test_nothing_but_static_files_may_be_kept_by_a_cache(client: Client, db: None) -> None:
    assert client.get("/healthz")["Cache-Control"] == "no-store"
    assert "no-store" in client.get("/dashboard/login/")["Cache-Control"]


def test_pages_have_a_strict_policy(client: Client, db: None) -> None:
    policy = client.get("/dashboard/login/")["Content-Security-Policy"]
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
