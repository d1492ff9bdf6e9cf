"""The operations of the REST API: parse, call, render."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from approvals.decisions import invocation_cancel
from approvals.envelope import envelope, http_status_of
from approvals.errors import GateError
from approvals.gate import Submission, invocation_submit
from approvals.ledger import Until, invocation_get, invocation_list, invocation_wait
from approvals.models import Invocation, Status
from approvals.rest.auth import AgentKeyAuthentication
from approvals.rest.catalogue import Shown, tool_named, tool_of, tools_of
from approvals.rest.errors import exception_handler, retry_after
from approvals.rest.parser import json_body
from approvals.rest.responses import header_set, json_bytes, json_response, request_id_of
from approvals.rest.serializers import (
    InvokeBody,
    ListQuery,
    Nothing,
    ToolQuery,
    WaitQuery,
    idempotency_key_of,
    parsed,
    query_of,
)
from approvals.timestamps import timestamp
from integrations.agent_keys import Principal
from integrations.models import ConnectionState
from tools.formats import as_anthropic, as_listing, as_openai
from tools.models import Mode
from tools.registry import TOOLS, Tool, find_tool

FORMATS: dict[str | None, Callable[[Tool, Mode], dict[str, Any]]] = {
    None: as_listing,
    "openai": as_openai,
    "anthropic": as_anthropic,
}


class ApiView(APIView):
    """JSON whatever the Accept header says; an agent key and nothing else lets in.

    Views get Django's own request: DRF's chooses among parsers, renderers and ways to sign in, and here is one of each.
    """

    authentication_classes = [AgentKeyAuthentication]
    renderer_classes = [JSONRenderer]
    # Set once the gate has the call: an error of ours after that may leave something sent.
    may_have_sent = False
    # Who is asking.
    principal: Principal

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpRequest:  # type: ignore[override]
        """The request as it is."""
        return request

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Authenticate; there is nothing to negotiate. Raises AuthenticationFailed."""
        if self.authentication_classes:
            self.principal = AgentKeyAuthentication().authenticate(request)[1]

    def finalize_response(  # type: ignore[override]
        self, request: HttpRequest, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Every response tells the methods of the address."""
        header_set(response, "Allow", self.default_response_headers["Allow"])
        return response

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], HttpResponse]:
        """Our errors instead of DRF's."""
        return exception_handler

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """The methods of the address stand in Allow, as in every response."""
        return HttpResponse(status=204, content_type="application/json")

    @property
    def default_response_headers(self) -> dict[str, str]:
        """The methods of the address, which DRF works out anew for every response."""
        kind = type(self)
        if kind not in _HEADERS:
            _HEADERS[kind] = super().default_response_headers
        return _HEADERS[kind]


_HEADERS: dict[type[ApiView], dict[str, str]] = {}


class NoSuchEndpoint(ApiView):
    """Everything else under /api."""

    authentication_classes = []

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same answer to every method."""
        refusal = GateError("not_found", "There is nothing at this address. GET /api/v1/docs shows what there is.")
        return exception_handler(refusal, {"request": request, "view": self})


class ToolList(ApiView):
    """What this agent may call."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """List the tools that you may call; disabled ones are absent."""
        shape = query_of(request, ToolQuery).get("format")
        return json_response({"tools": _listed(shape, tools_of(self.principal))})


@lru_cache(maxsize=256)
def _listed(shape: str | None, shown: Shown) -> orjson.Fragment:
    """The list as JSON: 25 kB that differ only with what is shown."""
    return orjson.Fragment(json_bytes([FORMATS[shape](TOOLS[tool_id], mode) for tool_id, mode in shown]))


class ToolDetail(ApiView):
    """One tool."""

    def get(self, request: HttpRequest, tool: str) -> HttpResponse:
        """Show one tool that you may call."""
        shape = FORMATS[query_of(request, ToolQuery).get("format")]
        return json_response(shape(*tool_of(self.principal, tool)))


class ToolInvoke(ApiView):
    """A call."""

    def post(self, request: HttpRequest, tool: str) -> HttpResponse:
        """Call a tool: it runs, waits for a technician, or is refused. Never executed twice."""
        query_of(request, Nothing)
        wanted = tool_named(tool)
        key = idempotency_key_of(request)
        body = parsed(InvokeBody, json_body(request))
        submission = Submission(
            tool=wanted,
            arguments=body.get("arguments", {}),
            reason=body.get("reason") or "",
            ticket_id=body.get("ticket_id"),
            dry_run=body.get("dry_run", False),
            idempotency_key=key,
        )
        self.may_have_sent = True
        submitted = invocation_submit(principal=self.principal, submission=submission)
        return self._answer(submitted.invocation, is_dry_run=submitted.is_dry_run, is_replay=submitted.is_replay)

    def _answer(self, invocation: Invocation, *, is_dry_run: bool, is_replay: bool) -> HttpResponse:
        now = self.principal.now
        body = envelope(invocation, now=now, msp_name=self.principal.msp.name, is_dry_run=is_dry_run)
        status = 200 if is_dry_run else http_status_of(invocation, now)
        headers = {"Idempotent-Replayed": "true"} if is_replay else {}
        if body["next"] is not None:
            headers |= {
                "Location": f"/api/v1/invocations/{invocation.pk}",
                "Retry-After": str(body["next"]["after_seconds"]),
            }
        if status >= 400:
            headers |= retry_after(body["error"]["code"])
            body["request_id"] = request_id_of(self.request)
        return json_response(body, status=status, headers=headers)


class InvocationList(ApiView):
    """What this agent asked for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """List your own invocations, newest first."""
        query = query_of(request, ListQuery)
        known = find_tool(query["tool"]) if "tool" in query else None
        page = invocation_list(
            principal=self.principal,
            status=Status(query["status"]) if "status" in query else None,
            tool=query.get("tool") if known is None else known.id,
            cursor=query.get("cursor"),
            limit=query.get("limit", 50),
        )
        now, name = self.principal.now, self.principal.msp.name
        rows = [envelope(invocation, now=now, msp_name=name) for invocation in page.invocations]
        return json_response({"invocations": rows, "next_cursor": page.next_cursor})


class InvocationDetail(ApiView):
    """One invocation."""

    def get(self, request: HttpRequest, invocation_id: str) -> HttpResponse:
        """Look at one of your invocations, and wait for its end if you like."""
        query = query_of(request, WaitQuery)
        invocation, now = invocation_wait(
            principal=self.principal,
            invocation_id=invocation_id,
            seconds=query.get("wait", 0),
            until=Until(query["until"]) if "until" in query else None,
        )
        return json_response(envelope(invocation, now=now, msp_name=self.principal.msp.name))


class InvocationCancel(ApiView):
    """Second thoughts."""

    def post(self, request: HttpRequest, invocation_id: str) -> HttpResponse:
        """Withdraw one of your invocations that is still pending or queued."""
        query_of(request, Nothing)
        invocation = invocation_get(principal=self.principal, invocation_id=invocation_id)
        parsed(Nothing, json_body(request, may_be_empty=True))
        cancelled = invocation_cancel(principal=self.principal, invocation_id=invocation.pk)
        return json_response(envelope(cancelled, now=self.principal.now, msp_name=self.principal.msp.name))


class Me(ApiView):
    """The caller."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tell who your key is, what it may do, and whether NinjaOne is connected."""
        query_of(request, Nothing)
        principal, connection = self.principal, self.principal.connection
        agent = principal.agent
        state = "not_connected" if connection is None else connection.state
        return json_response(
            {
                "agent": {"id": str(agent.pk), "name": agent.name},
                "msp": {"name": principal.msp.name, "slug": principal.msp.slug},
                "key": {"prefix": f"cs_{principal.key.prefix}", "expires_at": timestamp(principal.key.expires_at)},
                "scopes": {"tools": agent.allowed_tools, "organizations": agent.allowed_organizations},
                "is_frozen": principal.brake != "",
                "connection": {
                    "vendor": "ninjaone",
                    "state": state,
                    "works": state == ConnectionState.CONNECTED,
                    "reason": (connection.state_reason or None) if connection else None,
                },
            }
        )
