from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.tools.building import errors_of, the
from tools.args import DeviceId
from tools.calls import Call, get
from tools.definitions import ToolDefinitionError, tool
from tools.facts import DeviceFact
from tools.formats import as_anthropic, as_listing, as_openai
from tools.models import Mode
from tools.registry import GROUPS, TOOLS, find_tool, registry_of

AUTO = [
    "list-organizations",
    "get-organization",
    "list-devices",
    "get-device",
    "get-device-activities",
    "get-device-disks",
    "get-device-volumes",
    "get-device-software",
    "get-device-services",
    "list-scripts",
    "list-alerts",
    "get-device-alerts",
    "create-ticket",
    "get-ticket-log",
    "api-get",
]
ASKS = [
    "control-service",
    "reboot-device",
    "run-script",
    "run-bash",
    "dismiss-alert",
    "update-ticket",
    "api-post",
    "api-put",
    "api-patch",
    "api-delete",
]


def test_there_are_25_tools_with_the_defaults_that_were_promised() -> None:
    expected = {f"ninjaone:ninja-{name}": Mode.AUTO for name in AUTO}
    expected |= {f"ninjaone:ninja-{name}": Mode.APPROVAL_NEEDED for name in ASKS}
    assert {tool_id: one.default_mode for tool_id, one in TOOLS.items()} == expected
    assert len(TOOLS) == 25


def test_only_bash_always_asks_and_its_clocks_are_shorter() -> None:
    assert [one.name for one in TOOLS.values() if one.always_asks] == ["ninja-run-bash"]
    clocks = {one.name: (one.decision_minutes, one.release_minutes) for one in TOOLS.values()}
    assert clocks.pop("ninja-run-bash") == (30, 5)
    assert set(clocks.values()) == {(60, 10)}


def test_every_tool_tells_what_it_does_to_what() -> None:
    for one in TOOLS.values():
        assert one.description
        assert one.group in GROUPS
        assert len(one.name) <= 48
        assert one.is_write == (one.default_mode == Mode.APPROVAL_NEEDED or one.name == "ninja-create-ticket")
        assert not (one.read_only and one.destructive)


@pytest.mark.parametrize("tool_id", TOOLS)
def test_every_schema_is_a_schema_of_an_object_that_takes_nothing_else(tool_id: str) -> None:
    schema = TOOLS[tool_id].input_schema
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema) == {"type", "properties", "required", "additionalProperties"}
    assert all(part["description"] for part in schema["properties"].values())


def test_a_tool_is_found_by_its_id_and_by_its_name() -> None:
    assert find_tool("ninjaone:ninja-get-device") is find_tool("ninja-get-device") is not None
    assert find_tool("get-device") is None
    assert find_tool("other:ninja-get-device") is None


def test_a_version_changes_with_the_schema_and_the_description() -> None:
    assert len({one.version for one in TOOLS.values()}) == 25
    assert all(8 <= len(one.version) <= 16 for one in TOOLS.values())

    def make(text: str, mode: Mode = Mode.AUTO) -> str:
        def function(*, device_id: DeviceId) -> Call:
            return get("/v2/device/{}", device_id)

        function.__doc__ = text
        return tool("ninja-x", mode, group="devices")(function).version

    assert make("One.") == make("One.", Mode.DISABLED) != make("Another.")


def test_a_name_that_stands_twice_stops_the_start() -> None:
    with pytest.raises(ToolDefinitionError, match="stands twice"):
        registry_of([the("ninja-get-device"), the("ninja-get-device")])


def test_a_tool_that_obeys_a_stranger_stops_the_start() -> None:
    with pytest.raises(ToolDefinitionError, match="obeys"):
        registry_of([the("ninja-run-bash")])


def test_a_tool_without_description_stops_the_start() -> None:
    with pytest.raises(ToolDefinitionError, match="no description"):

        @tool("ninja-mute", Mode.AUTO, group="devices")
        def mute(*, device_id: DeviceId) -> Call:
            return get("/v2/device/{}", device_id)


def test_an_argument_without_schema_stops_the_start() -> None:
    with pytest.raises(ToolDefinitionError, match="has no schema"):

        @tool("ninja-loose", Mode.AUTO, group="devices")
        def loose(*, device_id: int) -> Call:
            """Loose."""
            return get("/v2/device/{}", device_id)


def test_a_leading_parameter_that_is_no_fact_stops_the_start() -> None:
    with pytest.raises(ToolDefinitionError, match="is no fact"):

        @tool("ninja-odd", Mode.AUTO, group="devices")
        def odd(script: DeviceFact) -> Call:
            """Odd."""
            return get("/v2/devices")


@pytest.mark.parametrize(("name", "group"), [("Ninja X", "devices"), ("x" * 49, "devices"), ("ninja-x", "planets")])
def test_a_bad_name_or_group_stops_the_start(name: str, group: str) -> None:
    def function() -> Call:
        """Something."""
        return get("/v2/devices")

    with pytest.raises(ToolDefinitionError):
        tool(name, Mode.AUTO, group=group)(function)


def test_the_listing_is_the_object_of_the_wire_contract() -> None:
    listing = as_listing(the("ninja-reboot-device"), Mode.APPROVAL_NEEDED)
    assert listing["id"] == "ninjaone:ninja-reboot-device"
    assert listing["name"] == "ninja-reboot-device"
    assert listing["title"] == "Reboot device"
    assert listing["policy"] == "approval_needed"
    assert listing["annotations"] == {"read_only": False, "destructive": True, "idempotent": False}
    assert listing["input_schema"]["required"] == ["device_id"]
    assert listing["input_schema"]["properties"]["mode"]["default"] == "NORMAL"


def test_the_description_says_when_a_call_will_wait() -> None:
    one = the("ninja-get-device")
    assert "approval" in as_listing(one, Mode.APPROVAL_NEEDED)["description"]
    assert as_listing(one, Mode.AUTO)["description"] == one.description


def test_function_calling_formats_carry_the_same_schema() -> None:
    one = the("ninja-get-device")
    openai, anthropic = as_openai(one, Mode.AUTO), as_anthropic(one, Mode.AUTO)
    assert openai["type"] == "function"
    assert openai["function"]["name"] == anthropic["name"] == "ninja-get-device"
    assert openai["function"]["parameters"] == anthropic["input_schema"] == one.input_schema


def test_rules_over_several_arguments_stand_in_the_description() -> None:
    assert "exactly one of script_id and action_uid" in the("ninja-run-script").description
    assert "at least one of subject, status" in the("ninja-update-ticket").description


def test_arguments_must_be_an_object() -> None:
    wrongs: list[object] = [[], "x", None, 7]
    for wrong in wrongs:
        assert errors_of("ninja-get-device", wrong)[0].code == "type"
