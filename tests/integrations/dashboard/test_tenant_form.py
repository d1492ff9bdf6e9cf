from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.test import RequestFactory

from integrations.admin.agents import AgentAdmin
from integrations.models import Agent, AgentKey
from integrations.tenant_admin import CappedPaginator, local_time
from tests.cast import Tenant


def test_choices_of_a_tenant_model_are_the_msps_own(acme: Tenant, northwind: Tenant) -> None:
    request = RequestFactory().get("/")
    request.user = acme.admin
    request.session = {}  # type: ignore[assignment]
    field = AgentAdmin(Agent, admin.site).formfield_for_foreignkey(AgentKey._meta.get_field("agent"), request)
    assert field.queryset is not None
    assert list(field.queryset) == [acme.agent]


def test_choices_of_a_model_that_knows_no_tenants_are_none(acme: Tenant) -> None:
    request = RequestFactory().get("/")
    request.user = acme.admin
    request.session = {}  # type: ignore[assignment]
    group: models.ForeignKey[Group, Group] = models.ForeignKey(Group, on_delete=models.CASCADE)
    field = AgentAdmin(Agent, admin.site).formfield_for_foreignkey(group, request)
    assert field.queryset is not None
    assert not field.queryset.exists()


def test_a_list_is_counted_whole() -> None:
    assert CappedPaginator([1, 2, 3], 2).count == 3


def test_no_moment_is_a_dash() -> None:
    assert local_time(None) == "–"
