from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from urllib.parse import urlencode

import pytest

from integrations.ninjaone.sandbox import ACME, NORTHWIND, Sandbox, SandboxRequest, seed_grant
from integrations.ninjaone.sandbox.tokens import token_read
from tests.integrations.sandbox.caller import SECRETS, Caller, Clock, code_of, exchange, refresh, token_post

VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def _status(sandbox: Sandbox, token: str) -> int:
    return Caller(sandbox, token).send("GET", "/v2/organizations").status


def test_a_code_with_its_verifier_becomes_tokens_that_work(sandbox: Sandbox) -> None:
    status, answer = exchange(sandbox, code_of(sandbox, **PKCE), code_verifier=VERIFIER)
    assert status == 200
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert answer["scope"] == "monitoring management control offline_access"
    assert _status(sandbox, answer["access_token"]) == 200


def test_a_wrong_or_missing_verifier_is_refused(sandbox: Sandbox) -> None:
    for more in ({"code_verifier": "w" * 43}, {}):
        status, answer = exchange(sandbox, code_of(sandbox, **PKCE), **more)
        assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_code_works_once(sandbox: Sandbox) -> None:
    code = code_of(sandbox)
    assert exchange(sandbox, code)[0] == 200
    assert exchange(sandbox, code)[1]["error"] == "invalid_grant"


def test_a_refused_exchange_uses_the_code_up(sandbox: Sandbox) -> None:
    code = code_of(sandbox, **PKCE)
    exchange(sandbox, code, code_verifier="wrong")
    assert exchange(sandbox, code, code_verifier=VERIFIER)[0] == 400


def test_a_code_lives_a_minute(sandbox: Sandbox, clock: Clock) -> None:
    code = code_of(sandbox)
    clock.pass_seconds(60)
    assert exchange(sandbox, code)[1]["error"] == "invalid_grant"


def test_the_redirect_uri_of_the_exchange_must_be_the_same(sandbox: Sandbox) -> None:
    other = "https://other.example/dashboard/integrations/ninjaone-callback"
    status, answer = token_post(sandbox, grant_type="authorization_code", code=code_of(sandbox), redirect_uri=other)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_code_belongs_to_its_client(sandbox: Sandbox) -> None:
    assert exchange(sandbox, code_of(sandbox), NORTHWIND)[1]["error"] == "invalid_grant"


def test_unknown_clients_bad_secrets_and_other_grants_are_refused(sandbox: Sandbox) -> None:
    status, answer = token_post(sandbox, "nobody", grant_type="refresh_token")
    assert (status, answer["resultCode"]) == (404, "Client app not exist")
    status, answer = token_post(sandbox, client_secret="wrong", grant_type="refresh_token")
    assert (status, answer["error"]) == (401, "invalid_client")
    status, answer = token_post(sandbox, grant_type="client_credentials")
    assert (status, answer["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", None])
def test_a_token_request_that_is_no_form_is_refused(sandbox: Sandbox, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    body = urlencode({"grant_type": "refresh_token", "client_id": ACME, "client_secret": SECRETS[ACME]}).encode()
    answer = sandbox.handle(SandboxRequest(method="POST", path="/ws/oauth/token", headers=headers, body=body))
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "invalid_request")


def test_without_offline_access_there_is_no_refresh_token(sandbox: Sandbox) -> None:
    _, answer = exchange(sandbox, code_of(sandbox, scope="monitoring"))
    assert "refresh_token" not in answer
    assert answer["scope"] == "monitoring"


def test_an_app_without_the_refresh_grant_gets_no_refresh_token(sandbox: Sandbox) -> None:
    _, before = exchange(sandbox, code_of(sandbox))
    sandbox.clients[ACME].refresh_grant = False
    assert "refresh_token" not in exchange(sandbox, code_of(sandbox))[1]
    assert refresh(sandbox, before["refresh_token"])[1]["error"] == "unauthorized_client"


def test_a_refresh_hands_out_a_new_pair_and_kills_the_old_refresh_token(sandbox: Sandbox) -> None:
    _, first = exchange(sandbox, code_of(sandbox))
    status, second = refresh(sandbox, first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert _status(sandbox, second["access_token"]) == 200
    assert refresh(sandbox, first["refresh_token"]) == (400, {"error": "invalid_token"})
    assert refresh(sandbox, second["refresh_token"])[0] == 200


def test_without_rotation_the_old_refresh_token_stays(sandbox: Sandbox) -> None:
    sandbox.clients[ACME].rotates_refresh_tokens = False
    _, first = exchange(sandbox, code_of(sandbox))
    for _ in range(2):
        status, answer = refresh(sandbox, first["refresh_token"])
        assert status == 200
        assert "refresh_token" not in answer


def test_a_refresh_token_belongs_to_its_client_and_is_no_access_token(sandbox: Sandbox) -> None:
    _, answer = exchange(sandbox, code_of(sandbox))
    assert refresh(sandbox, answer["refresh_token"], NORTHWIND)[0] == 400
    assert refresh(sandbox, answer["access_token"])[0] == 400
    assert _status(sandbox, answer["refresh_token"]) == 401


def test_an_access_token_expires_when_its_time_is_over(sandbox: Sandbox, clock: Clock) -> None:
    sandbox.clients[ACME].access_token_seconds = 20
    _, answer = exchange(sandbox, code_of(sandbox))
    clock.pass_seconds(19)
    assert _status(sandbox, answer["access_token"]) == 200
    clock.pass_seconds(1)
    assert _status(sandbox, answer["access_token"]) == 401


def test_tokens_survive_a_restart(sandbox: Sandbox, clock: Clock) -> None:
    _, answer = exchange(sandbox, code_of(sandbox))
    restarted = Sandbox(now=clock)
    assert _status(restarted, answer["access_token"]) == 200
    assert refresh(restarted, answer["refresh_token"])[0] == 200


def test_revoking_kills_every_token_of_the_client_and_of_no_other(sandbox: Sandbox) -> None:
    _, answer = exchange(sandbox, code_of(sandbox))
    sandbox.revoke_grants(ACME)
    assert _status(sandbox, answer["access_token"]) == 401
    assert refresh(sandbox, answer["refresh_token"]) == (400, {"error": "invalid_token"})
    assert _status(sandbox, seed_grant(ACME).access_token) == 401
    assert _status(sandbox, seed_grant(NORTHWIND).access_token) == 200
    _, again = exchange(sandbox, code_of(sandbox))
    assert _status(sandbox, again["access_token"]) == 200


def test_the_seed_grant_is_always_the_same_and_may_be_refreshed_again_and_again(sandbox: Sandbox) -> None:
    grant = seed_grant(ACME)
    assert grant == seed_grant(ACME)
    _, first = refresh(sandbox, grant.refresh_token)
    _, second = refresh(sandbox, grant.refresh_token)
    assert first["refresh_token"] != second["refresh_token"]
    assert refresh(sandbox, first["refresh_token"])[0] == 200
    assert refresh(sandbox, first["refresh_token"])[0] == 400
    assert refresh(sandbox, second["refresh_token"])[0] == 200
    assert "token" not in repr(grant)


def test_a_token_that_was_tampered_with_or_is_not_ours_means_nothing() -> None:
    token = seed_grant(ACME).access_token
    for place in (3, 40, len(token) - 1):
        forged = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert token_read(forged) is None
    for foreign in ("", "x", "é", "a.b.c", "A" * 200):
        assert token_read(foreign) is None
