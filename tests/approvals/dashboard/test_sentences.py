from __future__ import annotations

from typing import Any

import pytest

from approvals.display.sentence import LONGEST, sentence
from tools.registry import TOOLS


def said(tool_name: str, arguments: dict[str, Any], facts: dict[str, Any] | None = None, device: str = "WEB01") -> str:
    return sentence(
        tool_name=tool_name, arguments=arguments, facts=facts or {}, device=device, organization="Acme Dental"
    )


PLACE = " on <strong>WEB01</strong>, <strong>Acme Dental</strong>"


@pytest.mark.parametrize(
    ("tool_name", "arguments", "facts", "words"),
    [
        ("ninja-run-bash", {"script": "id"}, {}, "Run a bash script as root"),
        ("ninja-reboot-device", {"mode": "NORMAL"}, {}, "Reboot"),
        ("ninja-reboot-device", {"mode": "FORCED"}, {}, "Force a reboot, without closing anything first,"),
        ("ninja-control-service", {"action": "stop", "service": "Spooler"}, {}, "Stop the Windows service “Spooler”"),
        ("ninja-control-service", {"action": "?", "service": "X"}, {}, "Control the Windows service “X”"),
        (
            "ninja-run-script",
            {"script_id": 3},
            {"script": {"name": "Clean"}},
            "Run the library script “Clean” as the system account",
        ),
        ("ninja-run-script", {"script_id": 3, "run_as": "26"}, {}, "Run library script 3 as 26"),
        (
            "ninja-run-script",
            {"action_uid": "u"},
            {"action": {"name": "Wake up"}},
            "Run the built-in action “Wake up” as the system account",
        ),
        ("ninja-dismiss-alert", {}, {"alert": {"subject": "Disk full"}}, "Dismiss the alert “Disk full”"),
        ("ninja-dismiss-alert", {}, {}, "Dismiss an alert"),
        ("ninja-api-delete", {"path": "/v2/x"}, {}, "Send DELETE /v2/x to NinjaOne"),
        ("ninja-get-device-volumes", {}, {}, "Get device volumes"),
    ],
)
def test_it_says_in_words_what_would_happen(
    tool_name: str, arguments: dict[str, Any], facts: dict[str, Any], words: str
) -> None:
    assert said(tool_name, arguments, facts) == f"{words}{PLACE}"


def test_a_ticket_is_changed_for_an_organization() -> None:
    words = said("ninja-update-ticket", {"ticket_id": 1014, "status": "2000", "device_id": 4}, device="")
    assert words == "Change ticket 1014: device id, status for <strong>Acme Dental</strong>"


def test_the_agents_own_prose_never_becomes_the_title() -> None:
    assert "URGENT" not in said("ninja-create-ticket", {"subject": "URGENT", "description": "URGENT"})
    assert "URGENT" not in said("ninja-reboot-device", {"reason": "URGENT"})


def test_names_from_outside_are_escaped_marked_and_kept_short() -> None:
    words = said("ninja-control-service", {"action": "stop", "service": "<b>\u202e" + "x" * 500})
    assert "“&lt;b&gt;" in words
    assert "U+202E</b>" in words
    assert "x" * LONGEST not in words
    assert "<strong>&lt;i&gt;</strong>" in said("ninja-run-bash", {}, device="<i>")


@pytest.mark.parametrize("name", sorted(tool.name for tool in TOOLS.values()))
def test_every_tool_has_words(name: str) -> None:
    assert said(name, {}).removesuffix(PLACE)


def test_the_sign_that_something_was_cut_is_ours_and_no_odd_character() -> None:
    def words(device: str) -> str:
        return sentence(tool_name="ninja-reboot-device", arguments={}, facts={}, device=device, organization="")

    assert "U+2026" not in words("x" * (LONGEST + 1))
    assert words("x" * (LONGEST + 1)).endswith("x…</strong>")
    assert "U+2026" in words("short…")
