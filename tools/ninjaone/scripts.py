"""Scripts: the library, built-in actions, and bash through the runner script."""

from __future__ import annotations

import base64

from tools.args import (
    ActionUid,
    BashScript,
    DeviceId,
    Limit,
    NamePart,
    Offset,
    OperatingSystem,
    RunAs,
    ScriptId,
    ScriptLanguage,
    ScriptParameters,
)
from tools.bash_wrapper import bash_wrapped
from tools.calls import Call, get, post
from tools.definitions import tool
from tools.errors import ToolRefusedError
from tools.fact_types import DeviceFact, MarkFact, RunnerFact
from tools.lists import Filter, WholeAnswer
from tools.models import Mode
from tools.parameters import exactly_one


@tool("ninja-list-scripts", Mode.AUTO, group="scripts", read_only=True)
def list_scripts(
    *,
    name: NamePart | None = None,
    language: ScriptLanguage | None = None,
    operating_system: OperatingSystem | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Call:
    """List the scripts of the automation library."""
    wanted = {"name": name, "language": language, "operatingSystems": operating_system}
    return get(
        "/v2/automation/scripts",
        answer=WholeAnswer(
            limit,
            offset,
            filters=tuple(Filter((key,), text, contains=True) for key, text in wanted.items() if text is not None),
            narrow="Ask for the rest with next, or narrow by name, language or operating_system.",
        ),
    )


@tool(
    "ninja-run-script",
    Mode.APPROVAL_NEEDED,
    group="scripts",
    destructive=True,
    rule=exactly_one("script_id", "action_uid"),
)
def run_script(
    *,
    device_id: DeviceId,
    script_id: ScriptId | None = None,
    action_uid: ActionUid | None = None,
    parameters: ScriptParameters | None = None,
    run_as: RunAs = "system",
) -> Call:
    """Run a script of the library or a built-in action on a device. What it printed stands in the invocation's
    outcome once it has ended.
    """
    what = {"type": "ACTION", "uid": action_uid} if script_id is None else {"type": "SCRIPT", "id": script_id}
    told = {} if parameters is None else {"parameters": parameters}
    return post("/v2/device/{}/script/run", device_id, body={**what, **told, "runAs": run_as})


@tool(
    "ninja-run-bash",
    Mode.APPROVAL_NEEDED,
    group="scripts",
    destructive=True,
    always_asks=True,
    obeys=("ninja-run-script",),
    decision_minutes=30,
    release_minutes=5,
)
def run_bash(
    device: DeviceFact, runner: RunnerFact, mark: MarkFact, *, device_id: DeviceId, script: BashScript
) -> Call:
    """Run a bash script as root on a Linux or macOS device. A technician reads the whole script first. What it printed
    and its exit code stand in the invocation's outcome once it has ended.
    """
    if not device.runs_bash:
        raise ToolRefusedError(
            "unsupported_device",
            f"{device.name} is a {device.node_class or 'device of no known class'}: bash runs on Linux and macOS "
            "devices only, so nothing was sent. For Windows use ninja-run-script with a script of the library.",
        )
    return post(
        "/v2/device/{}/script/run",
        device_id,
        body={
            "type": "SCRIPT",
            "id": runner.script_id,
            # One token without spaces or quotes: NinjaOne splits parameters at spaces. The largest script, wrapped, has
            # 118 kB here; Linux takes 128 KiB for one argument.
            "parameters": base64.b64encode(bash_wrapped(script.encode(), mark.nonce)).decode("ascii"),
            "runAs": "system",
        },
    )
