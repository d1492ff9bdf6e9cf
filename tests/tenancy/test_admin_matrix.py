"""Every address of the dashboard x own, foreign and nonexistent ids x GET, valid and tampered POST x everybody.

The addresses come from the site itself: one that this does not know how to fill or to feed fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client

from integrations.ninjaone import exchange
from integrations.ninjaone.sandbox import ACME, NORTHWIND, Sandbox
from integrations.platform_admin import PlatformAdmin
from integrations.tenant_admin import TenantModelAdmin
from tests.cast import Tenant, make_tenant
from tests.tenancy.addresses import Address, addresses
from tests.tenancy.bodies import FLAGS, OWN_ACCOUNT, form_of, tampered_body, valid_body
from tests.tenancy.people import AUDIT, MAY_CHANGE, ROLES, STOPPED, Rows, browser_of, furnish, nowhere, words_of
from tests.tenancy.tables import Writes, changed_tables, platform_rows, rows_of

PROBES_OF_ONE_ROLE = 500
QUERIES = (
    "?q={slug}", "?all=", "?p=1", "?o=-1", "?_popup=1&_to_field=id", "?_to_field=name", "?_facets=True", "?e=1",
    "?agent={agent}", "?msp={msp}", "?id={agent}", "?owner={user}", "?user__password__startswith=m", "?show=all",
)  # fmt: skip


State = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


@dataclass
class Matrix:
    """One role's walk through everything."""

    role: str
    client: Client
    own_tenant: Tenant
    foreign_tenant: Tenant
    own: Rows
    foreign: Rows
    words: list[str]
    none: Rows = field(default_factory=nowhere)
    probes: int = 0
    seen: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = self.state()

    def probe(self, method: str, url: str, body: dict[str, Any] | None = None) -> tuple[int, str, str]:
        """One request, undone afterwards; the answer without what differs anyway."""
        self.probes += 1
        cookie = self.client.cookies.get("sessionid")
        signed_in = None if cookie is None else cookie.value
        writes = Writes()
        with transaction.atomic():
            with connection.execute_wrapper(writes):
                response: Any = self.client.post(url, body) if method == "POST" else self.client.get(url, body)
                # Of an export, all that it streams.
                content = (response.getvalue() if response.streaming else response.content).decode()
            after = self.state() if writes.happened else self.before
            transaction.set_rollback(True)
        if signed_in is not None:
            self.client.cookies["sessionid"] = signed_in
        self.judge(method, url, response, content, after)
        self.seen += response.status_code == 200
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", content)
        return response.status_code, response.headers.get("Location", ""), text

    def state(self) -> State:
        """Both tenants and the platform as they are now."""
        return rows_of(self.foreign_tenant.msp), rows_of(self.own_tenant.msp), platform_rows()

    def judge(self, method: str, url: str, response: Any, content: str, after: State) -> None:
        """Note what must not have happened."""
        what = f"{method} {url}"
        if response.status_code >= 500:
            self.faults.append(f"{what} answered {response.status_code}")
        text = f"{response.headers} {content}".lower()
        asked = what.lower()
        self.faults += [f"{what} shows {word!r}" for word in self.words if word in text and word not in asked]
        foreign, own, platform = map(changed_tables, self.before, after)
        if self.role != "superuser" and (foreign or platform):
            self.faults.append(f"{what} changed foreign {foreign} or the platform")
        if url.startswith(("/dashboard/logout/", f"/{OWN_ACCOUNT}")):
            own -= AUDIT  # what somebody does with their own account is on record
        if method == "POST" and url.endswith(("/approve/", "/deny/")):
            own -= AUDIT  # that somebody tried to decide what is not theirs to decide is on record
        if self.role == "approver" and ("/stop/" in url or url.endswith("/report/")):
            own -= STOPPED
        if own - MAY_CHANGE.get(self.role, own) or (method == "GET" and (own or foreign)):
            self.faults.append(f"{what} changed {own or foreign}")

    def ids(self, address: Address) -> Iterator[tuple[str, list[str]]]:
        """Own ids, foreign ones and none, and for two ids also an own and a foreign one."""
        kinds = address.named
        yield "own", [str(self.own[kind]) for kind in kinds]
        if kinds:
            yield "foreign", [str(self.foreign[kind]) for kind in kinds]
            yield "none", [str(self.none[kind]) for kind in kinds]
        if len(kinds) > 1:
            yield "mixed foreign", [str(self.own[kinds[0]]), *(str(self.foreign[kind]) for kind in kinds[1:])]
            yield "mixed none", [str(self.own[kinds[0]]), *(str(self.none[kind]) for kind in kinds[1:])]

    def walk(self, address: Address, body: dict[str, Any]) -> None:
        """Everything that one address is asked."""
        answers: dict[str, list[Any]] = {}
        for whose, ids in self.ids(address):
            url = address.filled(ids)
            rows = {"own": self.own, "none": self.none}.get(whose, self.foreign)
            tampered = tampered_body(body, self.own, self.foreign)
            found = [self.probe("GET", url), self.probe("POST", url, body), self.probe("POST", url, tampered)]
            if address.name.endswith(("_add", "_change", "_delete", "_changelist")):
                found.append(self.probe("POST", url, {**body, **FLAGS}))
            answers[whose] = [_neutral(answer, [*ids, str(rows["digest"])]) for answer in found]
        for foreign, none in (("foreign", "none"), ("mixed foreign", "mixed none")):
            if self.role != "superuser" and answers.get(foreign) != answers.get(none):
                self.faults.append(f"{address.pattern} tells {foreign} from {none}")
        if address.name.endswith("_changelist"):
            for query in QUERIES:
                filled = query.format(slug=self.words[0], **self.foreign)
                self.probe("GET", address.filled([]) + filled)


def _neutral(answer: tuple[int, str, str], ids: list[str]) -> tuple[int, str, str]:
    status, place, text = answer
    for one in ids:
        place, text = place.replace(one, "id"), text.replace(one, "id")
    return status, place, text


@pytest.fixture
def cast(ninjaone: Sandbox, db: None, monkeypatch: pytest.MonkeyPatch) -> tuple[Tenant, Tenant, Rows, Rows]:
    # Each probe is undone by the transaction around it, which the product itself would not let go on the wire.
    monkeypatch.setattr(exchange, "require_no_transaction", lambda: None)
    acme, northwind = make_tenant("acme", ACME, ninjaone), make_tenant("northwind", NORTHWIND, ninjaone)
    return acme, northwind, furnish(acme, "acme"), furnish(northwind, "northwind")


@pytest.mark.parametrize("role", ROLES)
def test_nothing_leaks_and_foreign_equals_nonexistent(cast: tuple[Tenant, Tenant, Rows, Rows], role: str) -> None:
    acme, northwind, ours, theirs = cast
    client = browser_of(role, acme, northwind)
    forms = client if role == "superuser" else acme.signed_in(acme.admin)
    words = {"acme": words_of(acme, "acme", ours), "northwind": words_of(northwind, "northwind", theirs)}
    if role == "other admin":
        matrix = Matrix(role, client, northwind, acme, theirs, ours, words["acme"])
    else:
        matrix = Matrix(role, client, acme, northwind, ours, theirs, words["northwind"])
    if role == "superuser":
        # Operators see names of MSPs and accounts; nothing that belongs to one.
        matrix.words = ["northwind-bot", "acme-bot", *words["northwind"][2:], *words["acme"][2:]]
    for address in addresses("dashboard/"):
        with transaction.atomic():
            body = valid_body(address, matrix.own_tenant, matrix.own, forms)
            transaction.set_rollback(True)
        matrix.walk(address, body)
    assert matrix.faults == []
    assert matrix.probes >= PROBES_OF_ONE_ROLE
    assert matrix.seen >= (1 if role == "nobody" else 20)


def test_every_page_of_the_site_is_in_the_matrix() -> None:
    patterns = {address.pattern for address in addresses("dashboard/")}
    for model, page in admin.site._registry.items():
        assert isinstance(page, TenantModelAdmin | PlatformAdmin)
        assert f"dashboard/{model._meta.app_label}/{model._meta.model_name}/" in patterns
    assert len(patterns) > 60


def test_an_address_that_the_matrix_does_not_know_fails(cast: tuple[Tenant, Tenant, Rows, Rows]) -> None:
    acme, _, ours, _ = cast
    with pytest.raises(LookupError, match="Nobody told"):
        valid_body(Address("brand-new", "dashboard/new/"), acme, ours, Client())
    with pytest.raises(KeyError):
        _ = Address("x", "dashboard/<uuid:thing_id>/").named
    with pytest.raises(KeyError):
        _ = ours[Address("x", "dashboard/integrations/brandnew/<path:object_id>/").named[0]]


def test_the_matrix_feeds_the_forms_what_they_take(cast: tuple[Tenant, Tenant, Rows, Rows]) -> None:
    acme, _, ours, _ = cast
    client = acme.signed_in(acme.admin)
    url = f"/dashboard/integrations/agent/{ours['agent']}/change/"
    assert client.post(url, form_of(client, url)).status_code == 302
