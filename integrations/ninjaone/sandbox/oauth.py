"""The authorization server: consent, code exchange with PKCE, refresh with rotation."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from integrations.ninjaone.sandbox.clients import ClientApp
from integrations.ninjaone.sandbox.consent_page import consent_page, error_page
from integrations.ninjaone.sandbox.messages import (
    Json,
    SandboxRequest,
    SandboxResponse,
    html_response,
    json_response,
    redirect_response,
)
from integrations.ninjaone.sandbox.refusals import (
    RefusalError,
    invalid_header,
    method_not_allowed,
    missing_header,
    not_authenticated,
    not_found,
    unknown_client,
)
from integrations.ninjaone.sandbox.tokens import Grant, token_read, token_sign

CODE_SECONDS = 60
SEED_GRANT_ID = "seed"
_REDIRECT_URI = re.compile(r"https?://[^/?#@\\\s]+/dashboard/integrations/ninjaone-callback")
_BEARER = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]+)")


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """What an authorization request asked for, after everything in it was checked."""

    client: ClientApp
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str

    def callback(self, **params: str) -> SandboxResponse:
        return _callback(self.redirect_uri, self.state, params)


@dataclass(frozen=True, kw_only=True)
class Code:
    asked: Authorization
    expires_at: float


def _callback(redirect_uri: str, state: str, params: Mapping[str, str]) -> SandboxResponse:
    answer = {**params, "state": state} if state else params
    return redirect_response(f"{redirect_uri}?{urlencode(answer)}")


def _oauth_error(status: int, error: str, description: str = "") -> RefusalError:
    described = {"error_description": description} if description else {}
    return RefusalError(status, {"error": error, **described})


class AuthorizationServer:
    def __init__(self, clients: dict[str, ClientApp], now: Callable[[], float]) -> None:
        self.clients = clients
        self.now = now
        self.codes: dict[str, Code] = {}

    def answer(self, request: SandboxRequest) -> SandboxResponse:
        routes = {
            "/ws/oauth/authorize": ("GET", self._authorize),
            "/ws/oauth/consent": ("POST", self._consent),
            "/ws/oauth/token": ("POST", self._token),
            "/ws/oauth/error": ("GET", self._error),
        }
        if request.path not in routes:
            raise not_found()
        method, handler = routes[request.path]
        if request.method != method:
            raise method_not_allowed()
        return handler(request)

    def bearer_grant(self, request: SandboxRequest) -> Grant:
        """The living grant behind the request's access token; refuses as NinjaOne does otherwise."""
        header = request.header("authorization")
        if header is None:
            raise missing_header()
        match = _BEARER.fullmatch(header)
        if match is None:
            raise invalid_header()
        grant = token_read(match[1])
        if grant is None or grant.kind != "access" or not self._is_alive(grant):
            raise not_authenticated()
        return grant

    def _is_alive(self, grant: Grant) -> bool:
        client = self.clients.get(grant.client_id)
        is_current = grant.expires_at == 0 or grant.expires_at > self.now()
        return client is not None and grant.epoch >= client.epoch and is_current

    def _authorize(self, request: SandboxRequest) -> SandboxResponse:
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        asked = self._authorization_read(params)
        if isinstance(asked, SandboxResponse):
            return asked
        return html_response(consent_page(client=asked.client, scopes=asked.scopes, params=params))

    def _consent(self, request: SandboxRequest) -> SandboxResponse:
        params = request.form()
        asked = self._authorization_read(params)
        if isinstance(asked, SandboxResponse):
            return asked
        if params.get("decision") != "allow":
            return asked.callback(error="access_denied")
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(asked=asked, expires_at=self.now() + CODE_SECONDS)
        return asked.callback(code=code)

    def _error(self, request: SandboxRequest) -> SandboxResponse:
        params = dict(parse_qsl(request.query))
        return html_response(error_page(params.get("error", ""), params.get("error_description", "")), status=400)

    def _authorization_read(self, params: Mapping[str, str]) -> Authorization | SandboxResponse:
        """Unknown client and redirect URI stay at NinjaOne; every other fault goes to the callback."""
        client = self.clients.get(params.get("client_id", ""))
        if client is None:
            raise unknown_client()
        redirect_uri, state = params.get("redirect_uri", ""), params.get("state", "")
        if _REDIRECT_URI.fullmatch(redirect_uri) is None:
            fault = {"error": "unauthorized_client", "error_description": "Invalid redirect_uri"}
            return redirect_response(f"/ws/oauth/error?{urlencode(fault)}")
        error = _authorization_fault(params, client)
        if error:
            return _callback(redirect_uri, state, {"error": error})
        return Authorization(
            client=client,
            redirect_uri=redirect_uri,
            scopes=tuple(dict.fromkeys(params["scope"].split())),
            state=state,
            challenge=params.get("code_challenge", ""),
        )

    def _token(self, request: SandboxRequest) -> SandboxResponse:
        if not request.is_form:
            raise _oauth_error(400, "invalid_request", "The parameters must be a form (RFC 6749, 4.1.3)")
        form = request.form()
        client = self.clients.get(form.get("client_id", ""))
        if client is None:
            raise unknown_client()
        if not hmac.compare_digest(form.get("client_secret", "").encode(), client.secret.encode()):
            raise _oauth_error(401, "invalid_client", "Bad client credentials")
        match form.get("grant_type"):
            case "authorization_code":
                return self._code_exchange(client, form)
            case "refresh_token":
                return self._refresh(client, form.get("refresh_token", ""))
            case _:
                raise _oauth_error(400, "unsupported_grant_type")

    def _code_exchange(self, client: ClientApp, form: Mapping[str, str]) -> SandboxResponse:
        code = self.codes.pop(form.get("code", ""), None)  # popped: whatever follows, it was used
        if code is None or code.asked.client is not client or code.expires_at <= self.now():
            raise _oauth_error(400, "invalid_grant", "Invalid authorization code")
        if form.get("redirect_uri") != code.asked.redirect_uri:
            raise _oauth_error(400, "invalid_grant", "Redirect URI mismatch")
        if code.asked.challenge and not _proves(form.get("code_verifier", ""), code.asked.challenge):
            raise _oauth_error(400, "invalid_grant", "Invalid code_verifier")
        scope = " ".join(code.asked.scopes)
        return json_response(self._tokens(client, secrets.token_hex(4), generation=1, scope=scope))

    def _refresh(self, client: ClientApp, token: str) -> SandboxResponse:
        grant = token_read(token)
        if grant is None or grant.kind != "refresh" or grant.client_id != client.client_id:
            raise _oauth_error(400, "invalid_token")
        if not self._is_alive(grant) or token in client.spent_refresh_tokens:
            raise _oauth_error(400, "invalid_token")
        if not client.refresh_grant:
            raise _oauth_error(400, "unauthorized_client")
        answer = self._tokens(client, grant.grant_id, generation=grant.generation + 1, scope=grant.scope)
        is_seed = grant.grant_id == SEED_GRANT_ID and grant.generation == 0
        if not client.rotates_refresh_tokens:
            del answer["refresh_token"]
        elif not is_seed:
            client.spent_refresh_tokens.add(token)
        return json_response(answer)

    def _tokens(self, client: ClientApp, grant_id: str, *, generation: int, scope: str) -> Json:
        seconds = client.access_token_seconds
        access = Grant(
            kind="access",
            client_id=client.client_id,
            # Two answers of one generation differ, as the seed grant's do each time it is refreshed.
            grant_id=f"{grant_id.partition('-')[0]}-{secrets.token_hex(3)}",
            generation=generation,
            epoch=client.epoch,
            expires_at=int(self.now()) + seconds,
            scope=scope,
        )
        answer: Json = {
            "access_token": token_sign(access),
            "expires_in": seconds,
            "token_type": "Bearer",
            "scope": scope,
        }
        if client.refresh_grant and "offline_access" in scope.split():
            answer["refresh_token"] = token_sign(replace(access, kind="refresh", expires_at=0))
        return answer


def _authorization_fault(params: Mapping[str, str], client: ClientApp) -> str | None:
    scopes = params.get("scope", "").split()
    if params.get("response_type") != "code":
        return "unsupported_response_type"
    if not scopes or not set(scopes) <= set(client.scopes):
        return "invalid_scope"
    if params.get("code_challenge") and params.get("code_challenge_method", "plain") != "S256":
        return "invalid_request"
    return None


def _proves(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())
