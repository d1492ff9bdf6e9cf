"""The section Bash Runner Script."""

from __future__ import annotations

import pytest
from django.db.models import F

from integrations.models import Connection, Membership
from integrations.ninjaone.sandbox import Sandbox
from tests.cast import Tenant
from tests.tools.pages.addresses import DETAIL, RUNNER, RUNNER_REMOVE
from tests.tools.pages.snapshots import everything
from tools.pages import members


def text(tenant: Tenant) -> str:
    return tenant.signed_in(tenant.admin).get(DETAIL).content.decode()


def test_the_page_says_how_to_create_the_script(acme: Tenant) -> None:
    page = text(acme)
    for words in ("ShellScript", "New script", "String", "echo &quot;$1&quot; | base64 --decode | bash"):
        assert words in page


def test_a_saved_number_is_checked_and_sealed(acme: Tenant) -> None:
    number = acme.connection.runner_script_id
    Connection.objects.update(runner_script_id=None, runner_seal=None)
    assert "is refused" in text(acme)
    answer = acme.signed_in(acme.admin).post(RUNNER, {"script_id": str(number)}, follow=True)
    assert b"notice is-good" in answer.content
    acme.connection.refresh_from_db()
    assert acme.connection.runner_script_id == number
    page = text(acme)
    assert acme.connection.runner_seal is not None
    assert acme.connection.runner_seal["name"] in page
    assert "Last changed" in page


@pytest.mark.parametrize("number", ["", "0", "-1", "1.5", "abc", "2147483648", "9" * 400, "\u0661\x00"])
def test_what_is_no_number_of_a_script_is_refused_at_the_field(acme: Tenant, number: str) -> None:
    before = everything()
    answer = acme.signed_in(acme.admin).post(RUNNER, {"script_id": number})
    assert answer.status_code == 200
    assert 'id="id_script_id_error"' in answer.content.decode()
    assert everything() == before


def test_a_script_that_ninjaone_does_not_have_is_refused_in_words(acme: Tenant) -> None:
    before = everything()
    answer = acme.signed_in(acme.admin).post(RUNNER, {"script_id": "999999"})
    assert answer.status_code == 200
    assert 'id="id_script_id_error"' in answer.content.decode()
    assert everything() == before


def test_a_script_for_windows_is_refused_in_words(acme: Tenant, sandbox: Sandbox) -> None:
    scripts = sandbox.clients[acme.connection.client_id].world.scripts
    number = next(number for number, script in scripts.items() if "windows" in str(script).lower())
    answer = acme.signed_in(acme.admin).post(RUNNER, {"script_id": str(number)})
    assert 'id="id_script_id_error"' in answer.content.decode()


def test_removing_asks_first(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    assert b"Remove the bash runner?" in client.get(RUNNER_REMOVE).content
    answer = client.post(RUNNER_REMOVE, follow=True)
    assert b"Removed." in answer.content
    acme.connection.refresh_from_db()
    assert acme.connection.runner_script_id is None
    assert acme.connection.runner_seal is None


@pytest.mark.parametrize(
    "seal",
    [None, {}, {"updatedOn": "soon"}, {"updatedOn": 1e300}, {"updatedOn": None, "name": None}, {"name": "<b>x</b>"}],
)
def test_a_seal_of_any_shape_can_be_shown(acme: Tenant, seal: dict[str, object] | None) -> None:
    Connection.objects.update(runner_seal=seal)
    page = text(acme)
    assert "NinjaOne did not say when" in page
    assert "<b>x</b></b>" not in page


def test_a_removal_that_loses_a_race_is_told(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(membership: Membership) -> Connection:
        Connection.objects.update(epoch=F("epoch") + 1)
        return acme.connection

    monkeypatch.setattr(members, "connection_of", stale)
    answer = acme.signed_in(acme.admin).post(RUNNER_REMOVE, follow=True)
    assert b"the connection was changed just now" in answer.content
    acme.connection.refresh_from_db()
    assert acme.connection.runner_script_id is not None
