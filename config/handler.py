"""Django's handler with a memory for the addresses that name no row."""

from __future__ import annotations

from typing import ClassVar

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.urls import ResolverMatch


class Handler(WSGIHandler):
    """Finds the view of `/api/v1/tools` and the like once instead of matching every pattern with every request."""

    # Only of routes that are an address themselves, so there are never more than patterns.
    _fixed: ClassVar[dict[str, ResolverMatch]] = {}

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The view of the address. Raises Resolver404."""
        known = self._fixed.get(request.path_info)
        if known is not None:
            request.resolver_match = known
            return known
        match = super().resolve_request(request)
        if f"/{match.route}" == request.path_info:
            self._fixed[request.path_info] = match
        return match
