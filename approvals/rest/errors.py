"""Every way to say no, as one JSON object. Never HTML, never a stack trace."""

from __future__ import annotations

import logging
import math
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed

from approvals.errors import GateError
from approvals.rest.responses import json_response, request_id_of

logger = logging.getLogger(__name__)

# Seconds to wait where whoever refused could not say how long.
RETRY_AFTER = {"rate_limited": 60, "too_many_pending": 60, "wait_saturated": 5, "upstream_unavailable": 30}

# No log tells it: for each line that strangers make they would make a million.
OTHER_HOST = _("This server does not answer under this name. Whoever runs it lists its names in ALLOWED_HOSTS.")

# It is away, or all connections of the pool are in use.
NO_DATABASE = "Countersign's database does not answer."
DATABASE_SECONDS = 5


def error_response(
    request: HttpRequest, *, status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    """`{"error": {...}, "request_id": ...}`; `more` are further keys of the error object."""
    error = {"code": code, "message": message, "retryable": False, "dispatch_started": False, **more}
    return json_response({"error": error, "request_id": request_id_of(request)}, status=status, headers=headers)


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse:
    """The answer to whatever an API view raised."""
    request: HttpRequest = context["request"]
    match exc:
        case GateError():
            return _refusal(request, exc)
        case AuthenticationFailed():
            return error_response(
                request,
                status=401,
                code="invalid_token",
                message="The agent key is missing, wrong, expired or revoked. Send Authorization: Bearer cs_...",
                headers={"WWW-Authenticate": "Bearer"},
            )
        case MethodNotAllowed():
            allowed = ", ".join(context["view"].allowed_methods)
            return error_response(
                request,
                status=405,
                code="method_not_allowed",
                message=f"{request.method} is not possible here. Allowed: {allowed}.",
                headers={"Allow": allowed},
            )
    return _crash(request, exc, may_have_sent=context["view"].may_have_sent)


def retry_after(code: str, seconds: float | None = None) -> dict[str, str]:
    """The Retry-After header of an error that may pass; nothing for one that does not."""
    known = seconds if seconds is not None else RETRY_AFTER.get(code)
    return {} if known is None else {"Retry-After": str(max(1, math.ceil(known)))}


def _refusal(request: HttpRequest, refusal: GateError) -> HttpResponse:
    errors = {} if refusal.errors is None else {"errors": refusal.errors}
    return error_response(
        request,
        status=refusal.http_status,
        code=refusal.code,
        message=refusal.message,
        headers=retry_after(refusal.code, refusal.retry_after),
        retryable=refusal.is_retryable,
        dispatch_started=refusal.dispatch_started,
        **errors,
        **refusal.extra,
    )


def _crash(request: HttpRequest, exc: BaseException | None, *, may_have_sent: bool) -> HttpResponse:
    """An error of our own. Once the gate had the call, only the ledger knows how far it came."""
    logger.error("Request %s failed", request_id_of(request), exc_info=exc)
    if not may_have_sent and isinstance(exc, OperationalError):
        return error_response(
            request,
            status=503,
            code="internal_error",
            message=f"{NO_DATABASE} Nothing was done. Try again later.",
            headers=retry_after("internal_error", DATABASE_SECONDS),
            retryable=True,
        )
    if not may_have_sent:
        return error_response(
            request,
            status=500,
            code="internal_error",
            message="Countersign failed before it did anything. Tell an admin the request_id.",
        )
    return error_response(
        request,
        status=500,
        code="internal_error",
        message="Countersign failed on the way, and the call may have been sent. Do not repeat it; look at next first, "
        "and tell an admin the request_id.",
        dispatch_started=True,
        next={"method": "GET", "url": "/api/v1/invocations?limit=10", "after_seconds": 5},
    )


# What Django answers when no view was reached: JSON under /api and /mcp, pages elsewhere.


def _is_api(request: HttpRequest) -> bool:
    return request.path in {"/api", "/mcp"} or request.path.startswith(("/api/", "/mcp/"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    if not _is_api(request):
        return _unread(request, exception)
    message = str(OTHER_HOST) if isinstance(exception, DisallowedHost) else "The request cannot be read."
    return error_response(request, status=400, code="malformed", message=f"{message} Nothing was done.")


def _unread(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for it: our own sentence, or a way back to the page that was asked for what it does not have."""
    is_found = request.method == "GET" and request.resolver_match is not None
    own = OTHER_HOST if isinstance(exception, DisallowedHost) else exception if type(exception) is BadRequest else ""
    context = {
        "reason": own,
        "page": request.path if is_found and request.META.get("QUERY_STRING") else "",
    }
    # A host that is not ours is refused before the language is known.
    with translation.override(settings.STAFF_LANGUAGE):
        return render(request, "400.html", context, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    return error_response(request, status=403, code="scope_denied", message="This is not allowed.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return error_response(request, status=404, code="not_found", message="There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500; Django has logged the exception, and is handling it."""
    if not _is_api(request):
        page = defaults.server_error(request)
        if isinstance(sys.exc_info()[1], OperationalError):
            page.status_code = 503
            page["Retry-After"] = str(DATABASE_SECONDS)
        return page
    return _crash(request, None, may_have_sent=request.method == "POST")
