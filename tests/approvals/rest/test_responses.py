"""An answer of ours is an answer of Django's, and nothing is said in it that would not be said otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from approvals.rest.responses import JsonAnswer, header_set

HEADERS: list[dict[str, str] | None] = [None, {}, {"Retry-After": "5", "Location": "/api/v1/invocations/7"}]


def told(response: HttpResponse) -> dict[str, Any]:
    """All that it holds, its headers read out."""
    return {**vars(response), "headers": sorted(response.items())}


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("status", [200, 202, 422, 504])
def test_it_holds_what_djangos_own_holds(status: int, headers: dict[str, str] | None) -> None:
    body = b'{"a":1}'
    ours = JsonAnswer(body, status, headers)
    djangos = HttpResponse(body, status=status, headers=headers, content_type="application/json")
    assert told(ours) == told(djangos)
    assert (ours.content, ours.reason_phrase, ours.charset) == (body, djangos.reason_phrase, djangos.charset)


def test_two_answers_share_nothing_that_changes() -> None:
    one, other = JsonAnswer(b"1", 200, None), JsonAnswer(b"2", 200, None)
    one["X-One"] = "1"
    one.set_cookie("one", "1")
    one._resource_closers.append(print)
    one.write(b"3")
    assert told(other) == told(HttpResponse(b"2", status=200, content_type="application/json"))


def test_headers_from_elsewhere_are_checked_as_everywhere() -> None:
    with pytest.raises(ValueError, match="newlines"):
        JsonAnswer(b"", 200, {"Location": "/a\nSet-Cookie: b"})


def test_a_header_that_is_set_takes_the_place_of_one_in_other_letters() -> None:
    response = HttpResponse(headers={"x-request-id": "a"})
    header_set(response, "X-Request-Id", "b")
    assert response["X-Request-Id"] == "b"
    assert [name for name, _ in response.items() if name.lower() == "x-request-id"] == ["X-Request-Id"]
