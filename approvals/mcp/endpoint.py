"""MCP over Streamable HTTP, whatever the server behind it offers: one plain view, one POST, one answer, no session.

Facts of the transport stand in basic/transports/streamable-http (2026-07-28) and basic/transports (2025-11-25).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import decorator_from_middleware
from django.utils.deprecation import MiddlewareMixin
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from approvals.errors import GateError
from approvals.mcp.eras import Terms, terms_of
from approvals.mcp.messages import Message, RequestId, id_of, message_of
from approvals.mcp.protocol import (
    CACHEABLE,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    LEGACY,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    SERVER_KEY,
    SUPPORTED,
    ProtocolError,
    Result,
)
from approvals.rest.errors import NO_DATABASE, error_response
from approvals.rest.parser import json_body
from approvals.rest.responses import json_response, request_id_of
from integrations.agent_keys import InvalidKeyError

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """A request on its way to its method."""

    message: Message
    terms: Terms
    request: HttpRequest
    # Set once the gate has the call: an error of ours after that may leave something sent.
    may_have_sent: bool = False

    @property
    def params(self) -> dict[str, Any]:
        """The parameters."""
        return self.message.params

    @property
    def request_id(self) -> str:
        """The id of the HTTP request."""
        return request_id_of(self.request)


Method = Callable[[Call], Result]


class CrashMiddleware(MiddlewareMixin):
    """What a client gets when we fail, instead of a page. Django does the catching."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        """-32603. Once the gate had the call, only the ledger knows how far it came."""
        request_id = request_id_of(request)
        logger.error("Request %s failed", request_id, exc_info=exception)
        call: Call | None = getattr(request, "mcp_call", None)
        may_have_sent = call is not None and call.may_have_sent
        is_away = isinstance(exception, OperationalError) and not may_have_sent
        if may_have_sent:
            message = (
                "Countersign failed on the way, and the call may have been sent. Do not repeat it; ask a technician "
                f"to look at it under Activity first. The request_id is {request_id}."
            )
        elif is_away:
            message = f"{NO_DATABASE} Nothing was done. Try again later."
        else:
            message = f"Countersign failed before it did anything. Tell an admin the request_id: {request_id}."
        data = {"request_id": request_id, "dispatch_started": may_have_sent}
        error = ProtocolError(INTERNAL_ERROR, message, data=data, http_status=503 if is_away else 500)
        return error_of(error, None if call is None else call.message.id)


answers_crashes = decorator_from_middleware(CrashMiddleware)


class Endpoint(View):
    """The protocol. What stands behind it says in `methods` what there is, and who may ask."""

    http_method_names = ["post"]

    info: Mapping[str, Any] = {}
    instructions = ""
    # Of `server/discover`; clients of the handshake era hear of no extensions, which they could not use.
    capabilities: Mapping[str, Any] = {}

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """The view. Cookies count for nothing here, so nobody can forge a request with them."""
        view: Callable[..., HttpResponseBase] = csrf_exempt(answers_crashes(super().as_view(**initkwargs)))
        return view

    def methods(self, request: HttpRequest) -> Mapping[str, Method]:
        """What may be called by whoever asks. Raises InvalidKeyError."""
        raise NotImplementedError

    def render(self, call: Call, result: Result) -> HttpResponseBase:
        """The response of a result."""
        return json_response({"jsonrpc": "2.0", "id": call.message.id, "result": result})

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is no stream to GET, and no session to DELETE."""
        return error_response(
            request,
            status=405,
            code="method_not_allowed",
            message=f"{request.method} is not possible here. POST one JSON-RPC message.",
            headers={"Allow": "POST"},
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """One message."""
        if not is_origin_allowed(request.META.get("HTTP_ORIGIN")):
            message = "Browsers may not use this from other websites. Nothing was done."
            return error_response(request, status=403, code="origin_denied", message=message)
        try:
            methods = self.methods(request)
        except InvalidKeyError:
            return error_response(
                request,
                status=401,
                code="invalid_token",
                message="The agent key is missing, wrong, expired or revoked. Send Authorization: Bearer cs_...",
                # Without resource_metadata: there is no OAuth here for a client to find.
                headers={"WWW-Authenticate": "Bearer"},
            )
        try:
            body = json_body(request)
        except GateError as refusal:
            code = PARSE_ERROR if refusal.code == "malformed" else INVALID_REQUEST
            return error_of(ProtocolError(code, refusal.message, http_status=refusal.http_status), None)
        return self._answer(request, body, methods)

    def _answer(self, request: HttpRequest, body: Any, methods: Mapping[str, Method]) -> HttpResponseBase:
        try:
            return self._answered(request, message_of(body), methods)
        except ProtocolError as error:
            return error_of(error, id_of(body))

    def _answered(self, request: HttpRequest, message: Message, methods: Mapping[str, Method]) -> HttpResponseBase:
        if message.id is None:
            return HttpResponse(status=202, content_type="application/json")
        call = Call(message, terms_of(request, message), request)
        request.mcp_call = call  # type: ignore[attr-defined]
        return self.render(call, self._result(call, methods))

    def _result(self, call: Call, methods: Mapping[str, Method]) -> Result:
        name = call.message.method
        own = self._own_method(call)
        method = own or methods.get(name)
        if method is None:
            raise no_such_method(call)
        result = method(call)
        return self._stamped(name, result) if call.terms.is_modern else result

    def _own_method(self, call: Call) -> Method | None:
        """What every server answers by itself."""
        match call.message.method, call.terms.is_modern:
            case "server/discover", True:
                return self._discover
            case "initialize", False:
                return self._initialize
            case "ping", False:
                return lambda _: {}
        return None

    def _stamped(self, method: str, result: Result) -> Result:
        """With what every result of the modern era says."""
        defaults: Result = {"resultType": "complete"}
        if method in CACHEABLE:
            # Always right: who may call what can change at any moment, and differs from agent to agent.
            defaults |= {"ttlMs": 0, "cacheScope": "private"}
        return {**defaults, **result, "_meta": {**result.get("_meta", {}), SERVER_KEY: self.info}}

    def _discover(self, call: Call) -> Result:
        return {
            "supportedVersions": list(SUPPORTED),
            "capabilities": self.capabilities,
            "instructions": self.instructions,
        }

    def _initialize(self, call: Call) -> Result:
        """The handshake: the version that was asked for if it is known, else our newest of that era."""
        asked = call.params.get("protocolVersion")
        return {
            "protocolVersion": asked if asked in LEGACY else LEGACY[0],
            "capabilities": {name: value for name, value in self.capabilities.items() if name != "extensions"},
            "serverInfo": self.info,
            "instructions": self.instructions,
        }


def no_such_method(call: Call) -> ProtocolError:
    """What is not there in this era."""
    # A legacy client would take a 404 for the end of its session.
    status = 404 if call.terms.is_modern else 200
    return ProtocolError(METHOD_NOT_FOUND, f"There is no method {call.message.method[:100]} here.", http_status=status)


def error_of(error: ProtocolError, request_id: RequestId | None) -> HttpResponse:
    """A JSON-RPC error. Where the request's id could not be read it has none (basic, Error Responses)."""
    body: dict[str, Any] = {"jsonrpc": "2.0"}
    if request_id is not None:
        body["id"] = request_id
    data = {} if error.data is None else {"data": error.data}
    body["error"] = {"code": error.code, "message": error.message, **data}
    return json_response(body, status=error.http_status)


def is_origin_allowed(origin: str | None) -> bool:
    """Programs send no Origin; of websites only our own may ask (against DNS rebinding)."""
    if origin is None:
        return True
    own = urlsplit(settings.PUBLIC_URL)
    return origin.lower() == f"{own.scheme}://{own.netloc}".lower()
