"""NinjaOne's OAuth: the consent URL, the exchange of the code, the refresh. Sources of the facts: community clients.

requests-oauthlib words the requests and reads the answers of the code exchange; the bytes go through our own exchange,
with its deadlines and limits. The refresh is our own: the library's has neither a lock nor a timeout.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import requests
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from requests_oauthlib import OAuth2Session

from integrations.ninjaone.complaints import plain
from integrations.ninjaone.errors import (
    AmbiguousError,
    EgressRefusedError,
    NotSentError,
    UnusableAnswerError,
    describe,
)
from integrations.ninjaone.exchange import exchange
from integrations.ninjaone.wire import WireAnswer, WireRequest

SCOPES = ("monitoring", "management", "control", "offline_access")
AUTHORIZE_PATH = "/ws/oauth/authorize"
TOKEN_PATH = "/ws/oauth/token"  # noqa: S105  a path
CONFIDENTIAL = {"client_secret", "code", "code_verifier", "refresh_token"}
# Shorter than the lease of a refresh, so that nobody takes over while an answer may still come.
TOKEN_SECONDS = 20.0
# All examples say 3600; an answer without expires_in is taken to mean the same.
DEFAULT_LIFETIME = 3600
LONGEST_LIFETIME = 10 * 366 * 86_400
TOKEN = re.compile(r"[!-~]{1,4096}")
PASSED_ON = ("access_token", "refresh_token", "token_type", "expires_in", "scope", "error", "error_description")

# What means "reconnect", and nothing else does: a 429, 5xx or web page says nothing about the grant.
DEAD_GRANT = {
    "invalid_grant": "NinjaOne no longer accepts the authorization (invalid_grant)",
    "invalid_token": "NinjaOne no longer accepts the authorization (invalid_token)",
    "expired_token": "The authorization has expired in NinjaOne (expired_token)",
    "invalid_client": "NinjaOne does not accept the client secret (invalid_client)",
}
UNKNOWN_CLIENT = "client app not exist"

# Both libraries write codes, secrets and tokens into their DEBUG lines, whatever level an operator sets.
for _name in ("requests_oauthlib", "requests_oauthlib.oauth2_session", "oauthlib"):
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.WARNING)


class DeadGrantError(Exception):
    """The grant is gone for good; only a new consent helps. `reason` is a sentence without its full stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TokenRefusedError(Exception):
    """The token endpoint has no tokens for us now, and the credentials may still be good."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Client:
    """An MSP's API client app, and where its NinjaOne lives."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token request gave. `refresh_token` None: none came; `scope` None: not said."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    lifetime: int
    scope: str | None


def new_verifier() -> str:
    """A PKCE code verifier (RFC 7636: 43 to 128 unreserved characters)."""
    return secrets.token_urlsafe(64)


def consent_url(*, base_url: str, client_id: str, redirect_uri: str, state: str, verifier: str) -> str:
    """Where a person allows the access."""
    client = WebApplicationClient(client_id)
    session = OAuth2Session(client=client, redirect_uri=redirect_uri, scope=list(SCOPES))
    url, _ = session.authorization_url(
        _as_https(base_url) + AUTHORIZE_PATH,
        state=state,
        code_challenge=client.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
    )
    # NinjaOne is only known to take %20 for a space; a plus sign that means itself is %2B here.
    return str(url).replace(_as_https(base_url), base_url, 1).replace("+", "%20")


def code_exchange(*, client: Client, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """The tokens for a consent's code. Raises DeadGrantError, TokenRefusedError."""
    session = _ExchangeSession(client, redirect_uri)
    try:
        token = session.fetch_token(
            _as_https(client.base_url) + TOKEN_PATH,
            code=code,
            code_verifier=verifier,
            client_secret=client.client_secret,
            include_client_id=True,
        )
    except OAuth2Error as error:
        raise TokenRefusedError("NinjaOne's answer holds no tokens.") from error
    except Warning as fewer_scopes:
        token = fewer_scopes.token  # type: ignore[attr-defined]
    return _tokens(dict(token))


def refresh(*, client: Client, refresh_token: str, since: float) -> Tokens:
    """New tokens for a refresh token. The scope stays as it is. Raises DeadGrantError, TokenRefusedError.

    `since`: when its lease begins, on the monotonic clock. Whoever was held up afterwards does not ask any more.
    """
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    return _tokens(_read(_post(client.base_url, urlencode(form), since)))


class _ExchangeSession(OAuth2Session):
    """The library's code exchange over our own wire. Built without `pkce=`: the verifier is from another request."""

    def __init__(self, client: Client, redirect_uri: str) -> None:
        super().__init__(client=WebApplicationClient(client.client_id), redirect_uri=redirect_uri, scope=list(SCOPES))
        self.base_url = client.base_url

    def request(self, method: str, url: str, data: Any = None, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        told = _read(_post(self.base_url, urlencode(data), time.monotonic()))
        response = requests.Response()
        response.status_code, response.encoding = 200, "utf-8"
        # The library stumbles over an answer that is no object, and over values of other kinds than it expects.
        told |= {"expires_in": str(_lifetime(told.get("expires_in"))), "scope": _words(told.get("scope")) or None}
        told = {name: told[name] for name in PASSED_ON if isinstance(told.get(name), str)}
        response._content = json.dumps(told).encode()  # noqa: SLF001  there is no other way to fill one
        response.request = requests.PreparedRequest()  # the library logs its fields
        return response


def _as_https(base_url: str) -> str:
    """The library refuses http. Only the sandbox has it, and only on loopback (see hosts): it is told https there."""
    return f"https://{base_url.removeprefix('http://')}" if base_url.startswith("http://") else base_url


def _post(base_url: str, form: str, since: float) -> WireAnswer:
    """A token request; an answer of 200 that is no web page. Raises DeadGrantError, TokenRefusedError."""
    request = WireRequest("POST", base_url, TOKEN_PATH, body=form)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = exchange(request=request, headers=headers, is_write=False, deadline=since + TOKEN_SECONDS)
    except (NotSentError, AmbiguousError, EgressRefusedError) as error:
        raise TokenRefusedError("NinjaOne's token endpoint cannot be reached.") from error
    if 200 <= answer.status < 300 and not answer.is_html:
        return answer
    answer = answer.without(*(value for name, value in parse_qsl(form) if name in CONFIDENTIAL))
    reason = _dead(answer)
    if reason:
        raise DeadGrantError(reason)
    raise TokenRefusedError(
        f"NinjaOne gave no access token (HTTP {answer.status}: {_complaint(answer)}).", answer.retry_after
    )


def _read(answer: WireAnswer) -> dict[str, Any]:
    """What an answer says, as names and values. Raises TokenRefusedError."""
    try:
        data = answer.json()
    except UnusableAnswerError as error:
        raise TokenRefusedError(f"NinjaOne's answer to the token request cannot be read: {error}.") from error
    if not isinstance(data, dict):
        raise TokenRefusedError("NinjaOne's answer to the token request holds no tokens.")
    return data


def _dead(answer: WireAnswer) -> str | None:
    """Why the grant is dead, or None when the answer does not say that."""
    if answer.status not in {400, 401, 403, 404} or answer.is_html:
        return None
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    if str(data.get("resultCode", "")).lower() == UNKNOWN_CLIENT:
        return "NinjaOne does not know this client id in this region (Client app not exist)"
    return DEAD_GRANT.get(str(data.get("error", "")))


def _complaint(answer: WireAnswer) -> str:
    complaint = describe(answer)
    if complaint.code == "unauthorized_client":
        return "unauthorized_client: the app may lack the grant type it needs"
    return plain(complaint.message, 200).rstrip(".")


def _tokens(values: dict[str, Any]) -> Tokens:
    """Raises TokenRefusedError for anything that could not go into a header or a column."""
    access, refresh_token = values.get("access_token"), values.get("refresh_token")
    words = _words(values.get("scope"))
    if not isinstance(access, str) or not TOKEN.fullmatch(access):
        raise TokenRefusedError("NinjaOne's answer holds no usable access token.")
    if not isinstance(refresh_token, str) or not TOKEN.fullmatch(refresh_token):
        refresh_token = None
    return Tokens(
        access_token=access,
        refresh_token=refresh_token,
        lifetime=_lifetime(values.get("expires_in")),
        scope=plain(words, 300) or None,
    )


def _words(scope: object) -> str:
    """The scope as one text; "" where it is not said."""
    parts = scope if isinstance(scope, list) else [scope]
    return " ".join(part for part in parts if isinstance(part, str))


def _lifetime(expires_in: object) -> int:
    if isinstance(expires_in, str) and re.fullmatch(r"[0-9]{1,9}", expires_in):
        expires_in = int(expires_in)
    if not isinstance(expires_in, int | float) or isinstance(expires_in, bool) or expires_in <= 0:
        return DEFAULT_LIFETIME
    return int(min(expires_in, LONGEST_LIFETIME))
