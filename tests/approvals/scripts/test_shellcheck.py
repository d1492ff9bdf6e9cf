"""ShellCheck is asked where it is installed, within limits, and missed nowhere else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from approvals.display.script import shellcheck
from approvals.display.script.shellcheck import MOST_HINTS, Check, check_of
from tests.approvals.asking import ask
from tests.approvals.dashboard.looking import page_url, text
from tests.cast import Tenant


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in ShellCheck's place, for a test to write."""
    path = tmp_path / "shellcheck"
    monkeypatch.setattr(shellcheck, "program", lambda: str(path))
    return path


def write(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def checked(script: str) -> Check:
    check = check_of(script.encode())
    assert check is not None
    return check


def test_it_names_line_level_number_and_message() -> None:
    check = checked('dir=$1\necho ok\nrm -rf "$dir/"*\nif then')
    assert [(hint.line, hint.level) for hint in check.hints] == [(4, "error"), (4, "error")]
    check = checked('dir=$1\nrm -rf "$dir/"*')
    assert [(hint.line, hint.level, hint.code) for hint in check.hints] == [(2, "warning", "SC2115")]
    assert "never expands to /*" in check.hints[0].message
    assert checked("#!/bin/bash\ndf -h") == Check([])


def test_a_long_list_is_cut_and_counted() -> None:
    check = checked("\n".join(f"echo $a{number}" for number in range(MOST_HINTS + 5)))
    assert len(check.hints) == MOST_HINTS
    assert check.more == 5


def test_a_script_that_silences_it_is_told() -> None:
    check = checked('# shellcheck disable=all\nrm -rf "$1/"*')
    assert check.has_directives
    assert check.hints == []


def test_it_reads_no_other_file(tmp_path: Path) -> None:
    other = tmp_path / "other.sh"
    other.write_text('rm -rf "$1/"*\n')
    assert checked(f"# shellcheck source={other}\nsource {other}").hints == []


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("exec sleep 60", "no answer"),
        ("echo babble", "no answer"),
        ("echo '{}'", "no answer"),
        ("kill -9 $$", "no answer"),
        ("exec cat /dev/zero", "too much to say"),
    ],
)
def test_a_checker_that_hangs_babbles_or_dies_costs_only_its_answer(
    script: str, trouble: str, checker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shellcheck, "SECONDS", 0.5)
    write(checker, script)
    assert trouble in checked("echo hello").trouble


def test_it_gets_no_environment_and_the_script_byte_for_byte(
    checker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(checker, f"/usr/bin/env > {tmp_path}/environment; /bin/cat > {tmp_path}/script; echo '{{\"comments\": []}}'")
    assert check_of(b"echo 1\r\n\xc3\xbc") == Check([])
    assert (tmp_path / "script").read_bytes() == b"echo 1\r\n\xc3\xbc"
    assert "SECRET_KEY" not in (tmp_path / "environment").read_text()


def test_the_page_shows_it_where_it_is_installed_and_nothing_elsewhere(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(acme, "ninja-run-bash", device_id=43, script='dir=/srv/$1\nrm -rf "$2/"*')
    client = acme.signed_in(acme.approver)
    page = text(client, page_url(row))
    assert "What ShellCheck says" in page
    assert "SC2115" in page
    monkeypatch.setattr(shellcheck, "program", lambda: None)
    assert "ShellCheck" not in text(client, page_url(row))
