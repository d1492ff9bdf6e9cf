"""The sandbox as one function from request to response, safe to call from many threads."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from integrations.ninjaone.sandbox import routes  # noqa: F401  importing it registers every route
from integrations.ninjaone.sandbox.clients import ClientApp
from integrations.ninjaone.sandbox.faults import FaultPlan
from integrations.ninjaone.sandbox.messages import SandboxRequest, SandboxResponse
from integrations.ninjaone.sandbox.oauth import AuthorizationServer
from integrations.ninjaone.sandbox.refusals import RefusalError, insufficient_privileges, not_found
from integrations.ninjaone.sandbox.routing import Call, route_find
from integrations.ninjaone.sandbox.runs import world_settle
from integrations.ninjaone.sandbox.seeds import ACME, NORTHWIND, clients_seed
from integrations.ninjaone.sandbox.tokens import token_read
from integrations.ninjaone.sandbox.world import World

RECEIVED_AT_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request that reached the sandbox, whether or not it was answered."""

    method: str
    path: str
    query: str
    body: bytes
    client_id: str | None  # of the bearer token, or of the token request; None when there was none
    at: float


class Sandbox:
    def __init__(self, now: Callable[[], float] = time.time, *, access_token_seconds: int = 3600) -> None:
        self.now = now
        self.lock = threading.RLock()
        self.faults = FaultPlan()
        self.received: deque[Received] = deque(maxlen=RECEIVED_AT_MOST)
        self.clients: dict[str, ClientApp] = clients_seed(now)
        for client in self.clients.values():
            client.access_token_seconds = access_token_seconds
        self.oauth = AuthorizationServer(self.clients, now)
        self._request_ids = itertools.count(1)

    @property
    def acme(self) -> World:
        return self.clients[ACME].world

    @property
    def northwind(self) -> World:
        return self.clients[NORTHWIND].world

    def calls(self, method: str = "*", path: str | None = None) -> list[Received]:
        """What was received so far, for counting; `path` is compared exactly."""
        with self.lock:
            return [seen for seen in self.received if method in {"*", seen.method} and path in {None, seen.path}]

    def revoke_grants(self, client_id: str) -> None:
        """All tokens of the client die, as if its app's tokens were revoked in NinjaOne."""
        with self.lock:
            self.clients[client_id].epoch += 1

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        with self.lock:
            self._record(request)
            fault = self.faults.take(request.method, request.path)
            if fault is None:
                answer = self._answer(request)
            elif fault.is_after_effect:
                answer = fault.spoil(self._answer(request))
            else:
                answer = fault.spoil(SandboxResponse(status=500))
            number = next(self._request_ids)
        return replace(answer, headers={**answer.headers, "x-nj-request-id": f"sandbox-{number:08d}"})

    def _record(self, request: SandboxRequest) -> None:
        bearer = (request.header("authorization") or "").removeprefix("Bearer ")
        grant = token_read(bearer) if bearer else None
        client_id = grant.client_id if grant else None
        if request.path == "/ws/oauth/token":
            client_id = request.form().get("client_id")
        self.received.append(
            Received(
                method=request.method,
                path=request.path,
                query=request.query,
                body=request.body,
                client_id=client_id,
                at=self.now(),
            )
        )

    def _answer(self, request: SandboxRequest) -> SandboxResponse:
        try:
            if request.path.startswith("/ws/oauth/"):
                return self.oauth.answer(request)
            path = request.path.removeprefix("/api") if request.path.startswith("/api/v2/") else request.path
            if not path.startswith("/v2/"):
                raise not_found()
            return self._api(request, path)
        except RefusalError as refusal:
            return refusal.response()

    def _api(self, request: SandboxRequest, path: str) -> SandboxResponse:
        grant = self.oauth.bearer_grant(request)
        handler, scope, parts = route_find(request.method, path)
        if not grant.allows(scope):
            raise insufficient_privileges()
        world = self.clients[grant.client_id].world
        world_settle(world)
        return handler(Call(request=request, world=world, parts=parts, query=request.query_lists()))
