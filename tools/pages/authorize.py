"""The consent: out to NinjaOne and back.

A form that is answered with a redirect to NinjaOne would be stopped by `form-action 'self'`, which browsers apply to
the redirect too. So the POST answers a page that goes on to NinjaOne by itself. Our opener policy cuts the popup off
from the page that opened it; the way back is a broadcast on our own origin, and that page asks for the card again.
"""

from __future__ import annotations

import re

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import Connection
from integrations.ninjaone.connect import ConnectError, authorization_finish, authorization_start
from tools.pages.members import admin_action, person, rendered, with_connection

# What comes back, and the longest that is still believable.
LONGEST = {"state": 200, "code": 2000, "error": 100, "error_description": 1000}
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*")


SIGNED_OUT = gettext_lazy(
    "You are not signed in to Countersign in this browser. Nothing was changed. Sign in, then press the button again."
)
DAMAGED = gettext_lazy(
    "This address is not one that NinjaOne sends: %(what)s. Nothing was changed. Press the button again."
)


class CallbackError(ValueError):
    """The address was not made by NinjaOne answering us."""


def _start(request: HttpRequest, connection: Connection) -> HttpResponse:
    try:
        consent_url = authorization_start(
            connection=connection, user=person(request), session_key=request.session.session_key or ""
        )
    except ConnectError as error:
        return _answer(request, status=400, problem=error.message)
    page = rendered(request, "forward.html", title=_("Going to NinjaOne"), is_popup=True, consent_url=consent_url)
    return _private(page)


def callback(request: HttpRequest) -> HttpResponse:
    """Where NinjaOne sends the browser with a code, or with why there is none."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    # Not by way of the login page: the code would travel on in its address.
    if not admin.site.has_permission(request):
        return _answer(request, status=403, problem=str(SIGNED_OUT))
    try:
        answer = _parameters(request)
        connection = authorization_finish(user=person(request), session_key=request.session.session_key or "", **answer)
    except CallbackError as error:
        return _answer(request, status=400, problem=str(error))
    except ConnectError as error:
        return _answer(request, status=400, problem=error.message)
    return _answer(request, status=200, connection=connection)


def _parameters(request: HttpRequest) -> dict[str, str]:
    answer = {}
    for name, longest in LONGEST.items():
        values = request.GET.getlist(name)
        if len(values) > 1 or any(len(value) > longest or not PRINTABLE.fullmatch(value) for value in values):
            raise CallbackError(DAMAGED % {"what": _("%(name)s is damaged") % {"name": name}})
        answer[name] = values[0] if values else ""
    if not answer["state"] or bool(answer["code"]) == bool(answer["error"]):
        raise CallbackError(DAMAGED % {"what": _("a part is missing")})
    return answer


def _answer(
    request: HttpRequest,
    *,
    status: int,
    problem: str = "",
    connection: Connection | None = None,
) -> HttpResponse:
    page = rendered(
        request,
        "answer.html",
        status=status,
        title=_("NinjaOne is not connected") if problem else _("NinjaOne is connected"),
        is_popup=True,
        problem=problem,
        connection=connection,
    )
    return _private(page)


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


start = admin_action(with_connection(_start))
