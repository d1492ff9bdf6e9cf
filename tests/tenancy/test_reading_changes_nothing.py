"""Every page of the dashboard, opened by whoever may open it: no GET writes a row anywhere.

Two things are written all the same: the browser's own session, and what an operator looks at in a tenant, on its
record. The ways back from other services (NinjaOne, OpenID Connect) are GETs because those send browsers so; without a
state of this session, as here, they write nothing either.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import LazySettings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client

from integrations.ninjaone.sandbox import ACME, Sandbox
from tests.cast import Tenant, make_tenant
from tests.every_page import onlookers
from tests.integrations.people.signing_in import app_of, password_step
from tests.tenancy.addresses import addresses
from tests.tenancy.people import AUDIT, Rows, furnish
from tests.tenancy.tables import Writes

SESSIONS = {"django_session"}
PAGES = 20


def browsers(tenant: Tenant) -> Iterator[tuple[str, Client, set[str]]]:
    """Who looks, and the tables that their looking may write to."""
    member, operator = onlookers(tenant)
    for user in (member, operator):
        # Recovery codes that nobody saw yet: once they were shown by a GET.
        app_of(user)
    yield "member", tenant.signed_in(member), SESSIONS
    yield "viewer", tenant.signed_in(tenant.viewer), SESSIONS
    yield "operator", tenant.signed_in(operator), SESSIONS
    visitor = tenant.signed_in(operator)
    assert (
        visitor.post(f"/dashboard/visit/{tenant.msp.pk}/", {"reason": "A support case of theirs."}).status_code == 302
    )
    yield "visitor", visitor, SESSIONS | AUDIT
    halfway = Client()
    assert password_step(halfway, member).status_code == 302
    yield "halfway in", halfway, SESSIONS
    yield "nobody", Client(), SESSIONS


@pytest.mark.django_db(transaction=True)
def test_no_page_writes_anything_because_somebody_looked(ninjaone: Sandbox, settings: LazySettings) -> None:
    settings.SECOND_FACTOR_REQUIRED, settings.STEP_UP_SECONDS = True, 300
    acme = make_tenant("acme", ACME, ninjaone)
    rows: Rows = furnish(acme, "acme")
    # As a migration makes them; the tests before may have taken them away.
    ContentType.objects.get_for_models(*apps.get_models())
    found, seen = [], dict[str, int]()
    for who, client, may_write in browsers(acme):
        for address in addresses("dashboard/"):
            url = address.filled([str(rows[kind]) for kind in address.named])
            writes = Writes()
            with connection.execute_wrapper(writes):
                status = client.get(url).status_code
            seen[who] = seen.get(who, 0) + (status == 200)
            if writes.tables - may_write:
                found.append(f"{who}: GET {url} ({status}) wrote to {writes.tables - may_write}")
    assert found == []
    assert min(seen["member"], seen["visitor"], seen["operator"]) >= PAGES, seen
    assert not any("viewed_at" in data for data in Authenticator.objects.values_list("data", flat=True))
