"""The buttons that stop an agent, an MSP or everything, and the page on which somebody lets them go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from integrations.audit import Actor
from integrations.brakes import (
    agent_freeze,
    agent_unfreeze,
    everything_freeze,
    everything_unfreeze,
    is_everything_frozen,
    msp_freeze,
    msp_unfreeze,
)
from integrations.models import Agent, Membership, User
from integrations.platform_admin import is_operator
from integrations.step_up import step_up
from integrations.tenant_admin import acting_member

View = Callable[..., HttpResponse]


class UnfreezeForm(forms.Form):
    """Why it may go on."""

    reason = forms.CharField(
        label=gettext_lazy("Why may it go on?"),
        max_length=1000,
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": gettext_lazy("The script was ours: asked Dana on the phone, 14:20.")}
        ),
    )


class Stopped(NamedTuple):
    """What is let go on: its name, where one goes afterwards, and the deed, given actor and reason."""

    name: str
    back: str
    go_on: Callable[..., bool]


def may_brake(membership: Membership | None) -> bool:
    """Approvers and admins stop agents; letting them go on is for admins."""
    return membership is not None and (membership.is_approver or membership.is_admin)


def everything_frozen_for(membership: Membership | None) -> bool:
    """Whether everything is stopped, as it was read with the membership; anew for somebody without one."""
    known: bool | None = getattr(membership, "everything_frozen", None)
    return is_everything_frozen() if known is None else known


def agent_stop(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Stop one agent."""
    agent = _agent(request, agent_id, is_allowed=may_brake(acting_member(request)))
    is_new = agent_freeze(agent=agent, actor=_actor(request))
    return _stopped(
        request,
        is_new,
        _("%(agent)s is stopped. Nothing of it is sent any more.") % {"agent": agent},
        _agent_page(agent),
    )


def agent_go_on(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Let one agent go on."""
    agent = _agent(request, agent_id, is_allowed=acting_member(request).is_admin)
    return _go_on(request, Stopped(agent.name, _agent_page(agent), _with(agent_unfreeze, agent=agent)))


def msp_stop(request: HttpRequest) -> HttpResponse:
    """Stop every agent of the MSP."""
    membership = acting_member(request)
    if not may_brake(membership):
        raise PermissionDenied
    is_new = msp_freeze(msp=membership.msp, actor=_actor(request))
    return _stopped(
        request, is_new, _("Every agent of %(msp)s is stopped.") % {"msp": membership.msp}, reverse("admin:index")
    )


def msp_go_on(request: HttpRequest) -> HttpResponse:
    """Let the agents of the MSP go on."""
    membership = acting_member(request)
    if not membership.is_admin:
        raise PermissionDenied
    every = _("every agent of %(msp)s") % {"msp": membership.msp}
    return _go_on(request, Stopped(every, reverse("admin:index"), _with(msp_unfreeze, msp=membership.msp)))


def everything_stop(request: HttpRequest) -> HttpResponse:
    """Stop every agent of every MSP."""
    if not is_operator(request):
        raise PermissionDenied
    is_new = everything_freeze(actor=_actor(request))
    return _stopped(request, is_new, _("Every agent of every MSP is stopped."), reverse("admin:index"))


def everything_go_on(request: HttpRequest) -> HttpResponse:
    """Let them go on."""
    if not is_operator(request):
        raise PermissionDenied
    return _go_on(request, Stopped(_("every agent of every MSP"), reverse("admin:index"), everything_unfreeze))


def brake_urls(view: Callable[[View], View]) -> list[URLPattern]:
    """The addresses, each guarded by `view`."""
    return [
        path("stop/", view(require_POST(msp_stop)), name="msp-stop"),
        path("stop/agent/<uuid:agent_id>/", view(require_POST(agent_stop)), name="agent-stop"),
        path("stop/everything/", view(require_POST(everything_stop)), name="everything-stop"),
        path("go-on/", view(msp_go_on), name="msp-go-on"),
        path("go-on/agent/<uuid:agent_id>/", view(agent_go_on), name="agent-go-on"),
        path("go-on/everything/", view(everything_go_on), name="everything-go-on"),
    ]


def _go_on(request: HttpRequest, stopped: Stopped) -> HttpResponse:
    """The page that asks for a reason, and what it sends: the one place where anything is let go on."""
    form = UnfreezeForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST":
        if (ask := step_up(request, back=request.path)) is not None:
            return ask
        if form.is_valid():
            if stopped.go_on(actor=_actor(request), reason=form.cleaned_data["reason"]):
                messages.success(
                    request, _("%(name)s may go on. What was blocked meanwhile stays blocked.") % {"name": stopped.name}
                )
            return redirect(stopped.back)
    context = {
        **admin.site.each_context(request),
        "title": _("Let %(name)s go on?") % {"name": stopped.name},
        "form": form,
    }
    return TemplateResponse(request, "admin/go_on.html", {**context, "back": stopped.back})


def _stopped(request: HttpRequest, is_new: bool, words: str, back: str) -> HttpResponse:
    messages.warning(request, words if is_new else _("That was stopped before."))
    return redirect(back)


def _agent(request: HttpRequest, agent_id: UUID, *, is_allowed: bool) -> Agent:
    """Rights first, so that a viewer learns nothing about ids."""
    if not is_allowed:
        raise PermissionDenied
    agent = Agent.objects.for_msp(acting_member(request).msp).filter(pk=agent_id).select_related("msp").first()
    if agent is None:
        raise Http404("There is no such page.")
    return agent


def _with(deed: Callable[..., bool], **kwargs: Any) -> Callable[..., bool]:
    return lambda *, actor, reason: deed(actor=actor, reason=reason, **kwargs)


def _agent_page(agent: Agent) -> str:
    return reverse("admin:integrations_agent_change", args=[agent.pk])


def _actor(request: HttpRequest) -> Actor:
    return Actor.user(cast(User, request.user))
