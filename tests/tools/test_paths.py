from __future__ import annotations

import random
import string
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tools.building import call_of, errors_of
from tools.calls import path_filled
from tools.errors import FaultyValueError
from tools.paths import ApiPath

HOST = "https://eu.ninjarmm.com"
ESCAPES = [
    "",
    "/",
    "/v2",
    "/v2/",
    "v2/devices",
    "/v1/devices",
    "/v22/devices",
    "/V2/devices",
    "/api/v2/devices",
    "/v2/devices/",
    "/v2//devices",
    "//evil.example/v2/devices",
    "///evil.example/v2/devices",
    "/\\evil.example/v2/devices",
    "\\\\evil.example\\v2",
    "https://evil.example/v2/devices",
    "HTTPS://evil.example/v2/devices",
    "https:/v2/devices",
    "javascript:alert(1)",
    "@evil.example/v2/devices",
    "/v2/devices@evil.example",
    ":443/v2/devices",
    "/v2/../ws/oauth/token",
    "/v2/./devices",
    "/v2/devices/..",
    "/v2/devices/.",
    "/v2/..",
    "/v2/../v2/devices",
    "/v2/%2e%2e/ws/oauth/token",
    "/v2/%2E./ws",
    "/v2/.%2e/ws",
    "/v2/%252e%252e/ws",
    "/v2/..%2fws",
    "/v2/..;/ws/oauth/token",
    "/v2/devices;x=1",
    "/v2/devices?showSecureValues=true",
    "/v2/devices#fragment",
    "/v2/devices%3fx=1",
    "/v2/devices%00",
    "/v2/dev ices",
    "/v2/devices\n",
    "/v2/devices\r\nHost: evil.example",
    "/v2/devices\t",
    "/v2/devices\x00",
    "/v2/devices\x7f",
    "\n/v2/devices",
    " /v2/devices",
    "/v2\\..\\ws",
    "/v2/\\evil.example",
    "/v2/．．/ws",
    "/v2/‥/ws",
    "/v2/device／43",
    "/v2/devices\u200b",
    "/v2/devıces",
    "/v2/dev\udcffices",
    "/v2/[::1]/x",
    "/v2/{id}",
    "/v2/a*",
    "/v2/a+b",
    "/v2/a,b",
    "/v2/a|b",
    "/v2/a^b",
    "/v2/'a'",
    "/v2/" + "a" * 500,
]


def test_the_corpus_is_long_enough_to_mean_something() -> None:
    assert len(set(ESCAPES)) >= 60


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_path_that_could_lead_elsewhere_is_an_invalid_argument(method: str, path: str) -> None:
    errors = errors_of(f"ninja-api-{method}", {"path": path})
    assert [error.field for error in errors] == ["path"]
    assert errors[0].code in {"format", "too_long"}


@pytest.mark.parametrize("path", [None, 7, ["/v2/devices"], {"path": "/v2/devices"}, True])
def test_a_path_is_text(path: Any) -> None:
    assert errors_of("ninja-api-get", {"path": path})[0].field == "path"


@pytest.mark.parametrize(
    "path",
    ["/v2/devices", "/v2/device/43/reboot/NORMAL", "/v2/a.b/..c/...", "/v2/field-name/x_y~z", "/v2/user/end-user/7"],
)
def test_an_honest_path_arrives_as_it_is(path: str) -> None:
    assert call_of("ninja-api-get", path=path).path == path


def assert_it_stays(path: str) -> None:
    """Every reader of URLs sees our host and the path that was shown."""
    prepared = requests.Request("GET", HOST + path).prepare().url
    assert prepared == HOST + path
    for url in (HOST + path, urljoin(HOST + "/v2/x", path)):
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "eu.ninjarmm.com", path)
        assert (parts.query, parts.fragment) == ("", "")


SEPARATORS = ["/", "//", ".", "..", "%2e", "%2f", "%", "@", ":", ";", "?", "#", "\\", "\n", "\x00", "~", "-", "_", " "]
WORDS = ["/v2", "v2", "evil.example", "devices", "43", "https:", "\u200b", "．", "a", "Z", "é"]
PIECES = [*SEPARATORS, *WORDS]


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.text(max_size=30)).map(
        lambda text: "/v2/" + text
    )
)
@example("/v2/a")
def test_whatever_the_grammar_lets_through_reaches_the_host_and_path_that_it_shows(path: str) -> None:
    try:
        let_through = ApiPath().read(path)
    except FaultyValueError:
        return
    assert let_through == path
    assert set(path) <= set(string.ascii_letters + string.digits + "/_.~-")
    assert_it_stays(path)


def test_of_a_hundred_thousand_paths_none_reaches_another_host_or_path() -> None:
    dice, reader, let_through = random.Random(7), ApiPath(), set()
    for _ in range(100_000):
        # Slashes and harmless parts more often than the rest, so that the grammar has something to let through.
        pieces = dice.choices([*PIECES, "/a", "/43", "/devices", "/..a"], k=dice.randint(1, 5))
        path = "/v2" + "".join(pieces)
        try:
            let_through.add(reader.read(path))
        except FaultyValueError:
            continue
    assert len(let_through) > 500
    for path in let_through:
        assert_it_stays(path)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=30).filter(lambda text: text not in {".", ".."}))
def test_a_quoted_part_stays_one_part_whatever_it_is(part: str) -> None:
    try:
        path = path_filled("/v2/device/{}/disks", part)
    except UnicodeEncodeError:
        return
    assert path.count("/") == 4
    parts = urlsplit(HOST + path)
    assert (parts.netloc, parts.path, parts.query, parts.fragment) == ("eu.ninjarmm.com", path, "", "")


def test_a_query_takes_scalars_and_lists_of_them() -> None:
    query = {"df": "org = 2", "pageSize": 5, "ratio": 0.5, "detailed": True, "type": ["SAVE", 7]}
    assert call_of("ninja-api-get", path="/v2/x", query=query).query_text == (
        "df=org%20%3D%202&pageSize=5&ratio=0.5&detailed=true&type=SAVE&type=7"
    )


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ([], "query"),
        ({"a&b": 1}, "query.a&b"),
        ({"": 1}, "query."),
        ({"a": None}, "query.a"),
        ({"a": {"b": 1}}, "query.a"),
        ({"a": [[1]]}, "query.a"),
        ({"a": float("nan")}, "query.a"),
        ({"a": "\x00"}, "query.a"),
        ({"a": "x" * 2001}, "query.a"),
        ({f"a{number}": 1 for number in range(51)}, "query"),
    ],
)
def test_a_query_that_could_not_be_shown_is_refused(query: Any, where: str) -> None:
    assert [error.field for error in errors_of("ninja-api-get", {"path": "/v2/x", "query": query})] == [where]


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "body",
    [
        "text",
        7,
        True,
        {"a": float("inf")},
        {"a": "\x00"},
        {"\x00": 1},
        {7: 1},
        {"a": {1, 2}},
        {"a": "\ud800"},
        deep(33),
    ],
)
def test_a_body_that_is_no_plain_json_is_refused(body: Any) -> None:
    assert [error.field for error in errors_of("ninja-api-post", {"path": "/v2/x", "body": body})] == ["body"]


@pytest.mark.parametrize("body", [{}, [], {"a": [1, 2.5, None, True, "x\ny"]}, deep(32)])
def test_a_body_arrives_as_it_is(body: Any) -> None:
    assert call_of("ninja-api-put", path="/v2/x", body=body).body == body


def test_a_write_without_body_sends_an_empty_object_and_a_delete_sends_nothing() -> None:
    assert call_of("ninja-api-post", path="/v2/x").body_text == "{}"
    assert call_of("ninja-api-patch", path="/v2/x").body_text == "{}"
    assert call_of("ninja-api-delete", path="/v2/x").body_text is None
    assert errors_of("ninja-api-delete", {"path": "/v2/x", "body": {}})[0].code == "unknown"
