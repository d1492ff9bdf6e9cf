from __future__ import annotations

import json
from typing import Any

import pytest

from tools.errors import UnusableAnswerError
from tools.facts import facts_from_json, facts_to_json
from tools.standing_alerts import AlertsFact, alerts_call


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"uid": str(number), "deviceId": 43, "subject": f"Alert {number}", "createTime": float(number), **more}


def test_all_alerts_are_counted_and_the_newest_are_named() -> None:
    fact = AlertsFact.of([row(number) for number in (1, 4, 2, 3, 5)], 43)
    assert fact == AlertsFact(5, ("Alert 5", "Alert 4", "Alert 3"))


def test_no_alerts_are_a_number_too() -> None:
    assert AlertsFact.of([], 43) == AlertsFact(0)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"subject": "", "conditionName": "Disk"}, ("Disk",)),
        ({"subject": None, "message": "It is down"}, ("It is down",)),
        ({"subject": 7}, ()),
        ({"subject": "x" * 200}, ("x" * 77 + "...",)),
        ({"createTime": "yesterday"}, ("Alert 1",)),
    ],
)
def test_an_alert_goes_by_whatever_names_it(names: dict[str, Any], shown: tuple[str, ...]) -> None:
    assert AlertsFact.of([row(1, **names)], 43) == AlertsFact(1, shown)


@pytest.mark.parametrize("page", [None, {}, "<html>", ["x"], [row(1, deviceId=44)]])
def test_an_answer_about_something_else_is_unusable(page: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        AlertsFact.of(page, 43)


@pytest.mark.parametrize("fact", [AlertsFact(2, ("a", "b")), AlertsFact(None, trouble="NinjaOne answered 503.")])
def test_what_was_seen_is_read_back_as_it_was_stored(fact: AlertsFact) -> None:
    assert facts_from_json(json.loads(json.dumps(facts_to_json({"alerts": fact})))) == {"alerts": fact}


def test_they_are_read_at_the_device() -> None:
    assert alerts_call(43).path == "/v2/device/43/alerts"
