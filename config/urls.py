"""Every door of the product."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from approvals.rest.views import NoSuchEndpoint
from config.health import healthz, readyz
from config.metrics import metrics

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include("approvals.rest.urls")),
    path("", include("approvals.mcp.urls")),
    re_path(r"^api(?:/|$)", NoSuchEndpoint.as_view()),
    re_path(r"^mcp/", NoSuchEndpoint.as_view()),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("dashboard/integrations/", include("tools.urls")),
    path("dashboard/", include("config.accounts")),
    path("dashboard/", admin.site.urls),
]

# JSON for everything under /api and /mcp, pages elsewhere.
handler400 = "approvals.rest.errors.bad_request"
handler403 = "approvals.rest.errors.permission_denied"
handler404 = "approvals.rest.errors.not_found"
handler500 = "approvals.rest.errors.server_error"
