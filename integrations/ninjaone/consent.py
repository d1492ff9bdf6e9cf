"""A consent to NinjaOne's access: the URL where a person gives it, and the exchange of its code for tokens.

requests-oauthlib words the requests and reads the answers; the bytes go through our own exchange, with its deadlines
and limits. The library is not small, and an MSP is connected once: import this where that is done.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any
from urllib.parse import urlencode

import requests
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from requests_oauthlib import OAuth2Session

from integrations.ninjaone.oauth import (
    SCOPES,
    TOKEN_PATH,
    Client,
    TokenRefusedError,
    Tokens,
    answer_read,
    lifetime_of,
    token_request,
    tokens_of,
    words_of,
)

AUTHORIZE_PATH = "/ws/oauth/authorize"
PASSED_ON = ("access_token", "refresh_token", "token_type", "expires_in", "scope", "error", "error_description")

# Both libraries write codes, secrets and tokens into their DEBUG lines, whatever level an operator sets.
for _name in ("requests_oauthlib", "requests_oauthlib.oauth2_session", "oauthlib"):
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.WARNING)


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
    return tokens_of(dict(token))


class _ExchangeSession(OAuth2Session):
    """The library's code exchange over our own wire. Built without `pkce=`: the verifier is from another request."""

    def __init__(self, client: Client, redirect_uri: str) -> None:
        super().__init__(client=WebApplicationClient(client.client_id), redirect_uri=redirect_uri, scope=list(SCOPES))
        self.base_url = client.base_url

    def request(self, method: str, url: str, data: Any = None, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        told = answer_read(token_request(self.base_url, urlencode(data), time.monotonic()))
        response = requests.Response()
        response.status_code, response.encoding = 200, "utf-8"
        # The library stumbles over an answer that is no object, and over values of other kinds than it expects.
        told |= {"expires_in": str(lifetime_of(told.get("expires_in"))), "scope": words_of(told.get("scope")) or None}
        told = {name: told[name] for name in PASSED_ON if isinstance(told.get(name), str)}
        response._content = json.dumps(told).encode()  # noqa: SLF001  there is no other way to fill one
        response.request = requests.PreparedRequest()  # the library logs its fields
        return response


def _as_https(base_url: str) -> str:
    """The library refuses http. Only the sandbox has it, and only on loopback (see hosts): it is told https there."""
    return f"https://{base_url.removeprefix('http://')}" if base_url.startswith("http://") else base_url
