"""Speaks to a sandbox as a client of its API would, and keeps the clock that the sandbox goes by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from integrations.ninjaone.sandbox import ACME, Sandbox, SandboxRequest, SandboxResponse, seed_grant

CALLBACK = "https://countersign.example/dashboard/integrations/ninjaone-callback"
SECRETS = {"sandbox-acme": "sandbox-acme-secret", "sandbox-northwind": "sandbox-northwind-secret"}


@dataclass
class Clock:
    at: float = 1_795_000_000.0

    def __call__(self) -> float:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Caller:
    sandbox: Sandbox
    token: str

    def send(
        self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> SandboxResponse:
        sent = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        return self.sandbox.handle(
            SandboxRequest(
                method=method,
                path=path,
                query=urlencode(query, quote_via=quote, doseq=True),
                headers={**sent, **(headers or {})},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )

    def get(self, path: str, **query: Any) -> Any:
        """The decoded body of an answer that must be 200."""
        answer = self.send("GET", path, **query)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def error(self, method: str, path: str, *, body: Any = None, **query: Any) -> tuple[int, str]:
        """The status of a refusal and what it says."""
        answer = self.send(method, path, body=body, **query)
        assert answer.status >= 400, answer.body
        data = json.loads(answer.body)
        return answer.status, data.get("errorMessage") or data["error"]

    def activities(self, device_id: int, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/v2/device/{device_id}/activities", **query)["activities"]
        return found


def caller_of(sandbox: Sandbox, client_id: str = ACME) -> Caller:
    return Caller(sandbox, seed_grant(client_id).access_token)


def form_post(sandbox: Sandbox, path: str, **fields: str) -> SandboxResponse:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return sandbox.handle(SandboxRequest(method="POST", path=path, headers=headers, body=urlencode(fields).encode()))


def authorize(sandbox: Sandbox, **params: str) -> SandboxResponse:
    return sandbox.handle(SandboxRequest(method="GET", path="/ws/oauth/authorize", query=urlencode(params)))


def consent_params(client_id: str = ACME, **changed: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "scope": "monitoring management control offline_access",
        "state": "s1",
        **changed,
    }


def callback_params(answer: SandboxResponse) -> dict[str, str]:
    assert answer.status == 302
    location = answer.headers["Location"]
    assert location.startswith(CALLBACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def code_of(sandbox: Sandbox, client_id: str = ACME, **changed: str) -> str:
    params = consent_params(client_id, **changed)
    return callback_params(form_post(sandbox, "/ws/oauth/consent", decision="allow", **params))["code"]


def token_post(sandbox: Sandbox, client_id: str = ACME, **fields: str) -> tuple[int, dict[str, Any]]:
    sent = {"client_id": client_id, "client_secret": SECRETS.get(client_id, ""), **fields}
    answer = form_post(sandbox, "/ws/oauth/token", **sent)
    return answer.status, json.loads(answer.body)


def exchange(sandbox: Sandbox, code: str, client_id: str = ACME, **more: str) -> tuple[int, dict[str, Any]]:
    return token_post(sandbox, client_id, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more)


def refresh(sandbox: Sandbox, token: str, client_id: str = ACME) -> tuple[int, dict[str, Any]]:
    return token_post(sandbox, client_id, grant_type="refresh_token", refresh_token=token)
