"""The files that pages have: each is served, and nothing else is."""

from __future__ import annotations

import re
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.test import Client

NAMED = re.compile(r"{% static ['\"]([^'\"]+)['\"] %}")


def named() -> set[str]:
    pages = (Path(settings.BASE_DIR) / "templates").rglob("*.html")
    return {name for page in pages for name in NAMED.findall(page.read_text(encoding="utf-8"))}


@pytest.mark.django_db
def test_every_file_that_a_page_names_is_served(client: Client) -> None:
    names = named()
    assert "django_htmx/htmx-2.min.js" in names
    assert len(names) > 20
    for name in names:
        with closing(client.get(f"/static/{name}")) as answer:
            assert answer.status_code == HTTPStatus.OK, name


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["admin/css/base.css", "rest_framework/js/default.js", "django_htmx/htmx-2.js"])
def test_no_file_of_another_package_is_served_that_no_page_has(client: Client, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == HTTPStatus.NOT_FOUND


def test_the_server_looks_through_the_files_that_pages_have_and_no_others() -> None:
    found = {path for finder in get_finders() for path, _ in finder.list(None)}
    assert named() <= found
    assert {path for path in found if path.startswith(("admin/", "django_htmx/"))} == {"django_htmx/htmx-2.min.js"}
