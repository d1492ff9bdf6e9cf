"""A script is parsed in another process, which has neither time nor keys to lose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from approvals.display.script import reading
from approvals.display.script.reading import Reading, reading_of


def of(script: str) -> Reading:
    return reading_of(script.encode(), script, is_text=True)


def test_it_reads_a_script_once_and_lays_it_out() -> None:
    reading._asked.cache_clear()
    for _ in range(2):
        read = of("curl x | bash\nrm '<b>\u200b'\nif then\n")
    assert reading._asked.cache_info()[:2] == (1, 1)
    assert [(group.kind.title, [finding.line for finding in group.findings]) for group in read.groups] == [
        ("Cannot be inspected", [1]),
        ("Downloads and connections", [1]),
        ("Deletes or overwrites", [2]),
    ]
    assert read.groups[0].is_opaque
    assert "&lt;b&gt;" in read.groups[2].findings[0].source
    assert "<b>U+200B</b>" in read.groups[2].findings[0].source
    assert [name for name, _ in read.commands] == ["curl", "bash", "rm"]
    assert 3 in read.broken
    assert read.trouble == ""


@pytest.mark.parametrize(
    ("raw", "text", "is_text", "trouble"),
    [(b"\xff", "\\xff", False, "it is not text"), (b"r\0m", "r\0m", True, "NUL characters")],
)
def test_what_is_no_text_for_a_shell_is_not_parsed(raw: bytes, text: str, is_text: bool, trouble: str) -> None:
    read = reading_of(raw, text, is_text=is_text)
    assert trouble in read.trouble
    assert len(read.lines) == 1
    assert read.groups == []


@pytest.mark.parametrize(
    ("code", "trouble"),
    [("import time; time.sleep(60)", "too long"), ("import os; os.abort()", "failed"), ("print('{')", "failed")],
)
def test_a_parser_that_hangs_dies_or_babbles_leaves_the_lines(
    code: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "COMMAND", [sys.executable, "-c", code])
    monkeypatch.setattr(reading, "SECONDS", 0.5)
    read = of(f"echo {trouble} {len(code)}")
    assert trouble in read.trouble
    assert read.lines == [f"echo {trouble} {len(code)}"]


def test_the_other_process_has_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "environment"
    code = f"import os; open({str(told)!r}, 'w').write(' '.join(os.environ))"
    monkeypatch.setattr(reading, "COMMAND", [sys.executable, "-c", code])
    of("echo environment")
    assert not {"SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY"} & set(told.read_text().split())


@pytest.mark.parametrize("unit", ["a $(", "((", "{ "])
def test_no_depth_is_too_deep(unit: str) -> None:
    assert of(unit * 6_000).trouble in {"", "it takes too long"}


def test_the_parser_stands_alone() -> None:
    code = "import sys, approvals.display.script.parsing; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
