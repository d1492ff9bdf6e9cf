"""NinjaOne's OAuth: token requests, and what they give. Sources of the facts: community clients.

The consent before them is in `consent`, with a library. The refresh is our own: the library's has neither a lock nor a
timeout.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

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
TOKEN_PATH = "/ws/oauth/token"  # noqa: S105  a path
CONFIDENTIAL = {"client_secret", "code", "code_verifier", "refresh_token"}
# Shorter than the lease of a refresh, so that nobody takes over while an answer may still come.
TOKEN_SECONDS = 20.0
# All examples say 3600; an answer without expires_in is taken to mean the same.
DEFAULT_LIFETIME = 3600
LONGEST_LIFETIME = 10 * 366 * 86_400
TOKEN = re.compile(r"[!-~]{1,4096}")

# What means "reconnect", and nothing else does: a 429, 5xx or web page says nothing about the grant.
DEAD_GRANT = {
    "invalid_grant": "NinjaOne no longer accepts the authorization (invalid_grant)",
    "invalid_token": "NinjaOne no longer accepts the authorization (invalid_token)",
    "expired_token": "The authorization has expired in NinjaOne (expired_token)",
    "invalid_client": "NinjaOne does not accept the client secret (invalid_client)",
}
UNKNOWN_CLIENT = "client app not exist"


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
    return tokens_of(answer_read(token_request(client.base_url, urlencode(form), since)))


def token_request(base_url: str, form: str, since: float) -> WireAnswer:
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


def answer_read(answer: WireAnswer) -> dict[str, Any]:
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


def tokens_of(values: dict[str, Any]) -> Tokens:
    """Raises TokenRefusedError for anything that could not go into a header or a column."""
    access, refresh_token = values.get("access_token"), values.get("refresh_token")
    words = words_of(values.get("scope"))
    if not isinstance(access, str) or not TOKEN.fullmatch(access):
        raise TokenRefusedError("NinjaOne's answer holds no usable access token.")
    if not isinstance(refresh_token, str) or not TOKEN.fullmatch(refresh_token):
        refresh_token = None
    return Tokens(
        access_token=access,
        refresh_token=refresh_token,
        lifetime=lifetime_of(values.get("expires_in")),
        scope=plain(words, 300) or None,
    )


def words_of(scope: object) -> str:
    """The scope as one text; "" where it is not said."""
    parts = scope if isinstance(scope, list) else [scope]
    return " ".join(part for part in parts if isinstance(part, str))


def lifetime_of(expires_in: object) -> int:
    if isinstance(expires_in, str) and re.fullmatch(r"[0-9]{1,9}", expires_in):
        expires_in = int(expires_in)
    if not isinstance(expires_in, int | float) or isinstance(expires_in, bool) or expires_in <= 0:
        return DEFAULT_LIFETIME
    return int(min(expires_in, LONGEST_LIFETIME))
