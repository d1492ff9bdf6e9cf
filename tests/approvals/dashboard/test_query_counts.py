"""Pages cost a fixed number of queries, whatever they list."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.models import Invocation
from tests.approvals.asking import approve, ask, submit
from tests.approvals.dashboard.looking import ACTIVITY, QUEUE, page_url, text
from tests.cast import Tenant

MOST = 12


@pytest.mark.parametrize(
    "url",
    [
        "/dashboard/",
        QUEUE,
        f"{QUEUE}?show=all",
        f"{QUEUE}?show=decided&oldest=",
        f"{QUEUE}deny/",
        f"{QUEUE}waiting/",
        ACTIVITY,
        f"{ACTIVITY}?oldest=",
        f"{ACTIVITY}?status=expired&device=acme&when=week&organization=2",
        f"{ACTIVITY}?person=APPROVER&status=unknown&device=acme",
        f"{ACTIVITY}?q=echo&device=acme&status=expired",
        "PAGE",
        "STORY",
        "STANDING",
    ],
)
def test_a_page_costs_at_most_twelve_queries_and_no_more_with_more_rows(acme: Tenant, url: str) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    places = {
        "PAGE": page_url(row),
        "STORY": f"{ACTIVITY}{row.pk}/",
        "STANDING": f"{page_url(row)}standing/?shape=decide",
    }
    place = places.get(url, url).replace("APPROVER", str(acme.approver.pk))
    approve(acme, ask(acme, "ninja-reboot-device", device_id=41))
    client = acme.signed_in(acme.approver)
    text(client, place)
    few = queries_of(client, place)
    for number in range(1, 6):
        ask(acme, "ninja-list-devices", limit=number)
        submit(acme, "ninja-run-bash", device_id=43, script=f"echo {number}")
    assert queries_of(client, place) == few
    assert few <= MOST
    assert Invocation.objects.count() == 12


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        text(client, url)
    return len(captured)
