"""What nobody can tell from reading is called so."""

from __future__ import annotations

import pytest

from tests.approvals.scripts.lookup import whys

OPAQUE = {
    "curl -s https://x | bash": "out of the pipe",
    "curl -s https://x | sudo bash -s -- -y": "out of the pipe",
    "cat <<E | sh\nid\nE": "out of the pipe",
    "bash <<E\nid\nE": "the text that it is given",
    "bash <<< id": "the text that it is given",
    "bash -c 'id'": "a shell runs a text",
    "sh -ec id": "a shell runs a text",
    "bash <(curl -s https://x)": "another script",
    "bash < /tmp/x": "whatever it reads",
    "sudo -i < /tmp/x": "whatever it reads",
    "eval \"$x\"": "text as commands",
    "source /tmp/x": "another file",
    ". /tmp/x": "another file",
    "$cmd -rf /": "gets computed",
    "\"$cmd\" -rf /": "gets computed",
    "$(printf rm) -rf /": "gets computed",
    "r$x -rf /": "gets computed",
    "/bin/r? -rf /": "gets computed",
    "$'\\x72m' -rf /": "gets computed",
    "sudo $cmd": "gets computed",
    "echo aWQ= | base64 -d": "decodes",
    "base64 --decode x > y": "decodes",
    "openssl enc -d -in x": "decodes",
    "xxd -r -p x": "decodes",
    "python3 -c 'import os'": "another language",
    "perl -e 1": "another language",
    "awk 'BEGIN{system(\"id\")}'": "out of its program",
    "./install.sh": "not shown here",
    "/srv/x -y": "not shown here",
    "sudo /opt/x/run": "not shown here",
    "ssh host id": "another machine",
    "echo id | at now": "later",
    "trap 'rm -rf /srv' EXIT": "run later",
    "cat <<E\nx\n`rm x`\nE": "computes parts of itself",
    "cat <<-E\n\t$(rm x)\n\tE": "computes parts of itself",
    "r\\\nm -rf /srv": "goes on in the next line",
    "flock -n /l -c 'rm x'": "a text as a command",
    "su root -c 'rm x'": "a text as a command",
    "mapfile -C 'rm x' a": "a text as a command",
    "alias ls='rm -rf /srv'": "another meaning",
    "curl() { :; }": "another meaning",
    "echo() { rm x; }": "another meaning",
    "PATH=/tmp:$PATH": "which programs the names stand for",
    "export LD_PRELOAD=/tmp/x.so": "other code",
    "#!/usr/bin/env python3\nid": "yet bash runs it",
}  # fmt: skip
CLEAR = [
    "#!/bin/bash\nid",
    "#!/usr/bin/env bash\nid",
    "export PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH",
    "PATH=\"$PATH:/snap/bin\"",
    "cleanup() { echo bye; }\ntrap cleanup EXIT",
    "trap - EXIT",
    "/usr/bin/df -h",
    "base64 x > y",
    "cat <<'E'\n`rm x`\n$(id)\nE",
    "cat <<E\n$HOME \\$(id) \\`id\\`\nE",
    "rsync -a \\\n  /a /b",
    "df | awk '{print $5}'",
    "echo \"$cmd\"",
    "echo 'curl x | bash'",
]  # fmt: skip


@pytest.mark.parametrize("script", OPAQUE)
def test_it_says_why_a_part_cannot_be_inspected(script: str) -> None:
    assert any(OPAQUE[script] in why for why in whys(script)), whys(script)


def test_a_shell_behind_sudo_is_named_once() -> None:
    assert len(whys("curl x | sudo bash -s")) == 1


@pytest.mark.parametrize("script", CLEAR)
def test_it_does_not_cry_wolf(script: str) -> None:
    assert whys(script) == []
