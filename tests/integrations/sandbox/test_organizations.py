from __future__ import annotations

from tests.integrations.sandbox.caller import Caller


def test_organizations_page_by_the_last_id_seen(acme: Caller) -> None:
    assert [row["name"] for row in acme.get("/v2/organizations")] == [
        "Acme Dental",
        "Borealis Logistics",
        "City Library",
    ]
    assert [row["id"] for row in acme.get("/v2/organizations", pageSize=1, after=2)] == [3]
    assert acme.error("GET", "/v2/organizations", pageSize=0)[0] == 400


def test_one_organization_has_locations_and_policies(acme: Caller) -> None:
    organization = acme.get("/v2/organization/2")
    assert [row["id"] for row in organization["locations"]] == [5, 6]
    assert {"nodeRoleId": 102, "policyId": 59} in organization["policies"]
    assert acme.error("GET", "/v2/organization/4") == (404, "Organization not found")


def test_a_created_organization_is_there_and_can_be_renamed(acme: Caller) -> None:
    answer = acme.send("POST", "/v2/organizations", body={"name": "Delta", "locations": [{"name": "Yard"}]})
    assert answer.status == 200
    assert acme.get("/v2/organization/8")["locations"][0]["name"] == "Yard"
    assert acme.send("PATCH", "/v2/organization/8", body={"description": "new"}).status == 204
    organization = acme.get("/v2/organization/8")
    assert (organization["name"], organization["description"]) == ("Delta", "new")
    assert acme.error("POST", "/v2/organizations", body={}) == (400, "name must not be null")


def test_a_location_is_added_to_its_organization_alone(acme: Caller) -> None:
    assert acme.send("POST", "/v2/organization/7/locations", body={"name": "Annex"}).status == 200
    assert [row["name"] for row in acme.get("/v2/organization/7/locations")][-1] == "Annex"
    assert acme.get("/v2/locations")[-1]["organizationId"] == 7


def test_custom_fields_and_policies_are_stored(acme: Caller) -> None:
    assert acme.send("PATCH", "/v2/organization/2/custom-fields", body={"tier": "gold"}).status == 204
    assert acme.get("/v2/organization/2/custom-fields")["tier"] == "gold"
    assert acme.send("PUT", "/v2/organization/2/policies", body=[{"nodeRoleId": 1, "policyId": 2}]).status == 204
    assert acme.get("/v2/organization/2")["policies"] == [{"nodeRoleId": 1, "policyId": 2}]
    assert acme.error("PUT", "/v2/organization/2/policies", body={})[0] == 400
