from __future__ import annotations

from typing import Any

import pytest

from integrations.audit import Actor
from integrations.models import AuditEvent, Connection, Msp
from tests.tools.building import ALERT, call_of, the
from tools import policy
from tools.errors import PolicyError
from tools.models import Mode, ToolPolicy
from tools.policy import PolicyRow, effective_mode, policies_of, policies_update, policy_table
from tools.registry import TOOLS

STAFF = Actor("user", "1", "anna")
REBOOT = "ninjaone:ninja-reboot-device"
BASH = "ninjaone:ninja-run-bash"
GET_DEVICE = "ninjaone:ninja-get-device"


def mode_of(tool_name: str, /, policies: dict[str, Mode] | None = None, **arguments: Any) -> Mode:
    return effective_mode(the(tool_name), policies=policies or {}, call=call_of(tool_name, **arguments))


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/v2/devices", Mode.AUTO),
        ("/v2/device/43/jobs", Mode.AUTO),
        ("/v2/device/43/custom-fields", Mode.APPROVAL_NEEDED),
        ("/v2/organization/2/location/5/installer/WINDOWS_MSI", Mode.APPROVAL_NEEDED),
        ("/v2/something/new", Mode.APPROVAL_NEEDED),
    ],
)
def test_a_generic_read_runs_unless_its_route_asks(path: str, mode: Mode) -> None:
    assert mode_of("ninja-api-get", path=path) == mode


def test_a_generic_call_obeys_the_policy_of_the_tool_that_does_the_same() -> None:
    assert mode_of("ninja-api-get", {GET_DEVICE: Mode.DISABLED}, path="/v2/device/43") == Mode.DISABLED
    assert mode_of("ninja-api-get", {GET_DEVICE: Mode.APPROVAL_NEEDED}, path="/v2/DEVICE/43") == Mode.APPROVAL_NEEDED
    path = "/v2/device/43/reboot/NORMAL"
    auto = {"ninjaone:ninja-api-post": Mode.AUTO}
    assert mode_of("ninja-api-post", auto, path=path) == Mode.APPROVAL_NEEDED
    assert mode_of("ninja-api-post", {**auto, REBOOT: Mode.DISABLED}, path=path) == Mode.DISABLED


@pytest.mark.parametrize(
    ("tool", "path"),
    [
        ("activities", "/v2/activities"),
        ("disks", "/v2/queries/disks"),
        ("software", "/v2/queries/software"),
        ("volumes", "/v2/queries/volumes"),
        ("services", "/v2/queries/windows-services"),
    ],
)
def test_what_may_not_be_read_of_a_device_is_not_read_of_all_of_them(tool: str, path: str) -> None:
    call = call_of("ninja-api-get", path=path)
    for mode in (Mode.APPROVAL_NEEDED, Mode.DISABLED):
        policies = {f"ninjaone:ninja-get-device-{tool}": mode}
        assert effective_mode(the("ninja-api-get"), policies=policies, call=call) is mode


def test_an_alert_is_not_dismissed_by_a_side_door() -> None:
    off = {"ninjaone:ninja-dismiss-alert": Mode.DISABLED, "ninjaone:ninja-api-post": Mode.AUTO}
    assert mode_of("ninja-api-post", off, path=f"/v2/alert/{ALERT}/reset") == Mode.DISABLED


def test_the_strictest_wins_whichever_it_is() -> None:
    assert mode_of("ninja-api-post", {"ninjaone:ninja-api-post": Mode.DISABLED}, path="/v2/x") == Mode.DISABLED
    assert mode_of("ninja-api-put", {"ninjaone:ninja-api-put": Mode.AUTO}, path="/v2/webhook") == Mode.DISABLED
    assert (
        mode_of("ninja-api-delete", {"ninjaone:ninja-api-delete": Mode.AUTO}, path="/v2/tag/7") == Mode.APPROVAL_NEEDED
    )
    assert mode_of("ninja-api-patch", {"ninjaone:ninja-api-patch": Mode.AUTO}, path="/v2/device/43") == Mode.AUTO


def test_an_own_policy_makes_a_specific_tool_laxer() -> None:
    assert mode_of("ninja-reboot-device", {REBOOT: Mode.AUTO}, device_id=43) == Mode.AUTO
    assert mode_of("ninja-reboot-device", device_id=43) == Mode.APPROVAL_NEEDED


@pytest.mark.parametrize("stored", [Mode.AUTO, Mode.APPROVAL_NEEDED])
def test_bash_always_asks_whatever_is_stored(stored: Mode) -> None:
    everything = dict.fromkeys(TOOLS, stored)
    assert mode_of("ninja-run-bash", everything, device_id=43, script="id") == Mode.APPROVAL_NEEDED
    assert effective_mode(the("ninja-run-bash"), policies=everything, call=None) == Mode.APPROVAL_NEEDED


def test_bash_that_is_disabled_stays_disabled() -> None:
    assert mode_of("ninja-run-bash", {BASH: Mode.DISABLED}, device_id=43, script="id") == Mode.DISABLED


def test_bash_runs_through_scripts_so_it_is_off_when_they_are_with_and_without_a_call() -> None:
    off = {"ninjaone:ninja-run-script": Mode.DISABLED}
    assert mode_of("ninja-run-bash", off, device_id=43, script="id") == Mode.DISABLED
    assert effective_mode(the("ninja-run-bash"), policies=off, call=None) == Mode.DISABLED


def test_without_a_policy_every_tool_follows_its_default() -> None:
    for tool in TOOLS.values():
        assert effective_mode(tool, policies={}, call=None) == tool.default_mode


@pytest.fixture
def ninjaone(db: None) -> Connection:
    msp = Msp.objects.create(name="Acme MSP", slug="acme")
    return Connection.objects.create(msp=msp, region="eu", client_id="x")


def events(connection: Connection) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(msp=connection.msp, action="policy.changed").order_by("number"))


def test_policies_are_in_force_without_being_seeded(ninjaone: Connection) -> None:
    assert not ToolPolicy.objects.exists()
    rows = policies_of(ninjaone)
    assert list(rows) == list(TOOLS)
    assert all(
        row == PolicyRow(row.tool, row.default_mode, row.tool.default_mode, 1, 0, False) for row in rows.values()
    )


def test_reading_all_policies_is_one_query(ninjaone: Connection, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        table = policy_table(ninjaone)
    assert [title for title, _ in table] == [
        "Organizations",
        "Devices",
        "Scripts",
        "Alerts",
        "Tickets",
        "Any NinjaOne route",
    ]
    assert sum(len(rows) for _, rows in table) == 25


def test_a_change_is_in_force_at_once_and_counted(ninjaone: Connection) -> None:
    changed = policies_update(connection=ninjaone, actor=STAFF, changes={REBOOT: Mode.AUTO}, approvals={BASH: 2})
    assert changed == [REBOOT, BASH]
    rows = policies_of(ninjaone)
    assert (rows[REBOOT].mode, rows[REBOOT].version, rows[REBOOT].is_changed) == (Mode.AUTO, 1, True)
    assert (rows[BASH].mode, rows[BASH].approvals_needed) == (Mode.APPROVAL_NEEDED, 2)
    ninjaone.refresh_from_db()
    assert ninjaone.policy_version == 2


def test_a_change_stands_in_the_audit_with_before_and_after(ninjaone: Connection) -> None:
    policies_update(connection=ninjaone, actor=STAFF, changes={REBOOT: Mode.DISABLED})
    (event,) = events(ninjaone)
    assert (event.subject, event.actor) == (REBOOT, "user anna")
    assert '"before":{"approvals_needed":1,"mode":"approval_needed"}' in event.record
    assert '"after":{"approvals_needed":1,"mode":"disabled"}' in event.record


def test_saving_what_holds_already_changes_nothing(ninjaone: Connection) -> None:
    same = {tool_id: tool.default_mode for tool_id, tool in TOOLS.items()}
    assert policies_update(connection=ninjaone, actor=STAFF, changes=same) == []
    ninjaone.refresh_from_db()
    assert ninjaone.policy_version == 0
    assert not ToolPolicy.objects.exists()
    assert events(ninjaone) == []


def test_going_back_to_the_default_is_another_version_and_no_change_anymore(ninjaone: Connection) -> None:
    for mode in (Mode.AUTO, Mode.APPROVAL_NEEDED):
        policies_update(connection=ninjaone, actor=STAFF, changes={REBOOT: mode})
    row = policies_of(ninjaone)[REBOOT]
    assert (row.version, row.is_changed) == (2, False)
    ninjaone.refresh_from_db()
    assert ninjaone.policy_version == 2


@pytest.mark.parametrize(
    ("changes", "approvals", "words"),
    [
        ({BASH: Mode.AUTO}, {}, "always needs a technician's approval"),
        ({"ninjaone:ninja-x": Mode.AUTO}, {}, "There is no tool ninjaone:ninja-x"),
        ({"ninja-reboot-device": Mode.AUTO}, {}, "There is no tool"),
        ({}, {"ninjaone:ninja-x": 2}, "There is no tool"),
        ({REBOOT: "sometimes"}, {}, "is no mode"),
        ({}, {REBOOT: 3}, "one or two"),
        ({}, {REBOOT: 0}, "one or two"),
    ],
)
def test_a_save_with_one_impossible_wish_changes_nothing_at_all(
    ninjaone: Connection, changes: dict[str, Any], approvals: dict[str, int], words: str
) -> None:
    with pytest.raises(PolicyError, match=words) as caught:
        policies_update(
            connection=ninjaone, actor=STAFF, changes={GET_DEVICE: Mode.DISABLED, **changes}, approvals=approvals
        )
    assert "othing was saved" in caught.value.message
    assert not ToolPolicy.objects.exists()
    assert events(ninjaone) == []


def test_the_page_offers_no_auto_for_bash(ninjaone: Connection) -> None:
    rows = policies_of(ninjaone)
    assert rows[BASH].choices == [Mode.APPROVAL_NEEDED, Mode.DISABLED]
    assert rows[REBOOT].choices == list(Mode)


def test_policies_of_one_msp_do_not_hold_for_another(ninjaone: Connection) -> None:
    other = Connection.objects.create(msp=Msp.objects.create(name="B", slug="b"), region="eu", client_id="y")
    policies_update(connection=ninjaone, actor=STAFF, changes={REBOOT: Mode.DISABLED})
    assert policies_of(other)[REBOOT].mode == Mode.APPROVAL_NEEDED


def test_a_policy_that_changed_under_a_save_is_not_overwritten(
    ninjaone: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies_update(connection=ninjaone, actor=STAFF, changes={REBOOT: Mode.AUTO})
    stale = policies_of(ninjaone)
    policies_update(connection=ninjaone, actor=STAFF, changes={REBOOT: Mode.DISABLED})
    monkeypatch.setattr(policy, "policies_of", lambda connection: stale)
    with pytest.raises(PolicyError, match="at the same moment"):
        policies_update(connection=ninjaone, actor=STAFF, changes={REBOOT: Mode.APPROVAL_NEEDED})
    monkeypatch.undo()
    assert policies_of(ninjaone)[REBOOT].mode == Mode.DISABLED
    assert len(events(ninjaone)) == 2
