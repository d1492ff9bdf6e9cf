from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from tests.tools.building import MARK, RUNNER, WEB01, call_of, errors_of, the
from tools.bash_wrapper import bash_unwrapped
from tools.calls import Call
from tools.errors import ToolRefusedError

# One argument of a program, with the byte that ends it.
LINUX_TAKES = 128 * 1024


def inside(call: Call) -> bytes:
    """The script in what is sent, for the nonce of the facts."""
    found = bash_unwrapped(base64.b64decode(call.body["parameters"]))
    assert found is not None
    assert found.nonce == MARK.nonce
    return found.script


def test_the_script_goes_out_whole_as_one_token_for_the_runner() -> None:
    script = "#!/bin/bash\nset -e\n\techo 'ä → 漢' \"$HOME\"\n"
    call = call_of("ninja-run-bash", device_id=43, script=script)
    assert (call.method, call.path) == ("POST", "/v2/device/43/script/run")
    assert list(call.body) == ["type", "id", "parameters", "runAs"]
    assert {**call.body, "parameters": ""} == {"type": "SCRIPT", "id": 146, "parameters": "", "runAs": "system"}
    assert inside(call) == script.encode()
    assert not set(call.body["parameters"]) & set(" \n\"'$")


@pytest.mark.parametrize("node_class", ["WINDOWS_SERVER", "WINDOWS_WORKSTATION", "VMWARE_VM_HOST", "NMS_SWITCH", ""])
def test_a_device_without_bash_is_refused(node_class: str) -> None:
    tool = the("ninja-run-bash")
    device = replace(WEB01, name="ACME-DC01", node_class=node_class)
    with pytest.raises(ToolRefusedError, match=r"ACME-DC01 is a .*nothing was sent") as caught:
        tool.build(tool.parse({"device_id": 41, "script": "id"}), {"device": device, "runner": RUNNER, "mark": MARK})
    assert caught.value.code == "unsupported_device"


@pytest.mark.parametrize("node_class", ["LINUX_SERVER", "LINUX_WORKSTATION", "MAC", "MAC_SERVER"])
def test_linux_and_mac_run_bash(node_class: str) -> None:
    tool = the("ninja-run-bash")
    facts = {"device": replace(WEB01, node_class=node_class), "runner": RUNNER, "mark": MARK}
    assert tool.build(tool.parse({"device_id": 43, "script": "id"}), facts).method == "POST"


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("", "too_short", "empty"),
        (" \n\t", "too_short", "empty"),
        ("echo \x00", "control_character", "offset 5"),
        ("echo \x1b[2K", "control_character", "U+001B"),
        ("a\x7f", "control_character", "offset 1"),
        ("a\x85", "control_character", "offset 1"),
        ("ls\r\n", "control_character", "return stands at offset 2"),
        ("rm \u202e-rf", "invisible_character", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("a\u2066b", "invisible_character", "offset 1"),
        ("a\u200bb", "invisible_character", "ZERO WIDTH SPACE"),
        ("\ufeffls", "invisible_character", "offset 0"),
        ("a\u00adb", "invisible_character", "SOFT HYPHEN"),
        ("a\u00a0b", "invisible_character", "NO-BREAK SPACE"),
        ("a\u3000b", "invisible_character", "offset 1"),
        ("a\u2028b", "invisible_character", "LINE SEPARATOR"),
        ("a\u3164b", "invisible_character", "HANGUL FILLER"),
        ("a\u2800b", "invisible_character", "BRAILLE"),
        ("a\ufe0fb", "invisible_character", "VARIATION SELECTOR"),
        ("a\U000e0041b", "invisible_character", "TAG LATIN"),
        ("a\U000e0100b", "invisible_character", "VARIATION SELECTOR"),
        ("a\ud800b", "malformed_text", "offset 1"),
        ("x" * 65_537, "too_long", "65,537 bytes"),
        ("ä" * 32_769, "too_long", "65,538 bytes"),
        (7, "type", "text"),
        (["ls"], "type", "text"),
    ],
)
def test_a_script_that_hides_something_is_refused_with_the_place(script: Any, code: str, words: str) -> None:
    errors = errors_of("ninja-run-bash", {"device_id": 43, "script": script})
    assert [(error.field, error.code) for error in errors] == [("script", code)]
    assert words in errors[0].message


def test_the_largest_script_fits() -> None:
    call = call_of("ninja-run-bash", device_id=43, script="x" * 65_536)
    assert call.body["id"] == 146
    assert len(call.body["parameters"]) < LINUX_TAKES


def test_letters_of_all_scripts_are_fine() -> None:
    script = "echo 'Grüße Привет 漢字 عربي 🚀'"
    assert inside(call_of("ninja-run-bash", device_id=43, script=script)) == script.encode()
