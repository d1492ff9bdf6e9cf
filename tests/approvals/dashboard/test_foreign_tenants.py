from __future__ import annotations

import re
import uuid

import pytest

from approvals.models import Invocation, Status
from tests.approvals.asking import ask
from tests.approvals.dashboard.looking import ACTIVITY, QUEUE, text
from tests.cast import Tenant


@pytest.fixture
def foreign(northwind: Tenant) -> Invocation:
    return ask(northwind, "ninja-reboot-device", device_id=43)


def without_token(page: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page.decode())


@pytest.mark.parametrize("path", ["", "standing/", "delete/", "history/", "approve/", "deny/", "settle/", "change/"])
@pytest.mark.parametrize("base", [QUEUE, ACTIVITY])
@pytest.mark.parametrize("role", ["viewer", "approver", "admin"])
def test_a_foreign_row_answers_like_one_that_does_not_exist(
    acme: Tenant, foreign: Invocation, base: str, path: str, role: str
) -> None:
    client = acme.signed_in(getattr(acme, role))
    posted = {"digest": foreign.digest, "reason_code": "other", "comment": "", "happened": "no", "note": "x"}
    for method in ("get", "post"):
        answers = []
        for pk in (foreign.pk, uuid.uuid4()):
            response = getattr(client, method)(f"{base}{pk}/{path}", posted)
            place = response.headers.get("Location", "").replace(str(pk), "id")
            answers.append((response.status_code, place, without_token(response.content).replace(str(pk), "id")))
        assert answers[0] == answers[1]
        assert answers[0][0] in {302, 403, 404}
    assert Invocation.objects.get(pk=foreign.pk).status == Status.PENDING_APPROVAL


def test_lists_and_their_filters_show_nothing_foreign(acme: Tenant, foreign: Invocation) -> None:
    ask(acme, "ninja-get-device", device_id=43)
    client = acme.signed_in(acme.admin)
    agent = foreign.agent_id
    for url in (
        "/dashboard/",
        QUEUE,
        f"{QUEUE}?show=all",
        f"{QUEUE}?show=all&oldest=",
        ACTIVITY,
        f"{ACTIVITY}?agent={agent}",
        f"{QUEUE}?agent={agent}",
    ):
        page = text(client, url)
        assert str(foreign.pk) not in page
        assert f'value="{agent}"' not in page
        assert "Northwind" not in page


def test_a_superuser_without_membership_sees_no_request(
    acme: Tenant, foreign: Invocation, django_user_model: type
) -> None:
    root = django_user_model.objects.create_superuser("root", password="x")  # type: ignore[attr-defined]
    client = acme.signed_in(root)
    assert client.get("/dashboard/").status_code == 200
    for url in (QUEUE, ACTIVITY, f"{QUEUE}{foreign.pk}/", f"{ACTIVITY}{foreign.pk}/"):
        assert client.get(url).status_code == 403
    assert client.post(f"{QUEUE}{foreign.pk}/approve/", {"digest": foreign.digest}).status_code == 403


@pytest.mark.parametrize("url", ["/dashboard/", QUEUE, ACTIVITY, f"{QUEUE}00000000-0000-0000-0000-000000000000/"])
def test_strangers_are_sent_to_the_sign_in_page(acme: Tenant, url: str) -> None:
    client = acme.signed_in(acme.viewer)
    client.logout()
    assert client.get(url).headers["Location"].startswith("/dashboard/login/")
