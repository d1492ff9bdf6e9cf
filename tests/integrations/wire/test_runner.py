"""The bash runner is a script that NinjaOne has, that is active, and that runs where bash is."""

from __future__ import annotations

import pytest

from integrations.models import AuditEvent, Connection
from integrations.ninjaone.errors import RunnerError
from integrations.ninjaone.runner import RUNNER_BODY, runner_clear, runner_save
from integrations.ninjaone.sandbox import Sandbox, faults
from integrations.ninjaone.sandbox.faults import Fault
from tests.approvals.asking import ask
from tests.cast import Tenant

RUNNER = 146


def test_its_body_is_the_documented_bridge() -> None:
    assert RUNNER_BODY == 'echo "$1" | base64 --decode | bash'


def test_a_fitting_script_is_saved_with_its_seal(acme: Tenant, ninjaone: Sandbox) -> None:
    Connection.objects.update(runner_script_id=None, runner_seal=None)
    script = ninjaone.acme.scripts[RUNNER]

    connection = runner_save(connection=acme.connection, user=acme.admin, script_id=RUNNER)

    assert connection.runner_script_id == RUNNER
    assert connection.runner_seal == {
        "name": script.name,
        "updatedOn": script.updated_on,
        "lastUpdatedBy": script.last_updated_by,
        "language": "sh",
        "operatingSystems": ["Linux", "Mac"],
    }
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="runner.saved").count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"active": False}, "not active"),
        ({"language": "powershell"}, "powershell"),
        ({"language": ""}, "unknown language"),
        ({"operating_systems": ["Windows"]}, "is for Windows"),
        ({"operating_systems": []}, "no operating system"),
        ({"operating_systems": None}, "no operating system"),
    ],
)
def test_a_script_that_cannot_be_it_is_refused(
    acme: Tenant, ninjaone: Sandbox, changes: dict[str, object], words: str
) -> None:
    for name, value in changes.items():
        setattr(ninjaone.acme.scripts[RUNNER], name, value)

    with pytest.raises(RunnerError) as caught:
        runner_save(connection=acme.connection, user=acme.admin, script_id=RUNNER)

    assert words in caught.value.message
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="runner.saved").count() == 0


@pytest.mark.parametrize(
    ("language", "systems"), [("bash", ["Mac"]), ("ShellScript", ["Linux"]), ("SH", ["Windows", "macOS"])]
)
def test_ninjaones_other_spellings_fit_too(acme: Tenant, ninjaone: Sandbox, language: str, systems: list[str]) -> None:
    script = ninjaone.acme.scripts[RUNNER]
    script.language, script.operating_systems = language, systems

    assert runner_save(connection=acme.connection, user=acme.admin, script_id=RUNNER).runner_script_id == RUNNER


def test_a_name_that_no_database_can_hold_fits_too(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.acme.scripts[RUNNER].name = "Bash\x00Runner"

    connection = runner_save(connection=acme.connection, user=acme.admin, script_id=RUNNER)

    assert (connection.runner_seal or {})["name"] == "Bash\ufffdRunner"
    assert ask(acme, "ninja-run-bash", device_id=43, script="uptime").status == "pending_approval"


def test_a_script_that_is_not_there_is_refused(acme: Tenant) -> None:
    with pytest.raises(RunnerError) as caught:
        runner_save(connection=acme.connection, user=acme.admin, script_id=999_999)
    assert "no script with the id 999999" in caught.value.message


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.status(403), "403"),
        (faults.garbage(200), "not JSON"),
        (faults.raw(200, b"{}", "application/json"), "no script"),
        (faults.raw(200, b'["146", null]', "application/json"), "no script"),
        (faults.dropped(), "did not arrive"),
    ],
)
def test_scripts_that_cannot_be_read_save_nothing(
    acme: Tenant, ninjaone: Sandbox, pauses: list[float], fault: Fault, words: str
) -> None:
    ninjaone.faults.add("GET", "/v2/automation/scripts", fault, times=9)

    with pytest.raises(RunnerError) as caught:
        runner_save(connection=acme.connection, user=acme.admin, script_id=RUNNER)
    assert words in caught.value.message


def test_a_connection_that_changed_meanwhile_is_not_touched(acme: Tenant) -> None:
    Connection.objects.update(epoch=9, runner_script_id=1)

    with pytest.raises(RunnerError):
        runner_save(connection=acme.connection, user=acme.admin, script_id=RUNNER)
    assert Connection.objects.get(pk=acme.connection.pk).runner_script_id == 1


def test_it_can_be_removed(acme: Tenant) -> None:
    connection = runner_clear(connection=acme.connection, user=acme.admin)

    assert (connection.runner_script_id, connection.runner_seal) == (None, None)
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="runner.cleared").count() == 1
