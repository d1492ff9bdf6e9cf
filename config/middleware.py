"""What every request passes: an id of its own, and no cache. And what only people's requests pass.

Agents and machines knock at doors where cookies count for nothing. Sessions, sign-in, messages and the rest of what
makes pages are left out there: what does not look at a cookie cannot be fooled by one, and costs nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable

from allauth.account.middleware import AccountMiddleware
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxMiddleware

from integrations.addresses import hops_of, scheme_of
from integrations.log_context import REQUEST_ID

GetResponse = Callable[[HttpRequest], HttpResponseBase]
Answer = HttpResponseBase | Awaitable[HttpResponseBase]
DOORS_WITHOUT_COOKIES = ("/api/", "/mcp", "/healthz", "/readyz", "/metrics")
ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{8,64}")


class ForwardedMiddleware:
    """With PROXY_HEADERS=forwarded the header `Forwarded` takes the place of the X-Forwarded headers.

    Servers give `X_Forwarded_For` the name of `X-Forwarded-For`, and of the two the last one wins: behind a proxy that
    passes the former on, anybody could choose an address. `Forwarded` has no dash, so no other name becomes it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if settings.PROXY_HEADERS != "forwarded":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"):
            request.META.pop(name, None)
        if "HTTP_FORWARDED" in request.META:
            hops = hops_of(request.META["HTTP_FORWARDED"])
            request.META["HTTP_X_FORWARDED_FOR"] = ", ".join(hop.address for hop in hops)
            request.META["HTTP_X_FORWARDED_PROTO"] = scheme_of(request, hops)
        return self.get_response(request)


class RequestIdMiddleware:
    """`X-Request-Id` on every response: the caller's where it is well-formed, else a new one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if ID_PATTERN.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        # Stands until the thread's next request: what is logged while the answer goes out is about this one, too.
        REQUEST_ID.set(request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        if not request.path.startswith(settings.STATIC_URL):
            response.setdefault("Cache-Control", "no-store")
        return response


def _is_page(request: HttpRequest) -> bool:
    return not request.path_info.startswith(DOORS_WITHOUT_COOKIES)


class PageSessionMiddleware(SessionMiddleware):
    """Sessions, for people."""

    def __call__(self, request: HttpRequest) -> Answer:
        return super().__call__(request) if _is_page(request) else self.get_response(request)


class PageAuthenticationMiddleware(AuthenticationMiddleware):
    """Who is signed in, for people."""

    def __call__(self, request: HttpRequest) -> Answer:
        return super().__call__(request) if _is_page(request) else self.get_response(request)


class PageMessageMiddleware(MessageMiddleware):
    """Notices on the next page, for people."""

    def __call__(self, request: HttpRequest) -> Answer:
        return super().__call__(request) if _is_page(request) else self.get_response(request)


class PageAccountMiddleware:
    """What django-allauth needs to know of a request, for people."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.accounts = AccountMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = (self.accounts if _is_page(request) else self.get_response)(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answers that django-allauth raises from deep inside."""
        if not _is_page(request):
            return None
        response: HttpResponseBase | None = self.accounts.process_exception(request, exception)
        return response


class PageHtmxMiddleware(HtmxMiddleware):
    """`request.htmx`, for people."""

    def __call__(self, request: HttpRequest) -> Answer:
        return super().__call__(request) if _is_page(request) else self.get_response(request)


class PagePolicyMiddleware(CSPMiddleware):
    """The content security policy, on everything that a browser might render."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """JSON is no page (and `nosniff` keeps it from becoming one)."""
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        return super().process_response(request, response)
