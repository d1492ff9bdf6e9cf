"""Whatever level an operator sets, no secret reaches a log line, an error or a repr."""

from __future__ import annotations

import logging
import traceback

import pytest

from integrations.models import Connection
from integrations.ninjaone import oauth
from integrations.ninjaone.connect import authorization_finish, authorization_start, connection_disconnect
from integrations.ninjaone.errors import WireError
from integrations.ninjaone.sandbox import faults
from integrations.ninjaone.tokens import refresh_after_401
from tests.integrations.wire.browser import consent
from tests.integrations.wire.conftest import Live


@pytest.fixture
def noisy(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Every logger at DEBUG."""
    caplog.set_level(logging.DEBUG)
    for name in ("requests_oauthlib", "requests_oauthlib.oauth2_session", "oauthlib", "urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def secrets_of(connection: Connection) -> set[str]:
    named = ("client_secret", "access_token", "refresh_token")
    return {text for text in map(connection.secret, named) if text}


def test_a_consent_a_refresh_and_a_call_log_no_secret(
    live: Live, noisy: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    tenant = live.tenant
    connection = connection_disconnect(connection=tenant.connection, user=tenant.admin)
    url = authorization_start(connection=connection, user=tenant.admin, session_key="the-session")
    returned = consent(live.sandbox, url)
    connection = authorization_finish(
        user=tenant.admin, session_key="the-session", state=returned.state, code=returned.code
    )
    hidden = secrets_of(connection) | {returned.code, returned.state}
    tenant.connection = connection
    live.send()
    refresh_after_401(connection, connection.token_version)
    hidden |= secrets_of(connection)

    lines = noisy.text + "".join(capfd.readouterr())
    assert len(hidden) == 7
    assert [text for text in hidden if text in lines] == []


@pytest.mark.parametrize(
    "fault", [faults.status(400, body={"error": "invalid_grant"}), faults.status(500), faults.dropped(), faults.cut()]
)
def test_errors_hold_no_secret(live: Live, noisy: pytest.LogCaptureFixture, fault: faults.Fault) -> None:
    connection = live.tenant.connection
    hidden = secrets_of(connection)
    live.sandbox.faults.add("POST", "/ws/oauth/token", fault)

    with pytest.raises(WireError) as caught:
        refresh_after_401(connection, connection.token_version)

    shown = "".join(traceback.format_exception(caught.value)) + noisy.text + repr(connection) + str(vars(connection))
    assert [text for text in hidden if text in shown] == []


def test_reprs_hold_no_secret() -> None:
    client = oauth.Client("https://app.ninjarmm.com", "id", "hunter2")
    tokens = oauth.Tokens("hunter2", "hunter2", 60, None)

    assert "hunter2" not in repr(client) + repr(tokens)
