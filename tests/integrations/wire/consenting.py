"""Authorize, and what comes back: the two halves of a consent, as the dashboard calls them."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Connection
from integrations.ninjaone.connect import authorization_finish, authorization_start, connection_disconnect
from tests.cast import Tenant
from tests.integrations.wire.browser import Returned

SESSION = "session-of-the-admin"


def start(tenant: Tenant, session_key: str = SESSION) -> str:
    connection = Connection.objects.select_related("msp").get(pk=tenant.connection.pk)
    return authorization_start(connection=connection, user=tenant.admin, session_key=session_key)


def finish(tenant: Tenant, returned: Returned, **changes: Any) -> Connection:
    arguments = {
        "user": tenant.admin,
        "session_key": SESSION,
        "state": returned.state,
        "code": returned.code,
        "error": returned.error,
        "error_description": "",
    }
    return authorization_finish(**{**arguments, **changes})


@pytest.fixture
def saved(acme: Tenant) -> Tenant:
    """The MSP with its credentials saved and no tokens."""
    connection_disconnect(connection=acme.connection, user=acme.admin)
    return acme
