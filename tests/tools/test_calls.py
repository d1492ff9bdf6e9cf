from __future__ import annotations

import pytest

from tools.calls import delete, get, path_filled, post


def test_parts_are_quoted_so_that_they_stay_one_part() -> None:
    assert path_filled("/v2/device/{}/windows-service/{}/control", 43, "MSSQL$A/B ü?#%") == (
        "/v2/device/43/windows-service/MSSQL%24A%2FB%20%C3%BC%3F%23%25/control"
    )


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_a_part_that_moves_in_the_path_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="cannot be a part"):
        get("/v2/device/{}", part)


def test_a_template_takes_as_many_parts_as_it_has_places() -> None:
    with pytest.raises(ValueError, match="takes 1 parts, not 2"):
        get("/v2/device/{}", 1, 2)


def test_a_query_is_encoded_without_plus_signs() -> None:
    call = get("/v2/devices", query=[("df", "org = 2 & online"), ("a b", "+")])
    assert call.query_text == "df=org%20%3D%202%20%26%20online&a%20b=%2B"


def test_a_body_is_compact_and_keeps_the_order_of_its_keys() -> None:
    call = post("/v2/ticketing/ticket", body={"subject": "Ärger", "clientId": 2})
    assert call.body_text == '{"subject":"Ärger","clientId":2}'


def test_a_read_and_a_delete_have_no_body() -> None:
    assert get("/v2/devices").body_text is None
    assert delete("/v2/alert/{}", "x").body_text is None
    assert delete("/v2/alert/{}", "x").query_text == ""
