"""The OpenAPI document is valid, needs no key, and says what the server does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import OpenAPIV31SpecValidator

from approvals.errors import HTTP_STATUS
from approvals.models import Status
from approvals.rest import urls
from approvals.rest.docs import kind_of
from approvals.rest.generated import document_of
from approvals.rest.schema import document, operations_of
from approvals.rest.serializers import InvokeBody

PATHS = {
    "/api/v1/tools": {"get"},
    "/api/v1/tools/{tool}": {"get"},
    "/api/v1/tools/{tool}/invoke": {"post"},
    "/api/v1/invocations": {"get"},
    "/api/v1/invocations/{invocation_id}": {"get"},
    "/api/v1/invocations/{invocation_id}/cancel": {"post"},
    "/api/v1/me": {"get"},
}


def operation(url: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][url][method]
    return found


@pytest.mark.django_db
def test_anybody_may_read_it(client: Client) -> None:
    response = client.get("/api/v1/schema")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.json() == json.loads(json.dumps(document()))


def test_it_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document()).validate()


def test_its_making_raises_no_warning() -> None:
    document_of.cache_clear()
    GENERATOR_STATS.reset()
    document()
    assert not GENERATOR_STATS


def test_a_crowd_that_asks_a_fresh_process_first_gets_it() -> None:
    code = (
        "import os, threading, django; django.setup()\n"
        "from approvals.rest.schema import document\n"
        "begin, found = threading.Barrier(6), []\n"
        "def ask():\n    begin.wait()\n    found.append(document()['openapi'])\n"
        "crowd = [threading.Thread(target=ask) for _ in range(6)]\n"
        "[each.start() for each in crowd]; [each.join() for each in crowd]\n"
        "assert len(found) == 6, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_it_holds_every_operation_of_the_wire_contract_and_no_other() -> None:
    assert {url: set(methods) for url, methods in document()["paths"].items()} == PATHS


def test_every_address_that_it_leaves_out_is_about_itself() -> None:
    left_out = {str(each.pattern) for each in urls.urlpatterns if f"/api/v1/{bare(str(each.pattern))}" not in PATHS}
    assert left_out == {"schema", "docs"}
    assert get_resolver()


def bare(pattern: str) -> str:
    return pattern.replace("<str:", "{").replace(">", "}")


def test_every_operation_wants_a_key_and_documents_its_absence() -> None:
    for _, _, each in operations_of(document()):
        assert each["security"] == [{"agentKey": []}]
        assert "WWW-Authenticate" in each["responses"]["401"]["headers"]


def test_every_response_names_the_headers_that_each_has() -> None:
    for _, _, each in operations_of(document()):
        for response in each["responses"].values():
            assert {"X-Request-Id", "Cache-Control"} <= set(response["headers"])


def test_a_call_documents_every_status_of_the_error_table() -> None:
    responses = operation("/api/v1/tools/{tool}/invoke", "post")["responses"]
    assert set(responses) == {str(status) for status in {200, 202, 500, *HTTP_STATUS.values()}}
    assert {"Location", "Retry-After", "Idempotent-Replayed"} <= set(responses["202"]["headers"])
    assert "Retry-After" in responses["429"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]


def test_the_body_of_a_call_is_closed_and_has_the_limits_of_the_server() -> None:
    body = document()["components"]["schemas"]["InvokeBody"]
    assert body["additionalProperties"] is False
    assert set(body["properties"]) == set(InvokeBody().fields) == {"arguments", "reason", "ticket_id", "dry_run"}
    assert body["properties"]["reason"]["maxLength"] == 2000
    assert body["properties"]["ticket_id"]["maximum"] == 2**31 - 1


def test_the_parameters_have_the_limits_of_the_server() -> None:
    waiting = parameters("/api/v1/invocations/{invocation_id}", "get")["wait"]["schema"]
    listing = parameters("/api/v1/invocations", "get")
    assert (waiting["minimum"], waiting["maximum"]) == (0, 55)
    assert (listing["limit"]["schema"]["minimum"], listing["limit"]["schema"]["maximum"]) == (1, 100)
    assert set(listing["status"]["schema"]["enum"]) == set(Status.values)
    assert parameters("/api/v1/tools/{tool}/invoke", "post")["Idempotency-Key"]["schema"]["maxLength"] == 255


def parameters(url: str, method: str) -> dict[str, Any]:
    return {each["name"]: each for each in operation(url, method)["parameters"]}


@pytest.mark.django_db
def test_the_page_shows_every_operation_and_body_without_a_script(client: Client) -> None:
    response = client.get("/api/v1/docs")
    text = response.content.decode()
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<script" not in text
    assert "style=" not in text
    assert "<style" not in text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    for url, _, each in operations_of(document()):
        assert f"<code>{url}</code>" in text
        assert f'id="{each["operationId"]}"' in text
    for name in document()["components"]["schemas"]:
        assert f'id="body-{name}"' in text


@pytest.mark.django_db
def test_every_link_of_the_page_leads_somewhere(client: Client) -> None:
    text = client.get("/api/v1/docs").content.decode()
    for target in [part.partition('"')[0] for part in text.split('href="#')[1:]]:
        assert f'id="{target}"' in text


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Tool"}}, "list of Tool"),
        ({"anyOf": [{"$ref": "#/x/Next"}, {"type": "null"}]}, "Next or null"),
        ({"type": "string", "enum": ["a", "b", None]}, "a | b | null"),
        ({"description": "anything"}, "any JSON"),
    ],
)
def test_the_page_says_kinds_in_words(schema: dict[str, Any], words: str) -> None:
    assert kind_of(schema) == words
