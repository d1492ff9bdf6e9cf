"""An OpenID Connect provider of our own on loopback: discovery, consent with PKCE, tokens, keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import LazySettings

CLIENT_ID, CLIENT_SECRET = "countersign", "secret-of-the-client"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """Signs in whoever `claims` describe, without asking."""

    claims: dict[str, Any]
    url: str = ""
    issuer: str = ""
    audience: str = CLIENT_ID
    refuses: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        """Where everything is."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes next."""
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
        assert asked["code_challenge_method"] == "S256"
        if self.refuses:
            return f"{asked['redirect_uri']}?{urlencode({'error': self.refuses, 'state': asked['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Tokens for a code that is good once, to the client that knows its secret and the verifier."""
        grant = self.codes.pop(asked["code"], None)
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if grant is None or challenge != grant["code_challenge"] or asked.get("client_secret") != CLIENT_SECRET:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer or self.url, "aud": self.audience, "iat": now, "exp": now + 60, **self.claims}
        id_token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "1"})
        return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": id_token}


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """The provider behind a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(_flat(parts.query)))
                self.end_headers()
            else:
                self._json(200, provider.discovery())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._json(*provider.token(_flat(body)))

        def _json(self, status: int, content: dict[str, Any]) -> None:
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()


@pytest.fixture
def provider(settings: LazySettings) -> Iterator[Provider]:
    """The service "Microsoft", in which Erin signs in."""
    claims = {"sub": "erin-at-entra", "preferred_username": "erin", "email": "erin@acme.example"}
    with serving(Provider(claims)) as running:
        service = {
            "provider_id": "entra",
            "name": "Microsoft",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": running.url, "fetch_userinfo": False},
        }
        settings.SIGN_IN_SERVICES = [service]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [service], "OAUTH_PKCE_ENABLED": True}}
        yield running


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
