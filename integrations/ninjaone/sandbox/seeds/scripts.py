from __future__ import annotations

from functools import partial

from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.scripts import BuiltInAction, Script

BRIDGE_BODY = 'echo "$1" | base64 --decode | bash'
CREDENTIALS: list[Json] = [{"id": 26, "name": "ops", "type": "BASIC"}]
_IMAGE_URL: Json = {
    "id": "1",
    "name": "imageUrl",
    "description": "Where the picture is",
    "type": "TEXT",
    "source": "LITERAL",
    "defaultValue": "",
    "required": True,
    "valueList": [],
}


def bridge_seed(*, script_id: int, name: str, author: str) -> Script:
    return Script(
        id=script_id,
        name=name,
        description="bridge",
        language="sh",
        operating_systems=["Linux", "Mac"],
        parameters=["script"],
        created_by=author,
        last_updated_by=author,
        created_on=1761900000.512,
        updated_on=1761900000.512,
        body=BRIDGE_BODY,
    )


def cleanup_seed(*, name: str, author: str) -> Script:
    return Script(
        id=26,
        name=name,
        language="powershell",
        architecture=["32", "64"],
        operating_systems=["Windows"],
        created_by=author,
        last_updated_by=author,
        created_on=1756900000.512,
        updated_on=1762900000.512,
        output="Removed 1,204 temporary files (3.1 GB).\n",
    )


def shared_seed(author: str) -> list[Script]:
    """Scripts that both libraries hold: one fails, one is switched off, one takes variables."""
    script = partial(
        Script, created_by=author, last_updated_by=author, created_on=1757000000.25, updated_on=1763000000.25
    )
    return [
        script(
            id=31,
            name="Monitor Account Last Logon",
            description="Fails when accounts have not logged on for 90 days",
            language="powershell",
            operating_systems=["Windows"],
            output="WARNING: Inactive accounts detected!\n",
            result="FAILURE",
        ),
        script(
            id=58,
            name="Collect Diagnostics",
            description="Uptime, disk and memory",
            language="sh",
            operating_systems=["Linux", "Mac"],
            output=" 16:20:01 up 11 days,  3:10,  1 user,  load average: 0.08, 0.05, 0.01\n",
        ),
        script(
            id=73,
            name="Reset Print Queue (old)",
            description="Superseded",
            active=False,
            language="batchfile",
            operating_systems=["Windows"],
        ),
        script(
            id=90,
            name="Set Wallpaper",
            description="Company wallpaper for all users",
            language="powershell",
            operating_systems=["Windows"],
            variables=[{**_IMAGE_URL, "valueList": []}],
            output="Wallpaper set.\n",
        ),
    ]


def actions_seed(prefix: str) -> dict[str, BuiltInAction]:
    everywhere = ("Windows", "Linux", "Mac")
    actions = [
        BuiltInAction(uid=f"{prefix}-1d5a-4f1d-8f0a-0c8a0f0a0001", name="Update Agent", platforms=everywhere),
        BuiltInAction(uid=f"{prefix}-1d5a-4f1d-8f0a-0c8a0f0a0002", name="Flush DNS", platforms=("Windows", "Mac")),
    ]
    return {action.uid: action for action in actions}
