"""AI agents, what they may ask for, and their keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from integrations.agent_keys import KeyOverError, agent_key_issue, agent_key_revoke, agent_key_rotate
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.list_fields import AddressesField, LinesField, NumbersField
from integrations.models import Agent, AgentKey, User
from integrations.step_up import step_up
from integrations.tenant_admin import TenantForm, TenantModelAdmin, local_time

LIMITS = ("allowed_tools", "allowed_organizations", "allowed_addresses")
# How long a new key may live, in days; 0 for one that ends only when it is revoked.
LIFETIMES = {"0": None, "30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365)}
RATES = ("calls_per_minute", "writes_per_minute", "pending_limit")


class AgentForm(TenantForm):
    """An agent and its limits."""

    allowed_tools = LinesField(required=False, help_text="Tool ids, one a line. Empty: every tool that policy allows.")
    allowed_organizations = NumbersField(
        required=False, help_text="NinjaOne organization ids, one a line. Empty: every organization."
    )

    allowed_addresses = AddressesField(
        required=False, help_text="Addresses or ranges its keys may be used from, one a line. Empty: from everywhere."
    )

    class Meta:
        model = Agent
        fields = ("name", "owner", "is_enabled", *LIMITS, *RATES)


@admin.register(Agent)
class AgentAdmin(TenantModelAdmin[Agent]):
    """Members look at agents; admins make them, limit them and give them keys."""

    form = AgentForm
    admins_add = True
    admins_change = True
    fields = ("name", "owner", "is_enabled", *LIMITS, *RATES)
    list_display = ("name", "owner", "is_enabled", "tools", "organizations", "since")
    list_title = "Agents"
    list_display_links = ("name",)
    list_select_related = ("owner", "msp")
    search_fields = ("name",)
    change_form_template = "admin/integrations/agent/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the two things one does with keys."""
        own = [
            path("<uuid:agent_id>/keys/", self.admin_site.admin_view(require_POST(self.issue)), name="agent-key-issue"),
            path(
                "<uuid:agent_id>/keys/<uuid:key_id>/revoke/",
                self.admin_site.admin_view(require_POST(self.revoke)),
                name="agent-key-revoke",
            ),
        ]
        rotate = self.admin_site.admin_view(require_POST(self.rotate))
        own.append(path("<uuid:agent_id>/keys/<uuid:key_id>/rotate/", rotate, name="agent-key-rotate"))
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The agent with its keys."""
        agent = self.get_object(request, object_id)
        keys = list(AgentKey.objects.for_msp(agent.msp).filter(agent=agent)) if agent else []
        context = {"keys": keys, "agent": agent, "mcp": f"{settings.PUBLIC_URL}/mcp", **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def issue(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        """Make a key and show it, this once."""
        agent = self._own(request, agent_id)
        if (ask := step_up(request, back=_page_of(agent))) is not None:
            return ask
        lifetime = LIFETIMES.get(request.POST.get("days", "0"), LIFETIMES["30"])
        key, plaintext = agent_key_issue(
            agent=agent,
            actor=Actor.user(cast(User, request.user)),
            expires_at=None if lifetime is None else database_now() + lifetime,
        )
        return self._shown(request, agent, key, plaintext)

    def rotate(self, request: HttpRequest, agent_id: UUID, key_id: UUID) -> HttpResponse:
        """Make a key in place of another one, which works for another day, and show it, this once."""
        agent = self._own(request, agent_id)
        key = self._key(agent, key_id)
        if (ask := step_up(request, back=_page_of(agent))) is not None:
            return ask
        try:
            new, plaintext = agent_key_rotate(key=key, actor=Actor.user(cast(User, request.user)))
        except KeyOverError:
            messages.error(request, f"{key} does not work any more, so it was not replaced. Make a new key.")
            return redirect(_page_of(agent))
        messages.warning(request, f"{key} works for another 24 hours. Give the agent the new one until then.")
        return self._shown(request, agent, new, plaintext)

    def _shown(self, request: HttpRequest, agent: Agent, key: AgentKey, plaintext: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"New key for {agent}",
            "agent": agent,
            "key": key,
            "plaintext": plaintext,
            "api": f"{settings.PUBLIC_URL}/api/v1",
            "mcp": f"{settings.PUBLIC_URL}/mcp",
        }
        return TemplateResponse(request, "admin/integrations/agent/key.html", context)

    def revoke(self, request: HttpRequest, agent_id: UUID, key_id: UUID) -> HttpResponse:
        """Revoke a key for its very next call. At once: what stops an agent is never held up by a question."""
        agent = self._own(request, agent_id)
        key = self._key(agent, key_id)
        if agent_key_revoke(key=key, actor=Actor.user(cast(User, request.user))):
            messages.success(request, f"{key} is revoked. Its next call is refused.")
        else:
            messages.info(request, f"{key} was revoked before.")
        return redirect(_page_of(agent))

    def _key(self, agent: Agent, key_id: UUID) -> AgentKey:
        key = AgentKey.objects.for_msp(agent.msp).filter(agent=agent, pk=key_id).select_related("agent", "msp").first()
        if key is None:
            raise Http404("There is no such page.")
        return key

    def _own(self, request: HttpRequest, agent_id: UUID) -> Agent:
        """The agent, for an admin of its MSP. Rights first, so that a viewer learns nothing about ids."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        agent = self.get_object(request, str(agent_id))
        if agent is None:
            raise Http404("There is no such page.")
        return agent

    @admin.display(description="Tools")
    def tools(self, agent: Agent) -> str:
        """How many tools it may ask for."""
        return "all" if agent.allowed_tools is None else str(len(agent.allowed_tools))

    @admin.display(description="Organizations")
    def organizations(self, agent: Agent) -> str:
        """How many organizations it may touch."""
        return "all" if agent.allowed_organizations is None else str(len(agent.allowed_organizations))

    @admin.display(description="Made", ordering="created_at")
    def since(self, agent: Agent) -> str:
        """When it was made."""
        return local_time(agent.created_at)


def _page_of(agent: Agent) -> str:
    return reverse("admin:integrations_agent_change", args=[agent.pk])
