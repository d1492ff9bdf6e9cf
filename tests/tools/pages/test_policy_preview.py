"""Before policies are saved: what would change is shown, and what is saved is what was shown."""

from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.test import Client

from integrations.models import AuditEvent, Connection
from tests.cast import Tenant
from tests.integrations.people.signing_in import age
from tests.tools.pages.addresses import DETAIL, POLICIES, PREVIEW
from tests.tools.pages.snapshots import everything
from tools.models import Mode, ToolPolicy
from tools.policy import policies_of

HIDDEN = re.compile(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)">')
STRICT = {"mode-ninja-list-devices": "disabled"}
LAX = {"mode-ninja-reboot-device": "auto"}


def form(**fields: str) -> dict[str, str]:
    """What the table posts."""
    return {"policy_version": str(Connection.objects.values_list("policy_version", flat=True).get()), **fields}


def previewed(client: Client, fields: dict[str, str]) -> str:
    answer = client.post(PREVIEW, form(**fields), follow=True)
    assert answer.redirect_chain == [(PREVIEW, 302)]
    return answer.content.decode()


def confirmed(client: Client, page: str) -> str:
    """Presses the button of a preview: what it posts stands on it."""
    fields = {name: value for name, value in HIDDEN.findall(page) if name != "csrfmiddlewaretoken"}
    return client.post(POLICIES, fields, follow=True).content.decode()


def modes(tenant: Tenant) -> dict[str, tuple[str, int]]:
    rows = policies_of(Connection.objects.get(msp=tenant.msp)).values()
    return {row.tool.name: (row.mode.value, row.approvals_needed) for row in rows}


def test_a_preview_saves_nothing_and_its_button_saves_what_it_shows(acme: Tenant) -> None:
    before = everything()
    client = acme.signed_in(acme.admin)
    page = previewed(client, {**STRICT, **LAX})
    assert everything() == before
    assert page.count('class="is-looser"') == 1
    assert page.count('class="is-stricter"') == 1
    assert "1 of 2 changes lets agents do more than now" in page
    page = confirmed(client, page)
    assert "in force from the next call on: ninja-list-devices: disabled; ninja-reboot-device: auto" in page
    assert (modes(acme)["ninja-list-devices"], modes(acme)["ninja-reboot-device"]) == (("disabled", 1), ("auto", 1))
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="policy.changed").count() == 2
    # The choice is forgotten: there is nothing more to look at.
    assert "the policies were as they were" not in page
    assert b"Nothing was changed" in client.get(PREVIEW, follow=True).content


@pytest.mark.parametrize(
    ("stored", "wish", "is_looser", "words"),
    [
        (("approval_needed", 1), ("auto", "1"), True, "Runs at once: nobody is asked any more."),
        (("approval_needed", 2), ("approval_needed", "1"), True, "One person must approve each call, no longer two."),
        (("disabled", 1), ("approval_needed", "2"), True, "Agents may ask for it again; two people must approve"),
        (("disabled", 1), ("auto", "1"), True, "Runs at once: nobody is asked any more."),
        (("auto", 1), ("approval_needed", "1"), False, "One person must approve each call."),
        (("auto", 1), ("disabled", "1"), False, "Agents no longer see it, and their calls are refused."),
        (("approval_needed", 1), ("approval_needed", "2"), False, "Two people must approve each call."),
        (("approval_needed", 2), ("disabled", "2"), False, "Agents no longer see it"),
    ],
)
def test_what_is_looser_is_marked_in_words(
    acme: Tenant, stored: tuple[str, int], wish: tuple[str, str], is_looser: bool, words: str
) -> None:
    ToolPolicy.objects.create(
        msp=acme.msp,
        connection=acme.connection,
        tool="ninjaone:ninja-reboot-device",
        mode=stored[0],
        approvals_needed=stored[1],
    )
    fields = {"mode-ninja-reboot-device": wish[0], "approvals-ninja-reboot-device": wish[1]}
    page = previewed(acme.signed_in(acme.admin), fields)
    assert ("Looser." in page, "Stricter." in page) == (is_looser, not is_looser)
    assert words in page


def test_one_tool_or_all_of_them_go_back_to_their_defaults(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    confirmed(client, previewed(client, {**STRICT, **LAX, "mode-ninja-get-device": "disabled"}))
    page = previewed(client, {"reset": "ninja-reboot-device"})
    assert page.count('class="is-looser"') + page.count('class="is-stricter"') == 1
    confirmed(client, page)
    assert modes(acme)["ninja-reboot-device"] == ("approval_needed", 1)
    assert modes(acme)["ninja-list-devices"] == ("disabled", 1)
    confirmed(client, previewed(client, {"reset": "all"}))
    rows = policies_of(acme.connection).values()
    assert all(row.mode is row.default_mode for row in rows)


def test_a_change_by_somebody_else_in_between_is_refused_and_compared_anew(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    page = previewed(client, LAX)
    other = acme.signed_in(acme.admin)
    confirmed(other, previewed(other, {"mode-ninja-reboot-device": "disabled"}))
    page = confirmed(client, page)
    assert "Nothing was saved" in page
    assert "The last change is user acme-admin&#x27;s, of ninjaone:ninja-reboot-device." in page
    assert "Read it, then save again." in page
    assert modes(acme)["ninja-reboot-device"] == ("disabled", 1)
    # The page compares with what holds now: from disabled, no longer from approval needed.
    assert 'badge is-disabled">Disabled' in page
    confirmed(client, page)
    assert modes(acme)["ninja-reboot-device"] == ("auto", 1)


def test_what_nothing_differs_in_is_not_previewed(acme: Tenant) -> None:
    answer = acme.signed_in(acme.admin).post(PREVIEW, form(), follow=True)
    assert answer.redirect_chain[-1][0].startswith(DETAIL)
    assert b"Nothing was changed" in answer.content


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode-ninja-run-bash": "auto"}, "Choose one of: Approval needed, Disabled."),
        ({"approvals-ninja-reboot-device": "3"}, "Choose 1 or 2 approvals."),
        ({"mode-ninja-format-disk": "auto"}, "a tool was named that does not exist"),
        ({"reset": "ninja-format-disk"}, "a tool was named that does not exist"),
        ({"policy_version": "x"}, "make your changes again"),
    ],
)
def test_a_faulty_table_is_shown_again_with_what_is_wrong(acme: Tenant, fields: dict[str, str], said: str) -> None:
    before = everything()
    answer = acme.signed_in(acme.admin).post(PREVIEW, form(**{**STRICT, **fields}))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert everything() == before


def test_what_was_chosen_for_one_msp_is_not_shown_for_another(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    client.post(PREVIEW, {"policy_version": "0", **LAX})
    session = client.session
    other = northwind.signed_in(northwind.admin)
    theirs = other.session
    theirs["policy_draft"] = session["policy_draft"]
    theirs.save()
    assert b"Change policies?" not in other.get(PREVIEW, follow=True).content


def test_who_has_to_show_that_it_is_them_finds_the_choice_again(acme: Tenant, settings: LazySettings) -> None:
    settings.STEP_UP_SECONDS = 300
    client = acme.signed_in(acme.admin)
    age(client, 301)
    page = previewed(client, STRICT)
    fields = dict(HIDDEN.findall(page))
    answer = client.post(POLICIES, fields)
    assert answer["Location"].endswith(f"?next={PREVIEW.replace('/', '%2F')}") or PREVIEW in answer["Location"]
    assert modes(acme)["ninja-list-devices"] == ("auto", 1)
    age(client, 0)
    confirmed(client, client.get(PREVIEW).content.decode())
    assert modes(acme)["ninja-list-devices"] == (Mode.DISABLED.value, 1)
