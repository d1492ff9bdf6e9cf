from __future__ import annotations

import re

import pytest

from tests.ninjaone_document import needs_document, paths
from tests.tools.building import the
from tools.catalogue import CATALOGUE, RouteClass, asks_for_secrets, classify
from tools.models import Mode
from tools.policy import effective_mode
from tools.registry import TOOLS


@pytest.mark.parametrize(
    ("method", "path", "route_class", "tool"),
    [
        ("GET", "/v2/devices", RouteClass.READ, "ninja-list-devices"),
        ("GET", "/v2/devices/search", RouteClass.READ, "ninja-list-devices"),
        ("GET", "/v2/device/43", RouteClass.READ, "ninja-get-device"),
        ("GET", "/v2/device/43/jobs", RouteClass.READ, None),
        ("POST", "/v2/device/43/reboot/NORMAL", RouteClass.DESTRUCTIVE, "ninja-reboot-device"),
        ("post", "/V2/Device/43/Reboot/normal", RouteClass.DESTRUCTIVE, "ninja-reboot-device"),
        ("POST", "/v2/device/43/script/run", RouteClass.DESTRUCTIVE, "ninja-run-script"),
        ("POST", "/v2/device/43/windows-service/X/control", RouteClass.DESTRUCTIVE, "ninja-control-service"),
        ("POST", "/v2/alert/x/reset", RouteClass.DESTRUCTIVE, "ninja-dismiss-alert"),
        ("DELETE", "/v2/alert/x", RouteClass.DESTRUCTIVE, "ninja-dismiss-alert"),
        ("PUT", "/v2/ticketing/ticket/7", RouteClass.WRITE, "ninja-update-ticket"),
        ("POST", "/v2/ticketing/trigger/board/2/run", RouteClass.READ, None),
        ("GET", "/v2/organization/checklists", RouteClass.READ, None),
        ("GET", "/v2/organization/2", RouteClass.READ, "ninja-get-organization"),
        ("GET", "/v2/organization/documents", RouteClass.DISCLOSES, None),
        ("GET", "/v2/organization/2/location/5/installer/WINDOWS_MSI", RouteClass.DISCLOSES, None),
        ("POST", "/v2/organization/generate-installer", RouteClass.DISCLOSES, None),
        ("GET", "/v2/knowledgebase/article/7/signed-urls", RouteClass.DISCLOSES, None),
        ("GET", "/v2/device/43/custom-fields", RouteClass.DISCLOSES, None),
        ("PUT", "/v2/webhook", RouteClass.ADMINISTRATION, None),
        ("DELETE", "/v2/user/technician/7", RouteClass.ADMINISTRATION, None),
        ("POST", "/v2/policies/58/condition/custom-fields", RouteClass.ADMINISTRATION, None),
        ("GET", "/v2/secrets", RouteClass.UNKNOWN, None),
        ("PATCH", "/v2/devices", RouteClass.UNKNOWN, None),
        ("GET", "/v2/device", RouteClass.UNKNOWN, None),
    ],
)
def test_a_route_is_known_for_what_it_may_do(method: str, path: str, route_class: RouteClass, tool: str | None) -> None:
    found = classify(method, path)
    assert (found.route_class, found.tool) == (route_class, tool and f"ninjaone:{tool}")


def test_every_class_has_a_floor_and_a_sentence() -> None:
    assert {one: one.floor for one in RouteClass} == {
        RouteClass.READ: Mode.AUTO,
        RouteClass.WRITE: Mode.AUTO,
        RouteClass.DESTRUCTIVE: Mode.APPROVAL_NEEDED,
        RouteClass.DISCLOSES: Mode.APPROVAL_NEEDED,
        RouteClass.UNKNOWN: Mode.APPROVAL_NEEDED,
        RouteClass.ADMINISTRATION: Mode.DISABLED,
    }
    assert len({one.sentence for one in RouteClass}) == len(RouteClass)


def test_every_tool_that_a_route_names_exists_and_all_but_bash_and_generic_ones_have_a_route() -> None:
    named = {route.tool for route in CATALOGUE if route.tool}
    assert named <= set(TOOLS)
    assert {one.name for one in TOOLS.values() if one.id not in named and not one.is_generic} == {"ninja-run-bash"}


def test_no_route_that_changes_something_is_classed_as_read() -> None:
    reads = {(route.method, route.template) for route in CATALOGUE if route.route_class is RouteClass.READ}
    assert {template for method, template in reads if method != "GET"} == {"/v2/ticketing/trigger/board/{}/run"}


@pytest.mark.parametrize("word", ["signed-urls", "installer", "download"])
def test_what_hands_out_secrets_is_never_a_plain_read(word: str) -> None:
    routes = [route for route in CATALOGUE if word in route.template and route.method == "GET"]
    assert routes
    assert {route.route_class for route in routes} == {RouteClass.DISCLOSES}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "place", ["/v2/user/technician", "/v2/user/role", "/v2/webhook", "/v2/policies", "/v2/noderole"]
)
def test_who_may_do_what_is_not_changed_through_us(method: str, place: str) -> None:
    routes = [route for route in CATALOGUE if route.template.startswith(place) and route.method == method]
    assert {route.route_class for route in routes} <= {RouteClass.ADMINISTRATION}


SPELLINGS = [
    "showSecureValues",
    "showsecurevalues",
    "SHOWSECUREVALUES",
    "ShowSecureValues",
    "show_secure_values",
    "show-secure-values",
    "showSecureValues.",
    "show.Secure.Values",
    "showSecureValue",
    "_showSecureValues_",
]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("value", ["true", True, "TRUE", "1", 1, "false", "", ["false", "true"]])
def test_secure_values_are_never_shown_without_approval(name: str, value: object) -> None:
    tool = the("ninja-api-get")
    arguments = {"path": "/v2/queries/custom-fields", "query": {"pageSize": 5, name: value}}
    call = tool.build(tool.parse(arguments), {})
    assert effective_mode(tool, policies={}, call=call) == Mode.APPROVAL_NEEDED


def test_a_name_that_only_looks_alike_is_left_alone() -> None:
    assert not asks_for_secrets("showValues")
    assert classify("GET", "/v2/queries/custom-fields", [("pageSize", "5")]).route_class is RouteClass.READ


@needs_document
def test_the_catalogue_is_ninjaones_routes_all_of_them_and_no_others() -> None:
    methods = {"get", "post", "put", "patch", "delete"}
    documented = {
        (method.upper(), re.sub(r"\{[^}]+\}", "{}", path))
        for path, operations in paths().items()
        for method in methods & set(operations)
    }
    assert {(route.method, route.template) for route in CATALOGUE} == documented
    assert len(CATALOGUE) >= 300
