"""The doors of agents and machines, where cookies count for nothing, and the short way to the views behind them.

Sessions, sign-in, messages and the rest of what makes pages are left out there: what does not look at a cookie cannot
be fooled by one, and costs nothing. What the other middleware would say of every answer is said at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import DisallowedHost, ImproperlyConfigured, MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from approvals.rest.responses import header_set, is_header_set

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# The documentation under /api is a page for people.
PATHS = re.compile(r"/(?:(?!api/v1/docs\Z)(?:api|mcp)(?:/.*)?|healthz|readyz|metrics)", re.DOTALL)
# So many names of this host are remembered as good; with a wildcard in ALLOWED_HOSTS there may be any number.
HOSTS = 64


class DoorsMiddleware:
    """Leads requests at doors straight to the view, past all that stands below it in MIDDLEWARE.

    Those for a host that is none of ours, and over HTTP where HTTPS is asked for, go on to Django's own middleware,
    which turns them away. Django builds the chain from the view outwards, and `InnermostMiddleware` is the first.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if InnermostMiddleware.view is None:
            raise ImproperlyConfigured("InnermostMiddleware must be the last one in MIDDLEWARE.")
        self.get_page, self.get_answer = get_response, InnermostMiddleware.view
        self.wants_https = settings.SECURE_SSL_REDIRECT
        # Balancers and Prometheus ask over plain HTTP, too.
        self.may_be_plain = [re.compile(pattern) for pattern in settings.SECURE_REDIRECT_EXEMPT]
        self.hosts: set[str] = set()
        self.headers = _written(_headers())
        self.secure_headers = self.headers | _written(_transport_security())

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        is_secure = request.is_secure()
        if (
            not PATHS.fullmatch(path)
            or not (is_secure or not self.wants_https or self._may_be_plain(path))
            or not self._is_for_us(request)
        ):
            return self.get_page(request)
        response = self.get_answer(request)
        headers: Any = response.headers
        # One step instead of a conversion for each. What the view said itself counts.
        headers._store = {**(self.secure_headers if is_secure else self.headers), **headers._store}  # noqa: SLF001 - see above
        if isinstance(response, HttpResponse) and not is_header_set(response, "Content-Length"):
            header_set(response, "Content-Length", str(len(response.content)))
        return response

    def _may_be_plain(self, path: str) -> bool:
        """As Django's SecurityMiddleware judges it."""
        return any(pattern.search(path.removeprefix("/")) for pattern in self.may_be_plain)

    def _is_for_us(self, request: HttpRequest) -> bool:
        host = request.META.get("HTTP_HOST", "")
        if host in self.hosts:
            return True
        try:
            request.get_host()
        except DisallowedHost:
            return False
        if len(self.hosts) < HOSTS:
            self.hosts.add(host)
        return True


class InnermostMiddleware:
    """Stands next to the view and tells `DoorsMiddleware` where that is."""

    view: ClassVar[GetResponse | None] = None

    def __init__(self, get_response: GetResponse) -> None:
        InnermostMiddleware.view = staticmethod(get_response)
        raise MiddlewareNotUsed


def _headers() -> dict[str, str]:
    """What pages get of SecurityMiddleware, XFrameOptionsMiddleware and the content security policy, for what is none:
    whatever a browser is made to show of it loads nothing and stands in no frame."""
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
    }


def _transport_security() -> dict[str, str]:
    """As SecurityMiddleware says it over HTTPS."""
    if not settings.SECURE_HSTS_SECONDS:
        return {}
    within = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    return {"Strict-Transport-Security": f"max-age={settings.SECURE_HSTS_SECONDS}{within}"}


def _written(headers: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Headers as Django keeps them."""
    kept: dict[str, tuple[str, str]] = HttpResponse(headers=headers).headers._store  # noqa: SLF001
    return {name: pair for name, pair in kept.items() if name != "content-type"}
