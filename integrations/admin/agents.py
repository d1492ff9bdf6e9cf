"""AI agents, what they may ask for, and their keys."""

from __future__ import annotations

import re
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from integrations.agent_keys import agent_key_issue, agent_key_revoke
from integrations.audit import Actor
from integrations.models import Agent, AgentKey, User
from integrations.step_up import step_up
from integrations.tenant_admin import TenantForm, TenantModelAdmin, local_time

RATES = ("calls_per_minute", "writes_per_minute", "pending_limit")
TOOL_ID = re.compile(r"[a-z0-9]+:[a-z0-9-]{1,48}")


class LinesField(forms.CharField):
    """A list, one entry a line; None when empty, which means no limit."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        """The list as lines."""
        return "\n".join(str(item) for item in value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is spaced."""
        return (initial or []) != str(data or "").split()

    def clean(self, value: Any) -> list[Any] | None:
        """The entries without repetitions."""
        entries = list(dict.fromkeys(str(value or "").replace(",", " ").split()))
        return [self.entry(text) for text in entries] or None

    def entry(self, text: str) -> Any:
        """One entry. Raises ValidationError."""
        if TOOL_ID.fullmatch(text) is None:
            raise ValidationError(f"“{text}” is not a tool id. One looks like ninjaone:ninja-list-devices.")
        return text


class NumbersField(LinesField):
    """A list of NinjaOne ids."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as text."""
        return super().has_changed([str(item) for item in initial or []], data)

    def entry(self, text: str) -> int:
        """A positive int32."""
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
            raise ValidationError(f"“{text}” is not a NinjaOne organization id. Use its number, such as 2.")
        return int(text)


class AgentForm(TenantForm):
    """An agent and its limits."""

    allowed_tools = LinesField(required=False, help_text="Tool ids, one a line. Empty: every tool that policy allows.")
    allowed_organizations = NumbersField(
        required=False, help_text="NinjaOne organization ids, one a line. Empty: every organization."
    )

    class Meta:
        model = Agent
        fields = ("name", "owner", "is_enabled", "allowed_tools", "allowed_organizations", *RATES)


@admin.register(Agent)
class AgentAdmin(TenantModelAdmin[Agent]):
    """Members look at agents; admins make them, limit them and give them keys."""

    form = AgentForm
    admins_add = True
    admins_change = True
    fields = ("name", "owner", "is_enabled", "allowed_tools", "allowed_organizations", *RATES)
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
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The agent with its keys."""
        agent = self.get_object(request, object_id)
        keys = list(AgentKey.objects.for_msp(agent.msp).filter(agent=agent)) if agent else []
        context = {"keys": keys, "agent": agent, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def issue(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        """Make a key and show it, this once."""
        agent = self._own(request, agent_id)
        if (ask := step_up(request, back=_page_of(agent))) is not None:
            return ask
        key, plaintext = agent_key_issue(agent=agent, actor=Actor.user(cast(User, request.user)))
        context = {
            **self.admin_site.each_context(request),
            "title": f"New key for {agent}",
            "agent": agent,
            "key": key,
            "plaintext": plaintext,
            "api": f"{settings.PUBLIC_URL}/api/v1",
        }
        return TemplateResponse(request, "admin/integrations/agent/key.html", context)

    def revoke(self, request: HttpRequest, agent_id: UUID, key_id: UUID) -> HttpResponse:
        """Revoke a key for its very next call. At once: what stops an agent is never held up by a question."""
        agent = self._own(request, agent_id)
        key = AgentKey.objects.for_msp(agent.msp).filter(agent=agent, pk=key_id).select_related("agent", "msp").first()
        if key is None:
            raise Http404("There is no such page.")
        if agent_key_revoke(key=key, actor=Actor.user(cast(User, request.user))):
            messages.success(request, f"{key} is revoked. Its next call is refused.")
        else:
            messages.info(request, f"{key} was revoked before.")
        return redirect(_page_of(agent))

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
