"""What one does with a destination beside editing it, and with the webhook of an agent, which has its place on the
agent's page."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from approvals.models import Destination, Kind
from approvals.notices.destinations import (
    address_check,
    dead_revive,
    sample_send,
    secret_rotate,
    webhook_remove,
    webhook_save,
)
from integrations.audit import Actor
from integrations.models import Agent, User
from integrations.step_up import step_up
from integrations.tenant_admin import TenantModelAdmin, acting_member


class DestinationActions(TenantModelAdmin[Destination]):
    """Everything here is a POST of an MSP's admin who has just shown who they are."""

    def get_urls(self) -> list[URLPattern]:
        """Django's, and ours."""
        one, agent = "<uuid:destination_id>", "agent/<uuid:agent_id>/webhook"
        own = [
            (f"{one}/test/", self.test, "destination-test"),
            (f"{one}/secret/", self.secret, "destination-secret"),
            (f"{one}/again/", self.again, "destination-again-all"),
            (f"{one}/again/<uuid:message_id>/", self.again, "destination-again"),
            (f"{agent}/", self.webhook, "webhook-save"),
            (f"{agent}/remove/", self.remove, "webhook-remove"),
        ]
        view = self.admin_site.admin_view
        return [path(route, view(require_POST(act)), name=name) for route, act, name in own] + super().get_urls()

    def test(self, request: HttpRequest, destination_id: UUID) -> HttpResponse:
        """Send a test."""
        row = self._own(request, destination_id)
        if (ask := step_up(request, back=page_of(row))) is not None:
            return ask
        answer = sample_send(destination=row, actor=_actor(request))
        if answer.ok:
            messages.success(request, _("%(place)s took the test message.") % {"place": row.place or row.name})
        else:
            messages.error(request, _("The test message was not taken. %(error)s") % {"error": answer.error})
        return redirect(page_of(row))

    def secret(self, request: HttpRequest, destination_id: UUID) -> HttpResponse:
        """A new signing secret, shown this once."""
        row = self._own(request, destination_id)
        if (ask := step_up(request, back=page_of(row))) is not None:
            return ask
        if row.kind != Kind.WEBHOOK:
            raise Http404("There is no such page.")
        return self.shown(request, row, secret_rotate(destination=row, actor=_actor(request)), is_new=False)

    def again(self, request: HttpRequest, destination_id: UUID, message_id: UUID | None = None) -> HttpResponse:
        """Send a dead letter, or all of them, again."""
        row = self._own(request, destination_id)
        if (ask := step_up(request, back=page_of(row))) is not None:
            return ask
        count = dead_revive(destination=row, actor=_actor(request), message_id=message_id)
        if count:
            messages.success(
                request, ngettext("It is sent again.", "%(number)s are sent again.", count) % {"number": count}
            )
        else:
            messages.info(request, _("There was nothing to send again."))
        return redirect(page_of(row))

    def webhook(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        """Let the agent be told at an address."""
        agent = self._agent(request, agent_id)
        if (ask := step_up(request, back=_page_of_agent(agent_id))) is not None:
            return ask
        checked = address_check(Kind.WEBHOOK, request.POST.get("url", ""))
        if checked.error:
            messages.error(request, _("Nothing was saved. %(error)s") % {"error": checked.error})
            return redirect(_page_of_agent(agent_id))
        row, secret = webhook_save(agent=agent, actor=_actor(request), checked=checked)
        if secret:
            return self.shown(request, row, secret, is_new=True)
        messages.success(request, _("Saved. What waited is sent now."))
        return redirect(page_of(row))

    def remove(self, request: HttpRequest, agent_id: UUID) -> HttpResponse:
        """Tell the agent no more."""
        agent = self._agent(request, agent_id)
        if (ask := step_up(request, back=_page_of_agent(agent_id))) is not None:
            return ask
        row = Destination.objects.for_msp(agent.msp).filter(agent=agent).first()
        if row is not None:
            webhook_remove(destination=row, actor=_actor(request))
            messages.success(request, _("The webhook is removed."))
        return redirect(_page_of_agent(agent_id))

    def shown(self, request: HttpRequest, row: Destination, secret: str, *, is_new: bool) -> HttpResponse:
        """The page that shows a signing secret."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Signing secret"),
            "destination": row,
            "back": page_of(row),
            "secret": secret,
            "is_new": is_new,
        }
        return TemplateResponse(request, "admin/approvals/destination/secret.html", context)

    def _own(self, request: HttpRequest, destination_id: UUID) -> Destination:
        self._check(request)
        rows = Destination.objects.for_msp(acting_member(request).msp).select_related("msp", "agent")
        row = rows.filter(pk=destination_id).first()
        if row is None:
            raise Http404("There is no such page.")
        return row

    def _agent(self, request: HttpRequest, agent_id: UUID) -> Agent:
        self._check(request)
        agent = Agent.objects.for_msp(acting_member(request).msp).filter(pk=agent_id).select_related("msp").first()
        if agent is None:
            raise Http404("There is no such page.")
        return agent

    def _check(self, request: HttpRequest) -> None:
        """Rights first, so that nobody else learns anything about ids."""
        if not self._is_admin(request):
            raise PermissionDenied


def page_of(row: Destination) -> str:
    """Where a destination is looked after."""
    if row.agent_id is not None:
        return _page_of_agent(row.agent_id)
    return reverse("admin:approvals_destination_change", args=[row.pk])


def _page_of_agent(agent_id: UUID) -> str:
    return reverse("admin:integrations_agent_change", args=[agent_id])


def _actor(request: HttpRequest) -> Actor:
    return Actor.user(cast(User, request.user))
