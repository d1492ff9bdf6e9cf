"""The section Policies: all tools in one table, and what saving does. What is shown before is next door."""

from __future__ import annotations

import re

import pytest
from django.utils.html import escape

from integrations.models import AuditEvent, Connection
from tests.cast import Tenant
from tests.tools.pages.addresses import DETAIL, POLICIES, REVIEWED
from tools.errors import PolicyOvertakenError
from tools.models import Mode, ToolPolicy
from tools.pages import policies
from tools.registry import TOOLS


def text(tenant: Tenant, user: str = "admin") -> str:
    return tenant.signed_in(getattr(tenant, user)).get(DETAIL).content.decode()


def version() -> str:
    return str(Connection.objects.values_list("policy_version", flat=True).get())


def save(tenant: Tenant, **fields: str) -> str:
    """What the page says after saving. The names of fields have underscores for hyphens."""
    data = {"policy_version": version(), **{name.replace("_", "-"): value for name, value in fields.items()}}
    data["policy_version"] = fields.get("policy_version", data.pop("policy-version", version()))
    return tenant.signed_in(tenant.admin).post(POLICIES, data, follow=True).content.decode()


def mode(tool: str) -> str:
    return ToolPolicy.objects.values_list("mode", flat=True).get(tool=f"ninjaone:{tool}")


def test_all_tools_stand_in_one_table(acme: Tenant) -> None:
    page = text(acme)
    assert len(TOOLS) == 25
    for tool in TOOLS.values():
        assert f'name="mode-{tool.name}"' in page
    assert page.count('scope="rowgroup"') >= 5


def test_members_see_the_modes(acme: Tenant) -> None:
    page = text(acme, "viewer")
    assert page.count("badge is-auto") == 15
    assert page.count("badge is-approval_needed") == 10
    assert "Review changes" not in page


def test_one_save_changes_several_tools_and_says_which(acme: Tenant) -> None:
    page = save(
        acme,
        mode_ninja_list_devices="disabled",
        mode_ninja_reboot_device="approval_needed",
        approvals_ninja_reboot_device="2",
    )
    assert "in force from the next call on" in page
    assert "ninja-list-devices" in page.split("notice is-good", 1)[1].split("</li>", 1)[0]
    assert mode("ninja-list-devices") == Mode.DISABLED
    assert ToolPolicy.objects.get(tool="ninjaone:ninja-reboot-device").approvals_needed == 2
    assert "changed</span>" in page
    assert AuditEvent.objects.filter(msp=acme.msp, actor__contains="acme-admin").exists()


def test_saving_what_is_there_changes_nothing(acme: Tenant) -> None:
    before = version()
    page = text(acme)
    fields = dict(re.findall(r'<select name="((?:mode|approvals)-[^"]+)".*?value="([^"]+)" selected', page, re.DOTALL))
    assert len(fields) == 50
    answer = acme.signed_in(acme.admin).post(POLICIES, {"policy_version": before, **fields}, follow=True)
    assert b"Nothing was changed" in answer.content
    assert version() == before
    assert not ToolPolicy.objects.exclude(version=1).exists()


def test_a_form_that_somebody_else_overtook_is_not_applied(acme: Tenant) -> None:
    old = version()
    save(acme, mode_ninja_list_devices="disabled")
    page = save(acme, policy_version=old, mode_ninja_list_devices="auto")
    assert "were changed after this page was opened" in page
    assert "The last change is user acme-admin&#x27;s, of ninjaone:ninja-list-devices." in page
    assert "make your changes again" in page
    assert mode("ninja-list-devices") == Mode.DISABLED


def test_each_tool_says_in_a_sentence_what_it_does(acme: Tenant) -> None:
    page = text(acme)
    for tool in TOOLS.values():
        assert escape(tool.summary) in page
        assert tool.summary.endswith(".")
    assert page.count(">changes things<") == sum(tool.is_write for tool in TOOLS.values())


def test_the_defaults_can_be_kept_on_record(acme: Tenant) -> None:
    assert "Keep the defaults" in text(acme)
    answer = acme.signed_in(acme.admin).post(REVIEWED, follow=True)
    assert b"the policies stay as they are" in answer.content
    assert "Keep the defaults" not in text(acme)
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="policy.reviewed").count() == 1
    assert not ToolPolicy.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode_ninja_run_bash": "auto"}, "Choose one of: Approval needed, Disabled."),
        ({"mode_ninja_list_devices": "sometimes"}, "Choose one of: Auto, Approval needed, Disabled."),
        ({"approvals_ninja_reboot_device": "0"}, "Choose 1 or 2 approvals."),
        ({"approvals_ninja_reboot_device": "3"}, "Choose 1 or 2 approvals."),
        ({"approvals_ninja_reboot_device": "two"}, "Choose 1 or 2 approvals."),
        ({"mode_ninja_format_disk": "auto"}, "a tool was named that does not exist"),
        ({"policy_version": "x"}, "were changed after this page was opened"),
    ],
)
def test_a_faulty_form_is_refused_whole(acme: Tenant, fields: dict[str, str], said: str) -> None:
    before = (version(), list(ToolPolicy.objects.values()))
    page = save(acme, mode_ninja_get_device="disabled", **fields)
    assert said in page.split("notice is-bad", 1)[1].split("</li>", 1)[0]
    assert "Nothing was saved" in page
    assert (version(), list(ToolPolicy.objects.values())) == before


def test_bash_does_not_offer_auto(acme: Tenant) -> None:
    row = text(acme).split('name="mode-ninja-run-bash"', 1)[1].split("</select>", 1)[0]
    assert 'value="auto"' not in row
    assert 'value="disabled"' in row


def test_before_there_is_a_connection_there_is_no_table(acme: Tenant) -> None:
    Connection.objects.all().delete()
    page = text(acme)
    assert "<table" not in page
    assert "appears here once the connection is saved" in page


def test_a_change_that_loses_a_race_is_told(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(**_: object) -> list[str]:
        raise PolicyOvertakenError("Somebody else changed this policy at the same moment.")

    monkeypatch.setattr(policies, "policies_update", lose)
    page = save(acme, mode_ninja_get_device="disabled")
    assert "notice is-bad" in page
    assert "at the same moment" in page
