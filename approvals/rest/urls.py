"""The REST API, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from approvals.rest import views
from approvals.rest.docs import DocsPage
from approvals.rest.schema import SchemaDocument

app_name = "api"

urlpatterns = [
    path("tools", views.ToolList.as_view()),
    path("tools/<str:tool>", views.ToolDetail.as_view()),
    path("tools/<str:tool>/invoke", views.ToolInvoke.as_view()),
    path("invocations", views.InvocationList.as_view()),
    path("invocations/<str:invocation_id>", views.InvocationDetail.as_view()),
    path("invocations/<str:invocation_id>/cancel", views.InvocationCancel.as_view()),
    path("me", views.Me.as_view()),
    path("schema", SchemaDocument.as_view(), name="schema"),
    path("docs", DocsPage.as_view(), name="docs"),
]
