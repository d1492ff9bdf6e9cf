"""What is known of an object before a generic PUT or PATCH changes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings

from tests.tools.building import call_of, the
from tools.calls import patch, put
from tools.errors import UnusableAnswerError
from tools.facts import facts_from_json, facts_to_json
from tools.present import LONGEST_VALUE, MOST_FIELDS, PresentFact, present_source

THERE: dict[str, Any] = {
    "id": 12,
    "name": "Acme",
    "address": {"city": "Bern", "street": "Main 1"},
    "tags": ["a", "b"],
    "price": 45.0,
    "note": None,
}


def fields(body: Any, there: Any = THERE, *, hides_all: bool = False) -> dict[str, dict[str, Any]]:
    return PresentFact.of(there, patch("/v2/organization/2", body=body), hides_all=hides_all).fields


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "Other"}, {"name": {"same": False, "value": "Acme"}}),
        ({"name": "Acme"}, {"name": {"same": True, "value": "Acme"}}),
        ({"address": {"city": "Basel"}}, {"address.city": {"same": False, "value": "Bern"}}),
        ({"address": {"zip": 4051}}, {"address.zip": {"same": False}}),
        ({"site": {"url": "x"}}, {"site.url": {"same": False}}),
        ({"note": "x"}, {"note": {"same": False, "value": None}}),
        ({"note": None}, {"note": {"same": True, "value": None}}),
        ({"tags": ["b", "a"]}, {"tags": {"same": False, "value": ["a", "b"]}}),
        ({"price": 45}, {"price": {"same": True, "value": 45.0}}),
        ({"price": True}, {"price": {"same": False, "value": 45.0}}),
        ({"address": {}}, {"address": {"same": False, "value": THERE["address"]}}),
        ({"address": None}, {"address": {"same": False, "value": THERE["address"]}}),
        ({}, {}),
    ],
)
def test_each_field_that_is_sent_is_compared(body: Any, expected: dict[str, Any]) -> None:
    assert fields(body) == expected


def test_an_object_that_takes_the_place_of_something_else_is_one_field() -> None:
    assert fields({"name": {"first": "A"}}) == {"name": {"same": False, "value": "Acme"}}


def test_two_fields_never_go_by_the_same_name() -> None:
    body = {"a": {"b": 1}, "a.b": 2, '"a': {"b": 3}}
    there = {"a": {"b": 4}, "a.b": 5, '"a': {"b": 6}}
    assert {name: one["value"] for name, one in fields(body, there).items()} == {"a.b": 4, '"a.b"': 5, r'"\"a".b': 6}


def test_a_long_value_is_kept_in_short_and_known_by_its_digest() -> None:
    long = "x" * (LONGEST_VALUE + 1)
    one = fields({"name": "y"}, {"name": long})["name"]
    assert (one["start"], one["size"], len(one["sha256"])) == ("x" * 300, LONGEST_VALUE + 3, 64)
    assert fields({"name": "y"}, {"name": f"{long}!"})["name"]["sha256"] != one["sha256"]
    assert fields({"name": long}, {"name": long})["name"]["same"]


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ({"adminPassword": "new"}, "adminPassword"),
        ({"wifi": {"key": "new"}}, "wifi.key"),
        ({"accounts": [{"user": "a"}]}, "accounts"),
        ({"setting": {"value": "new"}}, "setting.value"),
        ({"headers": [{"name": "X-Mine", "value": "new"}]}, "headers"),
    ],
)
def test_what_may_be_a_secret_is_not_kept(body: Any, label: str) -> None:
    there = {
        "adminPassword": "hunter2",
        "wifi": {"key": "hunter2"},
        "accounts": [{"user": "a", "password": "hunter2"}],
        "setting": {"name": "apiKey", "value": "hunter2"},
        "headers": [{"name": "Authorization", "value": "Bearer hunter2"}],
    }
    found = fields(body, there)
    assert "hunter2" not in json.dumps(found)
    assert len(found[label].pop("mark")) == 64
    assert found == {label: {"same": False, "hidden": True}}


def test_the_mark_of_a_secret_is_the_same_only_for_the_same_at_the_same_place() -> None:
    def mark(name: str, value: str) -> Any:
        return fields({name: "new"}, {name: value})[name]["mark"]

    assert mark("password", "hunter2") == mark("password", "hunter2")
    assert len({mark("password", "hunter2"), mark("password", "hunter3"), mark("passphrase", "hunter2")}) == 3


def test_a_mark_needs_the_key_of_the_installation(settings: LazySettings) -> None:
    before = fields({"password": "new"}, {"password": "hunter2"})
    settings.SECRET_KEY = "another one"
    assert fields({"password": "new"}, {"password": "hunter2"}) != before


def test_a_secret_that_would_be_new_is_known_as_one() -> None:
    assert fields({"portalPassword": "new"}) == {"portalPassword": {"same": False, "hidden": True, "absent": True}}


def test_where_any_value_may_be_a_secret_none_is_kept() -> None:
    found = fields({"name": "x"}, hides_all=True)
    assert found["name"].pop("mark")
    assert found == {"name": {"same": False, "hidden": True}}


def test_what_a_put_leaves_out_is_named() -> None:
    fact = PresentFact.of(THERE, put("/v2/x", body={"id": 12, "address": {"city": "x"}, "new": 1}), hides_all=False)
    assert fact.unsent == ("address.street", "name", "note", "price", "tags")


def test_of_a_patch_only_what_it_leaves_out_of_an_object_is_named() -> None:
    body = {"name": "x", "address": {"city": "x"}}
    assert PresentFact.of(THERE, patch("/v2/x", body=body), hides_all=False).unsent == ("address.street",)


@pytest.mark.parametrize(
    ("page", "body"),
    [
        ([], {"name": "x"}),
        (None, {"name": "x"}),
        ("<html>", {"name": "x"}),
        (THERE, [{"name": "x"}]),
        (THERE, {f"field{number}": 1 for number in range(MOST_FIELDS + 1)}),
        ({"name": float("inf")}, {"name": 1}),
    ],
)
def test_what_cannot_be_compared_says_why(page: Any, body: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        fields(body, page)


@pytest.mark.parametrize(
    ("tool", "path", "source"),
    [
        ("ninja-api-put", "/v2/billing/products/12", ("/v2/billing/products/12", False)),
        ("ninja-api-patch", "/v2/Organization/2", ("/v2/Organization/2", False)),
        ("ninja-api-patch", "/v2/device/43/custom-fields", ("/v2/device/43/custom-fields", True)),
        ("ninja-api-put", "/v2/ticketing/ticket/1014", None),
        ("ninja-api-put", "/v2/device/43/maintenance", None),
        ("ninja-api-patch", "/v2/nowhere", None),
        ("ninja-api-post", "/v2/contacts", None),
    ],
)
def test_it_is_read_where_ninjaone_has_a_get(tool: str, path: str, source: tuple[str, bool] | None) -> None:
    found = present_source(the(tool), call_of(tool, path=path, body={}))
    assert (found and (found[0].path, found[1])) == source
    assert found is None or (found[0].method, found[0].query) == ("GET", ())


@pytest.mark.parametrize(
    "fact",
    [
        PresentFact.of(THERE, put("/v2/x", body={"name": "x", "address": {"city": "y"}}), hides_all=False),
        PresentFact(trouble="NinjaOne answered 503."),
    ],
)
def test_what_was_seen_is_read_back_as_it_was_stored(fact: PresentFact) -> None:
    assert facts_from_json(json.loads(json.dumps(facts_to_json({"present": fact})))) == {"present": fact}


def test_names_of_what_is_not_sent_are_kept_short() -> None:
    fact = PresentFact.of({"n" * 5_000: 1}, put("/v2/x", body={"name": "x"}), hides_all=False)
    assert [len(name) for name in fact.unsent] == [200]
