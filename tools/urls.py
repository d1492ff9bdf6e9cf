"""The integration pages, under /dashboard/integrations/."""

from __future__ import annotations

from django.urls import path

from tools.pages import authorize, connection, detail, policies, runner

app_name = "integrations"

urlpatterns = [
    path("", detail.cards, name="integration-list"),
    path("ninjaone/", detail.ninjaone, name="ninjaone-detail"),
    path("ninjaone/state", detail.state, name="ninjaone-state"),
    path("ninjaone/connection", connection.save, name="ninjaone-save"),
    path("ninjaone/test", connection.test, name="ninjaone-test"),
    path("ninjaone/disconnect", connection.disconnect, name="ninjaone-disconnect"),
    path("ninjaone/authorize", authorize.start, name="ninjaone-authorize"),
    # Registered in NinjaOne and compared there byte for byte: no slash at its end.
    path("ninjaone-callback", authorize.callback, name="ninjaone-callback"),
    path("ninjaone/runner", runner.save, name="runner-save"),
    path("ninjaone/runner/remove", runner.remove, name="runner-remove"),
    path("ninjaone/policies", policies.save, name="policy-save"),
    path("ninjaone/policies/preview", policies.preview, name="policy-preview"),
    path("ninjaone/policies/reviewed", policies.reviewed, name="policy-reviewed"),
]
