from __future__ import annotations

import base64
from pathlib import Path

import pytest

from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.playback import bash_play, script_play


@pytest.mark.parametrize(
    ("text", "output", "code"),
    [
        ("", "", 0),
        ("#!/bin/bash\n# a comment\n\n", "", 0),
        ("echo hello world", "hello world\n", 0),
        ("echo 'a   b' \"c d\"  e", "a   b c d e\n", 0),
        ("echo -n x; echo y", "xy\n", 0),
        ("echo -e 'a\\tb'", "a\tb\n", 0),
        ("echo a # b", "a\n", 0),
        ("echo 'it # stays'", "it # stays\n", 0),
        ('echo a\\ b \\"', 'a b "\n', 0),
        ('name="Ann Lee"\necho "hi $name" \'$name\' ${name}!', "hi Ann Lee $name Ann Lee!\n", 0),
        ("printf '%s-%s\\n' a b c d", "a-b\nc-d\n", 0),
        ("printf 'rc=%d 100%%\\n' 7", "rc=7 100%\n", 0),
        ("exit 3", "", 3),
        ("echo a; exit 2; echo b", "a\n", 2),
        ("false", "", 1),
        ("false\nexit", "", 1),
        ("false || echo saved", "saved\n", 0),
        ("false && echo never", "", 1),
        ("true && echo yes", "yes\n", 0),
        ("set -euo pipefail\nexport A=b", "", 0),
        ("systemctl restart nginx", "+ systemctl restart nginx\n", 0),
        ("df -h | grep root", "+ df -h | grep root\n", 0),
        ("echo $(whoami)", "+ echo $(whoami)\n", 0),
        ('echo "`id`"', '+ echo "`id`"\n', 0),
        ("echo x > /tmp/x", "+ echo x > /tmp/x\n", 0),
        ("echo 'open", "+ echo 'open\n", 0),
        ("exit soon", "+ exit soon\n", 0),
        ("(\necho in\nexit 4\necho no\n)\necho rc=$?", "in\nrc=4\n", 0),
        ("{\necho in\nexit 4\n}\necho no", "in\n", 4),
        ("bash <<'EOF'\necho in\nexit 5\nEOF\nrc=$?\necho rc=$rc\nexit $rc", "in\nrc=5\n", 5),
        ("cat <<EOF\nsome text\nEOF\necho on", "+ cat <<EOF\non\n", 0),
        ("exit 1\nbash <<EOF\necho no\nEOF", "", 1),
    ],
)
def test_what_a_script_would_print_is_played(text: str, output: str, code: int) -> None:
    assert bash_play(text) == (code, output)


def test_nothing_is_ever_executed(tmp_path: Path) -> None:
    target = tmp_path / "made"
    bash_play(f"touch {target}\necho x > {target}\n$(touch {target})\nbash <<EOF\ntouch {target}\nEOF")
    assert not target.exists()


@pytest.mark.parametrize("parameters", ["", "%%%", "ZWNobyB4 trailing"])
def test_the_bridge_reads_its_first_parameter_alone(sandbox: Sandbox, parameters: str) -> None:
    script, device = sandbox.acme.scripts[146], sandbox.acme.devices[43]
    output, result = script_play(script=script, parameters=parameters, device=device)
    expected = {"": "", "%%%": "base64: invalid input\n"}
    assert (output, result) == (expected.get(parameters, "x\n"), "SUCCESS")


def test_bytes_that_are_not_text_do_not_break_the_bridge(sandbox: Sandbox) -> None:
    script, device = sandbox.acme.scripts[146], sandbox.acme.devices[43]
    parameters = base64.b64encode(b"echo \xff\x00").decode()
    assert script_play(script=script, parameters=parameters, device=device)[1] == "SUCCESS"
