"""Attacks on rows, lists and choices of another MSP, each by its name."""

from __future__ import annotations

import uuid

import pytest

from approvals.models import Invocation
from integrations.models import Agent, AuditEvent, Membership
from tests.approvals.asking import ask
from tests.cast import Tenant
from tests.integrations.dashboard.attacking import AGENTS, AUDIT, BASE, TEAM, membership, page_of, told_apart

LISTS = (AGENTS, TEAM, AUDIT, "/dashboard/approvals/approvalrequest/", "/dashboard/approvals/invocation/")


@pytest.fixture
def foreign(northwind: Tenant) -> Invocation:
    Agent.objects.filter(pk=northwind.agent.pk).update(name="northwind-bot")
    return ask(northwind, "ninja-reboot-device", device_id=43)


def test_changelists_show_nothing_foreign(acme: Tenant, northwind: Tenant, foreign: Invocation) -> None:
    for url in LISTS:
        page = page_of(acme.signed_in(acme.admin), url)
        assert "acme" in page.lower()
        assert "northwind" not in page.lower()
        assert str(foreign.pk) not in page


def test_list_filters_offer_and_take_nothing_foreign(acme: Tenant, northwind: Tenant, foreign: Invocation) -> None:
    client = acme.signed_in(acme.admin)
    for url in LISTS[3:]:
        assert str(northwind.agent.pk) not in page_of(client, url)
        assert str(foreign.pk) not in page_of(client, f"{url}?agent={northwind.agent.pk}&show=all")
        assert not told_apart(client, f"{url}?agent={northwind.agent.pk}", f"{url}?agent={uuid.uuid4()}")


def test_free_lookups_ask_no_questions_about_secrets(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    # The history is no list of Django's: it takes its own filters and looks at nothing else.
    row = ask(acme, "ninja-get-device", device_id=43)
    for lookup in ("msp__name=x", "agent__keys__digest__startswith=a"):
        assert [one.id for one in client.get(f"{LISTS[-1]}?{lookup}").context["rows"]] == [row.pk]
    for url in LISTS[:-1]:
        for lookup in ("msp__name=x", "agent__keys__digest__startswith=a", "user__password__startswith=m", "id=1"):
            assert client.get(f"{url}?{lookup}").status_code == 400


def test_search_finds_nothing_foreign(acme: Tenant, northwind: Tenant, foreign: Invocation) -> None:
    client = acme.signed_in(acme.admin)
    for url in LISTS:
        for words in ("northwind", str(northwind.agent.pk), str(foreign.pk), "' OR 1=1 --"):
            page = client.get(url, {"q": words})
            assert page.status_code == 200
            if url == LISTS[-1]:
                assert page.context["rows"] == []
            else:
                assert not [row for row in page.context["cl"].result_list if row.msp_id != acme.msp.pk]


def test_foreign_ids_equal_nonexistent_ones_for_change_and_history(acme: Tenant, northwind: Tenant) -> None:
    event = AuditEvent.objects.for_msp(northwind.msp)[0]
    rows = {AGENTS: northwind.agent.pk, TEAM: membership(northwind, northwind.viewer).pk, AUDIT: event.pk}
    client = acme.signed_in(acme.admin)
    for path, pk in rows.items():
        for view in ("", "change/", "history/", "delete/"):
            assert not told_apart(client, f"{path}{pk}/{view}", f"{path}{uuid.uuid4()}/{view}")
            assert not told_apart(client, f"{path}{pk}/{view}", f"{path}{uuid.uuid4()}/{view}", post="yes")


def test_foreign_key_choices_offer_nobody_foreign(acme: Tenant, northwind: Tenant) -> None:
    page = page_of(acme.signed_in(acme.admin), f"{AGENTS}{acme.agent.pk}/change/")
    assert str(acme.viewer.pk) in page
    assert str(northwind.viewer.pk) not in page


def test_posted_foreign_keys_are_no_choices(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    pages = {
        page_of(client, f"{AGENTS}{acme.agent.pk}/change/", name="bot", owner=str(pk)).replace(str(pk), "")
        for pk in (northwind.viewer.pk, uuid.uuid4())
    }
    assert all("Select a valid choice" in page for page in pages)
    assert Agent.objects.get(pk=acme.agent.pk).owner == acme.admin


def test_initial_values_in_the_address_show_nobody_foreign(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    assert "northwind" not in page_of(client, f"{AGENTS}add/?owner={northwind.viewer.pk}&msp={northwind.msp.pk}")
    page_of(client, f"{AGENTS}add/?msp={northwind.msp.pk}", name="night-bot", is_enabled="on")
    assert Agent.objects.get(name="night-bot").msp == acme.msp


def test_related_object_links_lead_nowhere(acme: Tenant) -> None:
    page = page_of(acme.signed_in(acme.admin), f"{AGENTS}{acme.agent.pk}/change/")
    assert "related-widget" not in page
    assert f"{BASE}/user/" not in page


def test_a_row_is_not_moved_to_another_msp(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    theirs = {"msp": str(northwind.msp.pk), "msp_id": str(northwind.msp.pk), "id": str(northwind.agent.pk)}
    client.post(f"{AGENTS}{acme.agent.pk}/change/", {"name": "moved", "is_enabled": "on", **theirs})
    assert Agent.objects.get(pk=acme.agent.pk).msp == acme.msp
    assert Agent.objects.get(name="moved").msp == acme.msp
    assert Agent.objects.get(pk=northwind.agent.pk).name == "helpdesk-bot"
    client.post(f"{TEAM}{membership(acme, acme.viewer).pk}/change/", theirs)
    assert Membership.objects.for_msp(acme.msp).count() == 4


def test_uniqueness_tells_nothing_about_foreign_names(acme: Tenant, northwind: Tenant) -> None:
    Agent.objects.filter(pk=northwind.agent.pk).update(name="only-at-northwind")
    posted = {"name": "only-at-northwind", "is_enabled": "on"}
    assert acme.signed_in(acme.admin).post(f"{AGENTS}add/", posted).status_code == 302
    assert Agent.objects.for_msp(acme.msp).filter(name="only-at-northwind").exists()


def test_uniqueness_does_not_lead_to_a_foreign_id(acme: Tenant, northwind: Tenant) -> None:
    posted = {"name": "night-bot", "is_enabled": "on", "id": str(northwind.agent.pk), "pk": str(northwind.agent.pk)}
    assert acme.signed_in(acme.admin).post(f"{AGENTS}add/", posted).status_code == 302
    assert Agent.objects.get(name="night-bot").pk != northwind.agent.pk
