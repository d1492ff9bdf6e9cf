"""Django's handler with a memory for the addresses that name no row of the database, which closes what will stop."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch
from django.utils.http import parse_header_parameters
from django.utils.log import log_response

from approvals.rest.responses import JsonAnswer
from config.doors import PATHS
from integrations.stopping import is_stopping
from tools.registry import find_tool

if TYPE_CHECKING:
    from wsgiref.types import StartResponse


class Request(WSGIRequest):
    """A request whose Content-Type may be anything: over odd ones Django would fail before anybody can answer.

    Everything here is UTF-8, whatever a header says.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    """Finds the view of `/api/v1/tools` and the like once instead of matching every pattern with every request."""

    request_class = Request
    # Of routes that are an address themselves, and of those that name a tool: no more than patterns times tools.
    _fixed: ClassVar[dict[str, ResolverMatch]] = {}
    # Those of them whose views Django would look at, and leave as they are, with every request.
    _direct: ClassVar[dict[str, ResolverMatch]] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> HttpResponseBase:
        """Django's own way for pages. For doors the same without what nothing there listens to or looks at: signals,
        a prefix and URLs of other sites, cookies, files."""
        if not PATHS.fullmatch(environ["PATH_INFO"]):
            return super().__call__(environ, start_response)
        # What the signal at the start of a request is for: one that broke is not used again.
        connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        response: Any = self._answered(Request(environ))
        response._handler_class = Handler  # noqa: SLF001 - as Django does; it tells when all is sent
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.headers._store.values()])  # noqa: SLF001
        return cast(HttpResponseBase, response)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The answer. A connection on which nobody may ask again ends with it, while there is still time to say so."""
        return _last_one(super().get_response(request))

    def _answered(self, request: HttpRequest) -> HttpResponseBase:
        """The same at a door, where addresses are those of ROOT_URLCONF and the thread need not be told so."""
        response: Any = self._middleware_chain(request)  # type: ignore[attr-defined]
        response._resource_closers.append(request.close)  # noqa: SLF001 - as Django does
        if response.status_code >= 400:
            # What goes wrong behind the agents' doors has a line of its own, with a traceback. That NinjaOne is not
            # connected, or said no, was answered, and comes with every call of an agent that goes on asking.
            level = "warning" if isinstance(response, JsonAnswer) else None
            log_response(
                "%s: %s", response.reason_phrase, request.path, response=response, request=request, level=level
            )
        return _last_one(cast(HttpResponseBase, response))

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        """What the view says: at once where all that Django looks at on the way is known."""
        match = self._direct.get(request.path_info)
        if match is None:
            return cast(HttpResponseBase, super()._get_response(request))  # type: ignore[misc]
        request.resolver_match = match
        return cast(HttpResponseBase, match.func(request, *match.args, **match.kwargs))

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The view of the address. Raises Resolver404."""
        known = self._fixed.get(request.path_info)
        if known is not None:
            request.resolver_match = known
            return known
        match = super().resolve_request(request)
        if _is_fixed(match, request.path_info):
            self._fixed[request.path_info] = match
            if PATHS.fullmatch(request.path_info) and self._is_left_alone(match.func):
                self._direct[request.path_info] = match
        return match

    def _is_left_alone(self, view: Any) -> bool:
        """Whether it needs no CSRF token, no transaction around it and no event loop. At doors nothing else is asked:
        exceptions are theirs to answer, and no response is a template."""
        is_exempt = getattr(view, "csrf_exempt", False)
        return is_exempt and self.make_view_atomic(view) is view and not iscoroutinefunction(view)


def _last_one(response: HttpResponseBase) -> HttpResponseBase:
    """The response, which says so when it is the last one on its connection."""
    if is_stopping():
        response.headers["Connection"] = "close"
    return response


def _is_fixed(match: ResolverMatch, path: str) -> bool:
    return f"/{match.route}" == path or (
        match.kwargs.keys() == {"tool"} and find_tool(match.kwargs["tool"]) is not None
    )
