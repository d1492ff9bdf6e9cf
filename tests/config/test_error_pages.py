"""Whatever is refused to a person, and for whatever reason, the page is one of ours, and says what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connections
from django.test import Client

from tests.approvals.dashboard.looking import ACTIVITY, QUEUE
from tests.cast import Tenant
from tests.config.wrapped import OPENING, wrapped
from tests.every_page import every_page, onlookers

__all__ = ["wrapped"]

OURS = 'class="brand"'
LISTS = [QUEUE, "/dashboard/integrations/agent/", "/dashboard/integrations/auditevent/"]


def page_of(answer: Any, status: int) -> str:
    """The text of an error page of ours."""
    text: str = answer.content.decode()
    assert (answer.status_code, OURS in text) == (status, True), text
    assert answer["X-Frame-Options"] == "DENY"
    return text


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", ["status=decided", "msp=1", "pk=x"])
def test_a_filter_that_no_list_has_leads_back_to_the_list(acme: Tenant, path: str, query: str) -> None:
    text = page_of(acme.signed_in(acme.viewer).get(f"{path}?{query}"), 400)
    assert "a filter of another list" in text
    assert f'<a class="button is-primary" href="{path}">' in text


def test_filters_that_cannot_be_exported_are_called_that(acme: Tenant) -> None:
    answer = acme.signed_in(acme.admin).post(f"{ACTIVITY}export/", {"format": "xml"})
    assert "These filters cannot be read. Nothing was exported." in page_of(answer, 400)


@pytest.mark.parametrize("query", ["", "?next=//evil.example"])
def test_a_foreign_host_name_leads_nowhere_but_to_the_dashboard(client: Client, query: str) -> None:
    text = page_of(client.get(f"//evil.example/{query}", headers={"Host": "evil.example"}), 400)
    assert text.count("<a ") == text.count('href="/dashboard/"') == 2


def test_what_is_too_long_to_be_read_is_refused_on_a_page(acme: Tenant, settings: LazySettings) -> None:
    browser = acme.signed_in(acme.viewer)
    many = "&".join(f"field{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    page_of(browser.get(f"{QUEUE}?{many}"), 400)
    text = page_of(browser.post("/dashboard/switch/", {"msp": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}), 400)
    assert "What your browser sent cannot be read." in text


def test_a_form_without_its_token_is_refused_on_a_page(acme: Tenant) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(acme.viewer, backend="django.contrib.auth.backends.ModelBackend")
    assert "This form is too old" in page_of(browser.post("/dashboard/switch/", {}), 403)


def test_the_address_of_a_button_says_so_when_it_is_opened(acme: Tenant) -> None:
    answer = acme.signed_in(acme.viewer).get("/dashboard/switch/")
    assert "press the button once more" in page_of(answer, 405)
    assert answer["Allow"] == "POST"


def test_no_address_of_the_dashboard_answers_with_a_bare_page(acme: Tenant) -> None:
    paths = every_page(acme)
    for person in onlookers(acme):
        browser = acme.signed_in(person)
        for path in paths:
            for answer in (browser.get(path), browser.put(path)):
                if answer.status_code >= 400:
                    text = answer.content.decode()
                    assert 0 < text.find('<link rel="stylesheet"') < text.find("<h1>"), (path, answer.status_code)


@pytest.fixture
def _away(db: None) -> Iterator[None]:
    def refuse(*_: object) -> NoReturn:
        raise OperationalError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections["default"], "cursor", refuse)
        yield


@pytest.mark.usefixtures("_away", "wrapped")
def test_error_pages_need_no_database_and_are_translated() -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.cookies["sessionid"] = "x" * 32
    answers = {
        400: browser.get("/dashboard/", headers={"Host": "evil.example"}),
        403: browser.post("/dashboard/login/"),
        404: browser.get("/no-such-page/"),
        405: Client().put("/dashboard/account/confirm/"),
        503: browser.get("/dashboard/"),
    }
    for status, answer in answers.items():
        assert f"<h1>{OPENING}" in page_of(answer, status)
