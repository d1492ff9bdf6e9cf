"""Features of Django's admin that find rows past the queryset: none can be switched on for a tenant's rows."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import models
from django.test import Client

from integrations.models import Agent, AgentKey, Connection, Membership, User
from integrations.tenant_admin import TenantForm, TenantModelAdmin, choices_of
from tests.cast import Tenant
from tests.integrations.dashboard.attacking import AGENTS, BASE, TEAM, membership, page_of, request_of, told_apart

MISUSES: dict[str, dict[str, Any]] = {
    "raw id label": {"raw_id_fields": ("owner",)},
    "autocomplete": {"autocomplete_fields": ("owner",)},
    "inline": {"inlines": (admin.TabularInline,)},
    "list edit": {"list_editable": ("name",)},
    "save as": {"save_as": True},
    "view on site": {"view_on_site": True},
    "action": {"actions": ("delete_selected",)},
    "filter by relation": {"list_filter": ("owner",)},
    "filter by relation with a class": {"list_filter": (("owner", admin.RelatedOnlyFieldListFilter),)},
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_class_that_opens_a_door_does_not_start(misuse: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        type("BaitAdmin", (TenantModelAdmin,), MISUSES[misuse])


def test_tenant_rows_shown_by_djangos_own_class_do_not_start() -> None:
    for model, shown_by in ((Connection, admin.ModelAdmin), (AgentKey, None)):
        with pytest.raises(ImproperlyConfigured, match="TenantModelAdmin"):
            admin.site.register(model, shown_by)
        assert not admin.site.is_registered(model)


def test_groups_permissions_and_sessions_have_no_page(acme: Tenant) -> None:
    for model in (Group, Permission, Session, ContentType, LogEntry):
        admin.site.register(model)  # as the apps that bring them do
        assert not admin.site.is_registered(model)
    root = acme.signed_in(User.objects.create_superuser("root"))
    for path in ("auth/group/", "auth/permission/", "sessions/session/", "admin/logentry/"):
        assert root.get(f"/dashboard/{path}").status_code == 404
        assert acme.signed_in(acme.admin).get(f"/dashboard/{path}").status_code == 404


def test_inlines_that_a_class_makes_up_at_run_time_are_left_out(acme: Tenant) -> None:
    keys = type("Keys", (admin.TabularInline,), {"model": AgentKey})
    page: Any = admin.site.get_model_admin(Agent)
    with patch.object(type(page), "get_inlines", lambda *_: [keys]):
        assert list(page.get_inline_instances(request_of(acme.admin), acme.agent)) == []


def test_view_on_site_redirects_tell_nothing(acme: Tenant, northwind: Tenant) -> None:
    kind = ContentType.objects.get_for_model(Agent).pk
    client = acme.signed_in(acme.admin)
    for tenant in (acme, northwind):
        assert client.get(f"/dashboard/r/{kind}/{tenant.agent.pk}/").status_code == 404


def test_autocomplete_finds_nobody(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    asked = "autocomplete/?app_label=integrations&model_name=agent&field_name=owner&term=northwind"
    assert client.get(f"/dashboard/{asked}").status_code == 404


def test_to_field_popups_find_no_row_by_another_column(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    for name in (northwind.agent.name, acme.agent.name):
        assert client.get(f"{AGENTS}{name}/change/?_to_field=name&_popup=1").status_code == 400
    assert client.get(f"{TEAM}?_to_field=user__password").status_code == 400
    assert not told_apart(
        client,
        f"{AGENTS}{northwind.agent.pk}/change/?_popup=1",
        f"{AGENTS}00000000-0000-4000-8000-000000000000/change/?_popup=1",
    )


def test_save_as_new_makes_no_copy(acme: Tenant, northwind: Tenant) -> None:
    posted = {"name": "copied", "owner": "", "is_enabled": "on", "_saveasnew": "Save as new"}
    client = acme.signed_in(acme.admin)
    client.post(f"{AGENTS}{northwind.agent.pk}/change/", posted)
    client.post(f"{AGENTS}{acme.agent.pk}/change/", posted)
    assert Agent.objects.count() == 2


def test_actions_with_foreign_ids_or_across_everything_do_nothing(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    for path, row in ((AGENTS, northwind.agent), (TEAM, Membership.objects.for_msp(northwind.msp)[0])):
        for across in ("0", "1"):
            posted = {
                "action": "delete_selected",
                "_selected_action": str(row.pk),
                "select_across": across,
                "post": "y",
            }
            client.post(path, {**posted, "index": "0"})
    assert (Agent.objects.count(), Membership.objects.count()) == (2, 8)


def test_list_edit_tampering_saves_nothing(acme: Tenant, northwind: Tenant) -> None:
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(northwind.agent.pk)}
    acme.signed_in(acme.admin).post(AGENTS, {**rows, "form-0-name": "taken", "_save": "Save"})
    assert not Agent.objects.filter(name="taken").exists()


def test_inline_tampering_saves_nothing(acme: Tenant, northwind: Tenant) -> None:
    rows = {"keys-TOTAL_FORMS": "1", "keys-INITIAL_FORMS": "1", "keys-0-id": str(northwind.key.pk)}
    posted = {"name": "helpdesk-bot", "is_enabled": "on", **rows, "keys-0-agent": str(acme.agent.pk)}
    acme.signed_in(acme.admin).post(f"{AGENTS}{acme.agent.pk}/change/", posted)
    assert AgentKey.objects.get(pk=northwind.key.pk).agent == northwind.agent


def test_delete_confirmations_list_nothing_that_hangs_on_a_row(acme: Tenant, northwind: Tenant) -> None:
    Membership.objects.create(msp=acme.msp, user=northwind.viewer)
    row = Membership.objects.get(msp=acme.msp, user=northwind.viewer)
    page = page_of(acme.signed_in(acme.admin), f"{TEAM}{row.pk}/delete/")
    assert "northwind-viewer" in page
    assert "Northwind" not in page
    told = admin.site.get_model_admin(Agent).get_deleted_objects([acme.agent], request_of(acme.admin))
    assert told == (["helpdesk-bot"], {"agents": 1}, set(), [])


def test_facets_count_nothing(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    for url in (AGENTS, "/dashboard/approvals/approvalrequest/"):
        assert client.get(f"{url}?_facets=True").context["cl"].add_facets is False


def test_choices_of_many_to_many_relations_are_the_msps_own(acme: Tenant, northwind: Tenant) -> None:
    page: Any = admin.site.get_model_admin(Agent)
    groups = User._meta.get_field("groups")
    assert not page.formfield_for_manytomany(groups, request_of(acme.admin)).queryset.exists()
    member = membership(acme, acme.admin)
    agents: Any = models.ManyToManyField(Agent)
    people: Any = models.ManyToManyField(User)
    assert set(choices_of(agents, member)) == {acme.agent}
    assert set(choices_of(people, member)) == {acme.admin, acme.approver, acme.second_approver, acme.viewer}


def test_a_form_that_asks_for_the_msp_does_not_start(acme: Tenant) -> None:
    class MembershipPage(TenantModelAdmin[Membership]):
        form = TenantForm
        fields = ("user", "msp")
        list_title = "Bait"

    with pytest.raises(ImproperlyConfigured, match="asks for the MSP"):
        MembershipPage(Membership, admin.site).get_form(request_of(acme.admin))


def test_a_row_that_a_form_moved_is_not_saved(acme: Tenant, northwind: Tenant) -> None:
    page: Any = admin.site.get_model_admin(Agent)
    moved = Agent.objects.get(pk=acme.agent.pk)
    moved.msp = northwind.msp
    with pytest.raises(PermissionDenied):
        page.save_model(request_of(acme.admin), moved, None, True)
    assert Agent.objects.get(pk=acme.agent.pk).msp == acme.msp


def test_recent_actions_and_log_entries_are_not_kept(acme: Tenant, northwind: Tenant) -> None:
    LogEntry.objects.create(
        user=northwind.admin, content_type=None, object_id="1", object_repr="northwind secret", action_flag=1
    )
    client: Client = acme.signed_in(acme.admin)
    client.post(f"{AGENTS}add/", {"name": "night-bot", "is_enabled": "on"})
    assert LogEntry.objects.count() == 1
    assert "northwind secret" not in page_of(client, "/dashboard/")
    assert client.get(f"{BASE}/agent/{acme.agent.pk}/history/").status_code == 404
