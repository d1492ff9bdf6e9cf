"""The demo's data: complete, connected, repeatable, and nobody else's."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.management import CommandError, call_command
from django.test import Client

from integrations.agent_keys import agent_key_authenticate, agent_key_revoke
from integrations.audit import Actor
from integrations.models import Agent, AgentKey, AuditEvent, Connection, ConnectionState, Membership, Msp, User
from integrations.ninjaone.sandbox import ACME, Sandbox, seed_grant
from tests.ninjaone_mount import NinjaMock, mount

pytestmark = pytest.mark.django_db(transaction=True)


def fill() -> dict[str, Any]:
    """What `manage.py demo_data --json` prints."""
    out = io.StringIO()
    call_command("demo_data", json=True, stdout=out)
    data: dict[str, Any] = json.loads(out.getvalue())
    return data


def test_it_prints_two_msps_with_their_people_and_agents(ninjaone: Sandbox) -> None:
    data = fill()
    assert [msp["slug"] for msp in data["msps"]] == ["acme-msp", "northwind-it"]
    for msp in data["msps"]:
        assert set(msp) == {"slug", "agents", "users"}
        assert [set(agent) for agent in msp["agents"]] == [{"name", "key"}] * 2
        assert [agent["name"] for agent in msp["agents"]] == ["helpdesk-bot", "patch-bot"]
        assert [set(user) for user in msp["users"]] == [{"username", "password", "role"}] * 4
        assert [user["role"] for user in msp["users"]] == ["admin", "approver", "approver", "viewer"]


def test_a_second_time_changes_nothing_and_prints_the_same(ninjaone: Sandbox) -> None:
    def counts() -> list[int]:
        models = (Msp, User, Membership, Agent, AgentKey, Connection, AuditEvent)
        return [model._default_manager.count() for model in models]

    first, before = fill(), counts()
    assert fill() == first
    assert counts() == before
    assert Connection.objects.filter(epoch=1).count() == 2


def test_its_keys_open_the_api(ninjaone: Sandbox) -> None:
    for msp in fill()["msps"]:
        for agent in msp["agents"]:
            principal = agent_key_authenticate(authorization=f"Bearer {agent['key']}")
            assert (principal.msp.slug, principal.agent.name) == (msp["slug"], agent["name"])


def test_its_people_can_sign_in_with_what_it_prints(ninjaone: Sandbox) -> None:
    for msp in fill()["msps"]:
        for user in msp["users"]:
            assert Client().login(username=user["username"], password=user["password"])


def test_signing_in_leaves_their_passwords_as_they_are_stored(ninjaone: Sandbox, settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    user = fill()["msps"][0]["users"][0]
    before = User.objects.get(username=user["username"]).password
    assert Client().login(username=user["username"], password=user["password"])
    assert User.objects.get(username=user["username"]).password == before


def test_approvers_decide_admins_manage_and_own_the_agents(ninjaone: Sandbox) -> None:
    fill()
    roles = {row.user.username: row.roles for row in Membership.objects.select_related("user")}
    assert roles["acme-admin"] == "admin"
    assert roles["acme-approver"] == roles["acme-approver-2"] == "approver"
    assert roles["acme-viewer"] == "viewer"
    assert {agent.owner and agent.owner.username for agent in Agent.objects.all()} == {"acme-admin", "northwind-admin"}


def test_both_are_connected_to_their_own_world_of_the_sandbox(ninjaone: Sandbox) -> None:
    fill()
    connection = Connection.objects.get(msp__slug="acme-msp")
    assert (connection.state, connection.region) == (ConnectionState.CONNECTED, "sandbox")
    assert (connection.client_id, connection.secret("client_secret")) == (ACME, "sandbox-acme-secret")
    assert connection.secret("access_token") == seed_grant(ACME).access_token
    assert connection.secret("refresh_token") == seed_grant(ACME).refresh_token


def test_the_bash_runner_of_each_world_is_named_and_sealed(ninjaone: Sandbox) -> None:
    fill()
    rows = {row.msp.slug: row for row in Connection.objects.select_related("msp")}
    assert (rows["acme-msp"].runner_script_id, rows["northwind-it"].runner_script_id) == (146, 151)
    assert (rows["acme-msp"].runner_seal or {})["name"] == "Bash Runner"


def test_without_a_sandbox_that_answers_it_says_what_is_missing_and_the_next_time_heals_it(sandbox: Sandbox) -> None:
    err = io.StringIO()
    with NinjaMock(assert_all_requests_are_fired=False):
        call_command("demo_data", json=True, stdout=io.StringIO(), stderr=err)
    assert "Acme MSP has no bash runner" in err.getvalue()
    assert Connection.objects.filter(runner_script_id=None).count() == 2
    with NinjaMock() as rsps:
        mount(rsps, sandbox, settings.NINJAONE_SANDBOX_URL)
        fill()
    assert not Connection.objects.filter(runner_script_id=None).exists()


def test_a_connection_that_was_cut_is_joined_again(ninjaone: Sandbox) -> None:
    fill()
    Connection.objects.filter(msp__slug="acme-msp").update(
        state=ConnectionState.NEEDS_REAUTHORIZATION, state_reason="NinjaOne said invalid_grant."
    )
    fill()
    connection = Connection.objects.get(msp__slug="acme-msp")
    assert (connection.state, connection.state_reason, connection.epoch) == (ConnectionState.CONNECTED, "", 2)


def test_a_revoked_key_stays_revoked_and_another_one_is_printed(ninjaone: Sandbox) -> None:
    before = fill()["msps"][0]["agents"]
    agent_key_revoke(key=AgentKey.objects.get(prefix=before[0]["key"][3:11]), actor=Actor.system("test"))
    after = fill()["msps"][0]["agents"]
    assert after[0]["key"] != before[0]["key"]
    assert after[1] == before[1]
    assert agent_key_authenticate(authorization=f"Bearer {after[0]['key']}").agent.name == "helpdesk-bot"


def test_a_changed_password_is_set_back_to_what_it_prints(ninjaone: Sandbox) -> None:
    user = fill()["msps"][0]["users"][0]
    row = User.objects.get(username=user["username"])
    row.set_password("something else entirely")
    row.save()
    fill()
    assert Client().login(username=user["username"], password=user["password"])


def test_its_secrets_depend_on_the_secret_key(ninjaone: Sandbox, settings: LazySettings) -> None:
    before = fill()
    settings.SECRET_KEY = "another-key-for-tests-only-0123456789abcdef"
    after = fill()
    for old, new in zip(before["msps"], after["msps"], strict=True):
        assert not {agent["key"] for agent in old["agents"]} & {agent["key"] for agent in new["agents"]}
        assert not {user["password"] for user in old["users"]} & {user["password"] for user in new["users"]}


def test_people_get_a_table(ninjaone: Sandbox) -> None:
    out = io.StringIO()
    call_command("demo_data", stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ["Acme", "MSP", "(acme-msp)"] in lines
    assert any(line[:3] == ["approver", "acme-approver", "password"] for line in lines)


def test_it_refuses_where_no_sandbox_is_named(settings: LazySettings) -> None:
    settings.NINJAONE_SANDBOX_URL = ""
    with pytest.raises(CommandError, match="NINJAONE_SANDBOX_URL names none"):
        call_command("demo_data")
    assert not Msp.objects.exists()
