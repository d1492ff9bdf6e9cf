"""What every request passes: an id of its own, and no cache. And how agents pass by what only people need.

Agents and machines knock at doors where cookies count for nothing. Sessions, sign-in, messages and the rest of what
makes pages are left out there: what does not look at a cookie cannot be fooled by one, and costs nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import ClassVar

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

from integrations.addresses import hops_of, scheme_of
from integrations.log_context import REQUEST_ID
from integrations.traces import span

GetResponse = Callable[[HttpRequest], HttpResponseBase]
DOORS_WITHOUT_COOKIES = ("/api/", "/mcp", "/healthz", "/readyz", "/metrics")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
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
        method = request.method if request.method in METHODS else "_OTHER"  # OpenTelemetry's word for any other
        with span(method, kind="server", caller=request.META, method=method, request=request_id) as doing:
            response = self.get_response(request)
            # The route, not the path: ids and whatever strangers type into an address would be names of their own.
            if (match := request.resolver_match) is not None:
                doing.name(f"{method} /{match.route}")
                doing.tell(route=f"/{match.route}")
            doing.tell(status=response.status_code)
            if response.status_code >= 500:
                doing.failed()
        response["X-Request-Id"] = request_id
        if not request.path.startswith(settings.STATIC_URL):
            response.setdefault("Cache-Control", "no-store")
        return response


class DoorsMiddleware:
    """Leads requests at doors without cookies straight to the view, past all that stands below it in MIDDLEWARE.

    Django builds the chain from the view outwards, and `InnermostMiddleware` is the first that it makes.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if InnermostMiddleware.view is None:
            raise ImproperlyConfigured("InnermostMiddleware must be the last one in MIDDLEWARE.")
        self.get_page, self.get_answer = get_response, InnermostMiddleware.view

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_door = request.path_info.startswith(DOORS_WITHOUT_COOKIES)
        return (self.get_answer if is_door else self.get_page)(request)


class InnermostMiddleware:
    """Stands next to the view and tells `DoorsMiddleware` where that is."""

    view: ClassVar[GetResponse | None] = None

    def __init__(self, get_response: GetResponse) -> None:
        InnermostMiddleware.view = staticmethod(get_response)
        raise MiddlewareNotUsed


class LanguageMiddleware:
    """The language of this installation's people. What stands above `DoorsMiddleware` speaks English, as agents do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(settings.STAFF_LANGUAGE):
            return self.get_response(request)


class WrongMethodMiddleware:
    """A page for whoever opens the address of a button, as after signing in on the way: a bare 405 is white."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.content = render_to_string("405.html", request=request)
        return response


class PagePolicyMiddleware(CSPMiddleware):
    """The content security policy, on everything that a browser might render."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """JSON is no page (and `nosniff` keeps it from becoming one)."""
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        return super().process_response(request, response)
