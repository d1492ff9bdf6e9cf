"""The wrapper around a bash script, run by a real bash as NinjaOne's bridge would: it changes nothing, and tells."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from integrations.ninjaone.sandbox.playback import bash_play
from integrations.ninjaone.sandbox.seeds.scripts import BRIDGE_BODY
from integrations.ninjaone.sandbox.wrapped import wrapped_read
from tools.bash_wrapper import Wrapped, bash_unwrapped, bash_wrapped, mark_began, mark_ended

NONCE = "0123456789abcdef" * 2
BASH = shutil.which("bash")
SCRIPTS = {
    "prints": b"echo hello\necho again\n",
    "prints-nothing": b"true\n",
    "no-line-end": b"printf x",
    "exits": b"echo before\nexit 3\necho after\n",
    "set-e": b"set -e\nfalse\necho never\n",
    "set-u": b'set -u\necho "$nothing"\n',
    "pipefail": b"set -o pipefail\nfalse | true\n",
    "reads-its-own-text-as-stdin": b'read line\nnot a command\necho "got $line"\n',
    "heredoc": b"cat <<'EOF'\n$HOME and \\ and 'quotes' \"too\"\nEOF\n",
    "quotes": b"echo 'it'\\''s' \"a \\\"b\\\" \\$HOME\"\n",
    "binary": b"printf '\\000\\377\\033[0m\\r\\n'\n",
    "letters": "echo 'Grüße 漢字 🚀'\n".encode(),
    "name-and-arguments": b'echo "$0 $# $- ${BASH_SOURCE:-none}"\n',
    "names-of-the-wrapper": b'echo "${_countersign_nonce:-unset} ${_countersign_script:-unset}"\n'
    b"type _countersign_bytes >/dev/null 2>&1; echo $?\n",
    "trap": b"trap 'echo bye' EXIT\nexit 5\n",
    "background": b"sleep 0.1 & wait $!; echo done\n",
    "stderr": b"echo out; echo err >&2; exit 1\n",
    "syntax-error": b"echo first\nif then\n",
    "exec": b"exec sh -c 'echo replaced; exit 9'\n",
    "long": b"# " + b"x" * 60_000 + b"\necho end\n",
}


def bridge(sent: bytes, path: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """What a device does with the parameter: the documented bridge script, word for word."""
    assert BASH is not None, "needs bash"
    return subprocess.run(
        [BASH, "-c", BRIDGE_BODY, "bridge", base64.b64encode(sent).decode()],
        capture_output=True,
        check=False,
        timeout=30,
        env={**os.environ, **({"PATH": path} if path else {})},
    )


def parts(text: bytes) -> tuple[str, bytes, int]:
    """The hash, the output and the exit code between the marks."""
    latin = text.decode("latin-1")
    began, ended = mark_began(NONCE).search(latin), mark_ended(NONCE).search(latin)
    assert began is not None, text
    assert ended is not None, text
    assert latin[: began.start()] == ""
    return began[1], latin[began.end() : ended.start()].encode("latin-1"), int(ended[1])


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_does_what_it_does_without_it(name: str) -> None:
    script = SCRIPTS[name]
    bare, wrapped = bridge(script), bridge(bash_wrapped(script, NONCE))
    digest, output, code = parts(wrapped.stdout)
    assert (output, code) == (bare.stdout, bare.returncode)
    assert wrapped.returncode == bare.returncode
    assert digest == hashlib.sha256(script).hexdigest()
    assert without_places(wrapped.stderr) == without_places(bare.stderr)


def without_places(stderr: bytes) -> bytes:
    """Error messages without the number of a line, which are the same for the inner bash anyway."""
    return re.sub(rb"line \d+", b"line", stderr)


def test_a_script_that_is_killed_reports_the_signal() -> None:
    wrapped = bridge(bash_wrapped(b"echo a\nkill -9 $$\necho b\n", NONCE))
    assert parts(wrapped.stdout)[1:] == (b"a\n", 137)
    assert wrapped.returncode == 137


def test_marks_that_the_script_prints_have_another_nonce() -> None:
    forged = b"echo '[countersign " + b"f" * 32 + b" ended exit=0]'\nexit 7\n"
    assert parts(bridge(bash_wrapped(forged, NONCE)).stdout)[1:] == (
        b"[countersign " + b"f" * 32 + b" ended exit=0]\n",
        7,
    )


@pytest.mark.parametrize(
    ("programs", "knows"),
    [(["shasum"], True), (["openssl"], True), (["sha256sum"], True), ([], False)],
    ids=["macos", "openssl", "linux", "none"],
)
def test_whatever_computes_a_hash_will_do(tmp_path: Path, programs: list[str], knows: bool) -> None:
    for name in ["bash", "base64", "grep", *programs]:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"needs: {name}")
        (tmp_path / name).write_text(f'#!{BASH}\nexec "{found}" "$@"\n')
        (tmp_path / name).chmod(stat.S_IRWXU)
    digest, output, code = parts(bridge(bash_wrapped(b"echo hello\n", NONCE), str(tmp_path)).stdout)
    assert digest == (hashlib.sha256(b"echo hello\n").hexdigest() if knows else "none")
    assert (output, code) == (b"hello\n", 0)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_inside_can_be_read_again(name: str) -> None:
    assert bash_unwrapped(bash_wrapped(SCRIPTS[name], NONCE)) == Wrapped(SCRIPTS[name], NONCE)


@pytest.mark.parametrize("change", [(b"| bash", b"| bash -x"), (b"exit ", b"rm -rf /; exit "), (b"#", b"id\n#")])
def test_whatever_is_around_it_beyond_the_wrapper_makes_it_no_wrapper(change: tuple[bytes, bytes]) -> None:
    raw = bash_wrapped(b"echo hello\n", NONCE)
    assert change[0] in raw
    assert bash_unwrapped(raw.replace(*change)) is None


@pytest.mark.parametrize("nonce", ["", "0" * 31, "0" * 33, "$(id)" + "0" * 27, "A" * 32])
def test_a_nonce_is_hex(nonce: str) -> None:
    with pytest.raises(ValueError, match="32 hex digits"):
        bash_wrapped(b"id", nonce)


@pytest.mark.parametrize("name", ["prints", "prints-nothing", "exits", "heredoc"])
def test_the_sandbox_says_what_a_real_bash_says(name: str) -> None:
    """It takes the wrapper apart and executes nothing; the lines around the output are the same to the byte."""
    wrapped = bash_wrapped(SCRIPTS[name], NONCE)
    inside = wrapped_read(wrapped.decode())
    assert inside is not None
    code, printed = bash_play(inside.script.decode())
    real = bridge(wrapped)
    real_output = parts(real.stdout)[1].decode()
    assert inside.output(real_output, real.returncode) == real.stdout.decode()
    if name != "heredoc":  # `cat` is beyond what the sandbox plays
        assert (inside.output(printed, code), code) == (real.stdout.decode(), real.returncode)
