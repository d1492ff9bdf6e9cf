"""The operations of the REST API: parse, call, render."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from approvals.decisions import invocation_cancel
from approvals.envelope import envelope, http_status_of
from approvals.errors import GateError
from approvals.gate import Submission, invocation_submit
from approvals.ledger import Until, invocation_get, invocation_list, invocation_wait
from approvals.models import Invocation, Status
from approvals.rest.catalogue import Shown, tool_named, tool_of, tools_of
from approvals.rest.errors import answers_crashes, key_refused, method_refused, refusal_response, retry_after
from approvals.rest.inputs import (
    INVOKE_BODY,
    LIST_QUERY,
    NOTHING,
    TOOL_QUERY,
    WAIT_QUERY,
    idempotency_key_of,
    parsed,
    query_of,
)
from approvals.rest.parser import json_body
from approvals.rest.responses import header_set, json_bytes, json_response, request_id_of
from approvals.timestamps import timestamp
from integrations.addresses import client_address
from integrations.agent_keys import InvalidKeyError, Principal, agent_key_authenticate
from integrations.models import ConnectionState
from tools.formats import as_anthropic, as_listing, as_openai
from tools.models import Mode
from tools.registry import TOOLS, Tool, find_tool

FORMATS: dict[str | None, Callable[[Tool, Mode], dict[str, Any]]] = {
    None: as_listing,
    "openai": as_openai,
    "anthropic": as_anthropic,
}


class ApiView(View):
    """JSON whatever the Accept header says; an agent key and nothing else lets in."""

    needs_key = True
    # Who is asking.
    principal: Principal

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """The view. Cookies count for nothing here, so nobody can forge a request with them."""
        view: Callable[..., HttpResponseBase] = csrf_exempt(answers_crashes(super().as_view(**initkwargs)))
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The answer, or a refusal."""
        try:
            if self.needs_key:
                self.principal = agent_key_authenticate(
                    authorization=request.META.get("HTTP_AUTHORIZATION"), address=lambda: client_address(request)
                )
            response = cast(HttpResponse, super().dispatch(request, *args, **kwargs))
        except GateError as error:
            response = refusal_response(request, error)
        except InvalidKeyError:
            response = key_refused(request)
        # Every response tells the methods of the address.
        header_set(response, "Allow", self._allow)
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """405."""
        return method_refused(request, self._allow)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The methods of the address stand in Allow, as in every response."""
        return HttpResponse(status=204, content_type="application/json")

    @property
    def _allow(self) -> str:
        """The methods of the address, which Django works out anew for everybody who asks."""
        kind = type(self)
        if kind not in _ALLOW:
            _ALLOW[kind] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return _ALLOW[kind]


_ALLOW: dict[type[ApiView], str] = {}


class NoSuchEndpoint(ApiView):
    """Everything else under /api."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same answer to every method."""
        refusal = GateError("not_found", "There is nothing at this address. GET /api/v1/docs shows what there is.")
        return refusal_response(request, refusal)


class ToolList(ApiView):
    """What this agent may call."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """List the tools that you may call; disabled ones are absent."""
        shape = query_of(request, TOOL_QUERY).get("format")
        return json_response({"tools": _listed(shape, tools_of(self.principal))})


@lru_cache(maxsize=256)
def _listed(shape: str | None, shown: Shown) -> orjson.Fragment:
    """The list as JSON: 25 kB that differ only with what is shown."""
    return orjson.Fragment(json_bytes([FORMATS[shape](TOOLS[tool_id], mode) for tool_id, mode in shown]))


class ToolDetail(ApiView):
    """One tool."""

    def get(self, request: HttpRequest, tool: str) -> HttpResponse:
        """Show one tool that you may call."""
        shape = FORMATS[query_of(request, TOOL_QUERY).get("format")]
        return json_response(shape(*tool_of(self.principal, tool)))


class ToolInvoke(ApiView):
    """A call."""

    def post(self, request: HttpRequest, tool: str) -> HttpResponse:
        """Call a tool: it runs, waits for a technician, or is refused. Never executed twice."""
        query_of(request, NOTHING)
        wanted = tool_named(tool)
        key = idempotency_key_of(request)
        body = parsed(INVOKE_BODY, json_body(request))
        submission = Submission(
            tool=wanted,
            arguments=body.get("arguments", {}),
            reason=body.get("reason") or "",
            ticket_id=body.get("ticket_id"),
            dry_run=body.get("dry_run", False),
            idempotency_key=key,
        )
        # An error of ours after this may leave something sent: from here on the gate has the call.
        request.may_have_sent = True  # type: ignore[attr-defined]
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
        query = query_of(request, LIST_QUERY)
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
        query = query_of(request, WAIT_QUERY)
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
        query_of(request, NOTHING)
        invocation = invocation_get(principal=self.principal, invocation_id=invocation_id)
        parsed(NOTHING, json_body(request, may_be_empty=True))
        cancelled = invocation_cancel(principal=self.principal, invocation_id=invocation.pk)
        return json_response(envelope(cancelled, now=self.principal.now, msp_name=self.principal.msp.name))


class Me(ApiView):
    """The caller."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tell who your key is, what it may do, and whether NinjaOne is connected."""
        query_of(request, NOTHING)
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
