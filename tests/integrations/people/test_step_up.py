"""Confirming that it is you, before what matters most."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config import urls
from integrations.step_up import step_up
from tests.cast import PASSWORD, Tenant
from tests.integrations.people.signing_in import age, app_of, code_of, events, password_step

PASSWORD_PAGE = "/dashboard/account/confirm/password/?next=/dashboard/button"
CODE_PAGE = "/dashboard/account/confirm/code/?next=/dashboard/button"
CONFIRM = "/dashboard/account/confirm/?next=/dashboard/button"
PRESSED: list[str] = []


def button(request: HttpRequest) -> HttpResponse:
    """Does something that matters when it is pressed."""
    if (ask := step_up(request, back="/dashboard/button")) is not None:
        return ask
    PRESSED.append(request.method or "")
    return HttpResponse("done")


urlpatterns = [path("dashboard/button", button), *urls.urlpatterns]


@pytest.fixture(autouse=True)
def _five_minutes(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.STEP_UP_SECONDS = 300
    PRESSED.clear()


def test_a_fresh_sign_in_is_not_asked_again(acme: Tenant, client: Client) -> None:
    password_step(client, acme.approver)
    assert client.post("/dashboard/button").content == b"done"


def test_a_stolen_session_of_more_than_five_minutes_does_nothing_without_the_password(
    acme: Tenant, client: Client
) -> None:
    password_step(client, acme.approver)
    age(client, 301)
    assert client.post("/dashboard/button")["Location"] == CONFIRM.replace("/dashboard/button", "%2Fdashboard%2Fbutton")
    page = client.post("/dashboard/button", follow=True).content.decode()
    assert "Confirm that it is you" in page
    assert "Nothing was done yet" in page
    assert client.post(PASSWORD_PAGE, {"password": "guess"}).status_code == 200
    assert client.post("/dashboard/button").status_code == 302
    assert PRESSED == []


def test_the_password_leads_back_and_nothing_is_replayed(acme: Tenant, client: Client) -> None:
    password_step(client, acme.approver)
    age(client, 301)
    client.post("/dashboard/button")
    answer = client.post(PASSWORD_PAGE, {"password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/button")
    assert PRESSED == []
    client.post("/dashboard/button")
    assert PRESSED == ["POST"]
    assert events(acme, "login.") == ["login.succeeded", "login.confirmed"]


def test_a_known_password_does_not_stand_in_for_the_second_factor(acme: Tenant, client: Client) -> None:
    secret = app_of(acme.approver)
    client.force_login(acme.approver)
    age(client, 301)
    assert client.get(CONFIRM)["Location"].startswith("/dashboard/account/confirm/code/")
    client.post(PASSWORD_PAGE, {"password": PASSWORD})
    assert client.post("/dashboard/button").status_code == 302
    assert client.post(CODE_PAGE, {"code": code_of(secret)})["Location"] == "/dashboard/button"
    assert client.post("/dashboard/button").content == b"done"


def test_a_way_back_to_another_site_is_not_taken(acme: Tenant, client: Client) -> None:
    client.force_login(acme.approver)
    assert client.get("/dashboard/account/confirm/?next=https://evil.example/")["Location"] == "/dashboard/"
    age(client, 301)
    client.get("/dashboard/account/confirm/?next=https://evil.example/")
    answer = client.post("/dashboard/account/confirm/password/?next=https://evil.example/", {"password": PASSWORD})
    assert answer["Location"] == "/dashboard/"


def test_a_clock_that_was_set_back_does_not_make_a_proof_fresh(acme: Tenant, client: Client) -> None:
    client.force_login(acme.approver)
    age(client, -3600)
    assert client.post("/dashboard/button").status_code == 302


def test_nobody_is_asked_who_is_not_signed_in(client: Client, db: None) -> None:
    assert client.post("/dashboard/button").status_code == 302
    assert client.get(CONFIRM)["Location"].startswith("/dashboard/login/")
