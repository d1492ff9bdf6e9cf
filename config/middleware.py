"""What every request passes: an id of its own, and no cache. What pages get: their language, and words for 405."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

from approvals.rest.responses import header_set, is_header_set
from integrations.addresses import hops_of, scheme_of
from integrations.log_context import REQUEST_ID
from integrations.traces import span

GetResponse = Callable[[HttpRequest], HttpResponseBase]
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
        request_id = given if ID_PATTERN.fullmatch(given) else os.urandom(16).hex()
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
        header_set(response, "X-Request-Id", request_id)
        if not is_header_set(response, "Cache-Control") and not request.path.startswith(settings.STATIC_URL):
            header_set(response, "Cache-Control", "no-store")
        return response


class LanguageMiddleware:
    """The language of this installation's people. Doors speak English, as agents do."""

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
