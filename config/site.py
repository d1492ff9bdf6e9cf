"""The staff's screen: Django's admin, for people with a membership or who operate the platform."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class DashboardSite(AdminSite):
    """Mounted at /dashboard/. Membership lets a person in; `is_staff` plays no part."""

    site_header = "Countersign"
    site_title = "Countersign"
    index_title = "Home"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Active members of any MSP, and superusers."""
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return False
        return user.is_superuser or user.memberships.exists()
