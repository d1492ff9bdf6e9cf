"""The staff's screen: Django's admin, for people with a membership or who operate the platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import QuerySet
from django.db.models.base import ModelBase
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from approvals.display.clock import zone_of
from approvals.display.home import home_of
from approvals.display.queue import Waiting, waiting_now
from integrations.access import SESSION_KEY, memberships_of, memberships_seen
from integrations.brake_pages import brake_urls, everything_frozen_for, may_brake
from integrations.first_steps_page import first_steps_urls
from integrations.form_tokens import is_page_of_another
from integrations.models import Membership
from integrations.people.lockout import was_locked_out
from integrations.people.records import OwnPasswordForm
from integrations.people.second_factor import second_factor_missing
from integrations.platform_admin import PlatformAdmin
from integrations.retention_page import retention_urls
from integrations.rules_page import rules_urls
from integrations.tenant_admin import TenantModelAdmin, member_of
from integrations.visit_pages import visit_urls
from integrations.visits import visit_record

# "View on site" and the search for choices tell existing from foreign rows. Nothing here has a page outside the
# dashboard, and no form searches.
WITHOUT = {"view_on_site", "autocomplete"}
# Whose models have pages here.
ROOMS = {"integrations", "tools", "approvals"}


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One line of the side navigation."""

    label: str
    url: str
    icon: str
    is_current: bool
    count: int = 0


class DashboardSite(AdminSite):
    """Mounted at /dashboard/. Membership lets a person in; `is_staff` plays no part."""

    site_header = "Countersign"
    site_title = "Countersign"
    index_title = gettext_lazy("Home")
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Models of our own, each by the class that fits it; other people's admin pages know no tenants."""
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else [*model_or_iterable]
        for model in (model for model in models if model._meta.app_label in ROOMS):
            registration_check(model, admin_class)
            super().register(model, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Active members of any MSP, and active superusers."""
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return False
        return (user.is_superuser or member_of(request) is not None) and not second_factor_missing(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's, with every time on the page in the zone of the MSP."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def zoned(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if second_factor_missing(request):
                return redirect("mfa_index")
            membership = member_of(request)
            is_left = is_page_of_another(request, membership)
            if is_left and membership is not None and request.method == "POST":
                return _left(request, membership)
            if membership is not None and membership.visit_reason:
                visit_record(request, membership)
            # Only PostgreSQL keeps plans.
            planned_afresh = getattr(connection, "planned_afresh", nullcontext)
            with planned_afresh(), timezone.override(zone_of(membership.msp.time_zone if membership else "UTC")):
                response: HttpResponseBase = guarded(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
            is_poll = bool(getattr(request, "htmx", False))
            # A page left open past its session reloads, instead of showing the sign-in page inside its list.
            is_over = is_left or response.status_code == 302
            return HttpResponseClientRefresh() if is_poll and is_over else response

        return zoned

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's, without what can tell foreign rows from none, and with the switch between MSPs."""
        urls = [url for url in super().get_urls() if getattr(url, "name", None) not in WITHOUT]
        own = [*brake_urls(self.admin_view), *visit_urls(self.admin_view), *rules_urls(self.admin_view)]
        own += [*first_steps_urls(self.admin_view), *retention_urls(self.admin_view)]
        return [*own, path("switch/", self.admin_view(require_POST(self.switch)), name="switch"), *urls]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Django's, with a form that puts the change on record; 429 to somebody who is locked out."""
        context = {**self.each_context(request), **(extra_context or {})}
        done = reverse("admin:password_change_done")
        view = PasswordChangeView.as_view(form_class=OwnPasswordForm, success_url=done, extra_context=context)
        response = cast(TemplateResponse, view(request))
        if was_locked_out(request):
            response.status_code = 429
        return response

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the dashboard shows: whose it is, what waits, where to go."""
        is_allowed = self.has_permission(request)
        membership = member_of(request) if is_allowed else None
        waiting = waiting_now(membership.msp) if membership else Waiting()
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": is_allowed,
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
            "available_apps": [],
            "membership": membership,
            "everything_frozen": is_allowed and everything_frozen_for(membership),
            "may_brake": may_brake(membership),
            "memberships": memberships_seen(request) if is_allowed else [],
            "waiting": waiting,
            "navigation": list(_navigation(request, waiting.count)) if is_allowed else [],
        }

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """None: Django's log knows no tenants. The audit is the record."""
        return LogEntry.objects.none()

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The home page: what waits, and whether the connection works."""
        membership = member_of(request)
        context = {**self.each_context(request), "title": self.index_title, **(extra_context or {})}
        if membership is not None:
            context["home"] = home_of(membership.msp, context["waiting"])
        return TemplateResponse(request, "admin/index.html", context)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Nothing of its own to show."""
        return redirect("admin:index")

    def switch(self, request: HttpRequest) -> HttpResponse:
        """Work for another MSP of this person from now on."""
        for membership in memberships_of(request):
            if str(membership.msp_id) == _uuid_text(request.POST.get("msp", "")):
                request.session[SESSION_KEY] = str(membership.msp_id)
                return redirect("admin:index")
        raise Http404


def registration_check(model: Any, admin_class: Any) -> None:
    """Raises ImproperlyConfigured where rows of tenants would be shown by a class that does not keep them apart."""
    is_tenants = any(field.name == "msp" for field in model._meta.get_fields() if not field.auto_created)
    wanted = TenantModelAdmin if is_tenants else PlatformAdmin
    if not (isinstance(admin_class, type) and issubclass(admin_class, wanted)):
        raise ImproperlyConfigured(f"{model.__name__} must be registered with a {wanted.__name__}.")


def _left(request: HttpRequest, membership: Membership) -> HttpResponse:
    """For a form of an MSP that this person left for another, in another tab."""
    messages.error(
        request,
        _(
            "Nothing was done: that page was of another MSP, and you work for %(msp)s now. Switch back, then press the "
            "button again."
        )
        % {"msp": membership.msp},
    )
    return redirect("admin:index")


def _uuid_text(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _navigation(request: HttpRequest, waiting: int) -> Iterator[NavigationItem]:
    home = reverse("admin:index")
    yield NavigationItem(_("Home"), home, "home", request.path == home)
    entries: list[tuple[str, str, str, int]] = []
    membership = member_of(request)
    if membership is not None:
        entries += [
            (_("Approvals"), reverse("admin:approvals_approvalrequest_changelist"), "approvals", waiting),
            (_("Activity"), reverse("admin:approvals_invocation_changelist"), "activity", 0),
            (_("Integrations"), f"{home}integrations/", "integrations", 0),
            (_("Agents"), reverse("admin:integrations_agent_changelist"), "agents", 0),
            (_("Team"), reverse("admin:integrations_membership_changelist"), "team", 0),
            (_("Audit"), reverse("admin:integrations_auditevent_changelist"), "audit", 0),
        ]
        if membership.is_admin:
            entries += [
                (_("Settings"), reverse("admin:msp-rules"), "settings", 0),
                (_("Notices"), reverse("admin:approvals_destination_changelist"), "notices", 0),
            ]
    if getattr(request.user, "is_superuser", False):
        entries += [
            (_("MSPs"), reverse("admin:integrations_msp_changelist"), "msps", 0),
            (_("Users"), reverse("admin:integrations_user_changelist"), "users", 0),
        ]
    current = max((url for _, url, _, _ in entries if request.path.startswith(url)), key=len, default="")
    for label, url, icon, count in entries:
        yield NavigationItem(label, url, icon, url == current, count)
