from __future__ import annotations

from integrations.ninjaone.sandbox import Sandbox
from tests.integrations.sandbox.caller import Caller, Clock, caller_of


def test_the_feed_is_newest_first_and_has_pages(acme: Caller) -> None:
    first = acme.activities(43)
    assert len(first) == 200
    second = acme.activities(43, olderThan=first[-1]["id"])
    assert len(second) == 140
    ids = [row["id"] for row in first + second]
    assert ids == sorted(set(ids), reverse=True)
    times = [row["activityTime"] for row in first + second]
    assert times == sorted(times, reverse=True)
    assert acme.activities(43, olderThan=second[-1]["id"]) == []


def test_newer_than_takes_an_id_and_a_timestamp_finds_nothing(acme: Caller, clock: Clock) -> None:
    tenth = acme.activities(43)[10]["id"]
    assert len(acme.activities(43, newerThan=tenth)) == 10
    assert acme.activities(43, newerThan=int(clock.at)) == []


def test_page_sizes_have_bounds(acme: Caller) -> None:
    assert len(acme.activities(43, pageSize=10)) == 10
    assert len(acme.activities(43, pageSize=1000)) == 340
    for size in (9, 1001):
        assert acme.error("GET", "/v2/device/43/activities", pageSize=size)[0] == 400


def test_the_feed_names_its_last_ids(acme: Caller) -> None:
    feed = acme.get("/v2/device/43/activities", pageSize=10)
    assert feed["lastNodeActivityId"] == feed["activities"][0]["id"]
    assert feed["lastActivityId"] >= feed["lastNodeActivityId"]


def test_activities_can_be_asked_by_type_status_and_series(acme: Caller, clock: Clock) -> None:
    assert {row["activityType"] for row in acme.activities(43, activityType="CONDITION")} == {"CONDITION"}
    assert {row["statusCode"] for row in acme.activities(43, status="RESET")} == {"RESET"}
    acme.send("POST", "/v2/device/43/reboot/NORMAL")
    clock.pass_seconds(30)
    series = acme.activities(43, activityType="ACTION")[0]["seriesUid"]
    assert len(acme.activities(43, seriesUid=series)) == 3


def test_the_feed_of_the_whole_instance_can_be_narrowed_to_devices(acme: Caller) -> None:
    everything = acme.get("/v2/activities", pageSize=1000)["activities"]
    assert {41, 43, 61, 81} <= {row["deviceId"] for row in everything}
    borealis = acme.get("/v2/activities", df="org = 3", type="MONITOR")["activities"]
    assert {row["deviceId"] for row in borealis} == {61, 62, 63, 64, 65, 66}
    assert acme.get("/v2/activities", user=12)["activities"] == []


def test_a_restarted_sandbox_does_not_go_back_with_its_ids(acme: Caller, clock: Clock) -> None:
    acme.send("POST", "/v2/device/43/reboot/NORMAL")
    seen = acme.get("/v2/device/43/activities")["lastNodeActivityId"]
    clock.pass_seconds(30)
    again = caller_of(Sandbox(now=clock))
    again.send("POST", "/v2/device/43/reboot/NORMAL")
    assert [row["statusCode"] for row in again.activities(43, newerThan=seen)] == ["START_REQUESTED"]
