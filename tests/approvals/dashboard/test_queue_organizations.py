"""The queue by organization: only those of the MSP's own requests can be chosen."""

from __future__ import annotations

import re

import pytest

from approvals.models import Invocation, Status
from tests.approvals.asking import ask, deny
from tests.approvals.dashboard.looking import QUEUE, page_url, text
from tests.cast import Tenant
from tests.config.rows import invocation_make


@pytest.fixture
def row(acme: Tenant) -> Invocation:
    return ask(acme, "ninja-reboot-device", device_id=43)


def choices_in(page: str) -> list[str]:
    select = page.partition('id="filter-organization"')[2].partition("</select>")[0]
    return re.findall(r"<option[^>]*>([^<]*)</option>", select)


def test_the_organizations_of_what_waits_can_be_chosen(acme: Tenant, row: Invocation) -> None:
    client = acme.signed_in(acme.viewer)
    assert choices_in(text(client, QUEUE)) == ["All", row.organization_name]
    page = text(client, f"{QUEUE}?organization={row.organization_id}")
    assert page_url(row) in page
    assert f'<option value="{row.organization_id}" selected>' in page
    deny(acme, row)
    assert choices_in(text(client, QUEUE)) == []
    assert choices_in(text(client, f"{QUEUE}?show=decided")) == ["All", row.organization_name]


@pytest.mark.parametrize("value", ["4711", "x", "-1", "1.5", "٣", "99999999999999999999999", "9999999999"])
def test_another_organization_shows_nothing(acme: Tenant, row: Invocation, value: str) -> None:
    page = text(acme.signed_in(acme.viewer), f"{QUEUE}?organization={value}")
    assert page_url(row) not in page
    assert "Nothing fits" in page


def test_organizations_of_others_cannot_be_chosen(acme: Tenant, northwind: Tenant, row: Invocation) -> None:
    secret = {"organization_id": 4711, "organization_name": "Northwind Secret"}
    foreign = invocation_make(northwind, Status.PENDING_APPROVAL, **secret)
    client = acme.signed_in(acme.viewer)
    for query in ("", "?show=all", "?organization=4711", "?show=all&organization=4711"):
        page = text(client, f"{QUEUE}{query}")
        assert "Northwind Secret" not in page
        assert str(foreign.pk) not in page


def test_a_name_that_hides_something_is_shown_as_code_points(acme: Tenant) -> None:
    invocation_make(acme, Status.PENDING_APPROVAL, organization_id=2, organization_name="Ac\u202eme")
    assert choices_in(text(acme.signed_in(acme.viewer), QUEUE)) == ["All", "Ac[U+202E]me"]
