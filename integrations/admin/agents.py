"""AI agents, what they may ask for, and their keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from integrations.agent_keys import KeyOverError, agent_key_issue, agent_key_revoke, agent_key_rotate
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.list_fields import AddressesField, NumbersField
from integrations.models import Agent, AgentKey, User
from integrations.step_up import AsksAgainMixin, step_up
from integrations.tenant_admin import TenantForm, TenantModelAdmin, local_time
from integrations.tool_choices import ToolsField

LIMITS = ("allowed_tools", "allowed_organizations", "allowed_addresses")
# How long a new key may live, in days; 0 for one that ends only when it is revoked.
LIFETIMES = {"0": None, "30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365)}
RATES = ("calls_per_minute", "writes_per_minute", "pending_limit")


class AgentForm(TenantForm):
    """An agent and its limits."""

    every_tool = forms.BooleanField(
        required=False,
        label=gettext_lazy("every tool that policy allows"),
        help_text=gettext_lazy("Untick it to choose single ones."),
    )
    allowed_tools = ToolsField(
        label=gettext_lazy("allowed tools"),
        help_text=gettext_lazy("What is not ticked is refused. None: no tool at all."),
    )
    allowed_organizations = NumbersField(
        label=gettext_lazy("allowed organizations"),
        required=False,
        help_text=gettext_lazy("NinjaOne organization ids, one a line. Empty: every organization."),
    )

    allowed_addresses = AddressesField(
        label=gettext_lazy("allowed addresses"),
        required=False,
        help_text=gettext_lazy("Addresses or ranges its keys may be used from, one a line. Empty: from everywhere."),
    )

    class Meta:
        model = Agent
        fields = ("name", "owner", "is_enabled", *LIMITS, *RATES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "every_tool" in self.fields:
            self.initial["every_tool"] = self.instance.allowed_tools is None

    def clean(self) -> dict[str, Any]:
        """One answer of two questions: None for every tool."""
        cleaned = super().clean() or {}
        if cleaned.get("every_tool"):
            cleaned["allowed_tools"] = None
        return cleaned

    @cached_property
    def changed_data(self) -> list[str]:
        """What is another now than before; of the two questions the answer counts."""
        names = [name for name in super().changed_data if name not in {"every_tool", "allowed_tools"}]
        is_same = self.cleaned_data.get("allowed_tools") == self.initial.get("allowed_tools")
        return names if is_same else [*names, "allowed_tools"]


@admin.register(Agent)
class AgentAdmin(AsksAgainMixin, TenantModelAdmin[Agent]):
    """Members look at agents; admins make them, limit them and give them keys."""

    form = AgentForm
    admins_add = True
    admins_change = True
    list_display = ("name", "owner", "is_enabled", "tools", "organizations", "last_used", "since")
    list_title = gettext_lazy("Agents")
    list_display_links = ("name",)
    search_fields = ("name",)
    change_form_template = "admin/integrations/agent/change_form.html"

    def get_fieldsets(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        """Its columns by what they are about; who may change them is asked for the tools in two steps."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        tools = ["every_tool"] if may_write else []
        return [
            (None, {"fields": ["name", "owner", "is_enabled"]}),
            (_("What it may ask for"), {"fields": [*tools, "allowed_tools", "allowed_organizations"]}),
            (_("From where"), {"fields": ["allowed_addresses"]}),
            (_("How much"), {"fields": RATES, "classes": ["beside"]}),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        """Agents with the last use of any of their keys."""
        keys = AgentKey.objects.filter(agent=OuterRef("pk"), last_used_at__isnull=False).order_by("-last_used_at")
        rows = super().get_queryset(request).select_related("msp", "owner")
        return rows.annotate(last_used_at=Subquery(keys.values("last_used_at")[:1]))

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

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The form; around it, for an agent that exists, its keys and where it reaches Countersign."""
        agent: Agent | None = kwargs.get("obj")
        keys = list(AgentKey.objects.for_msp(agent.msp).filter(agent=agent)) if agent else []
        context.update(keys=keys, agent=agent, **_places())
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Agent, post_url_continue: str | None = None) -> HttpResponse:
        """On to its page, where it gets the key that it is of no use without."""
        messages.success(
            request,
            _("%(agent)s is created. It has no key yet: make one below and give it to the agent.") % {"agent": obj},
        )
        return redirect(f"{_page_of(obj)}#content-start")

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
            messages.error(
                request, _("%(key)s does not work any more, so it was not replaced. Make a new key.") % {"key": key}
            )
            return redirect(_page_of(agent))
        messages.warning(
            request, _("%(key)s works for another 24 hours. Give the agent the new one until then.") % {"key": key}
        )
        return self._shown(request, agent, new, plaintext)

    def _shown(self, request: HttpRequest, agent: Agent, key: AgentKey, plaintext: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("New key for %(agent)s") % {"agent": agent},
            "agent": agent,
            "key": key,
            "plaintext": plaintext,
            **_places(),
        }
        return TemplateResponse(request, "admin/integrations/agent/key.html", context)

    def revoke(self, request: HttpRequest, agent_id: UUID, key_id: UUID) -> HttpResponse:
        """Revoke a key for its very next call. At once: what stops an agent is never held up by a question."""
        agent = self._own(request, agent_id)
        key = self._key(agent, key_id)
        if agent_key_revoke(key=key, actor=Actor.user(cast(User, request.user))):
            messages.success(request, _("%(key)s is revoked. Its next call is refused.") % {"key": key})
        else:
            messages.info(request, _("%(key)s was revoked before.") % {"key": key})
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

    @admin.display(description=gettext_lazy("Tools"))
    def tools(self, agent: Agent) -> str:
        """How many tools it may ask for."""
        return _("all") if agent.allowed_tools is None else str(len(agent.allowed_tools))

    @admin.display(description=gettext_lazy("Organizations"))
    def organizations(self, agent: Agent) -> str:
        """How many organizations it may touch."""
        return _("all") if agent.allowed_organizations is None else str(len(agent.allowed_organizations))

    @admin.display(description=gettext_lazy("Last used"), ordering="last_used_at")
    def last_used(self, agent: Agent) -> str:
        """When one of its keys was last used, to the minute."""
        return local_time(agent.last_used_at)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("Made"), ordering="created_at")
    def since(self, agent: Agent) -> str:
        """When it was made."""
        return local_time(agent.created_at)


def _page_of(agent: Agent) -> str:
    return reverse("admin:integrations_agent_change", args=[agent.pk])


def _places() -> dict[str, str]:
    """Where agents reach Countersign."""
    return {"api": f"{settings.PUBLIC_URL}/api/v1", "mcp": f"{settings.PUBLIC_URL}/mcp"}
