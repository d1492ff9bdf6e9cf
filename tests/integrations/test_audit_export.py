from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from integrations import audit_verifier
from integrations.installation import installation_prove
from integrations.models import AuditEvent, Msp
from tests.integrations.tampering import STRANGER, append, entry, rehash

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Msp:
    installation_prove()
    msp = Msp.objects.create(name="Acme", slug="acme")
    append(msp, 5, text="Grüße, \u202e")
    append(Msp.objects.create(name="Northwind", slug="northwind"), 2)
    return msp


@pytest.fixture
def export(acme: Msp, tmp_path: Path) -> Path:
    path = tmp_path / "acme.jsonl"
    call_command("audit_export", "--msp", "acme", "--output", str(path))
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.txt"
    path.write_text("\n".join(settings.AUDIT_KEYS) + "\n")
    return path


def check(export: Path, *arguments: object) -> tuple[int, str]:
    """The verifier's exit code and what it says."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = audit_verifier.main([str(export), *map(str, arguments)])
    return code, said.getvalue()


def check_apart(export: Path, *arguments: object) -> tuple[int, str]:
    """The same as its own process, without Django, in a folder that is none of ours."""
    done = subprocess.run(
        [sys.executable, "-I", audit_verifier.__file__, str(export), *map(str, arguments)],
        cwd=export.parent,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_export_is_checked_by_a_program_that_needs_nothing_else(acme: Msp, export: Path, keys: Path) -> None:
    last = AuditEvent.objects.filter(msp=acme).latest("number")
    code, said = check_apart(export, "--key-file", keys)
    assert (code, said) == (0, f"INTACT: MSP {acme.pk}, 6 entries, every seal fits, last hash {last.hash}\n")


def test_it_imports_nothing_but_the_standard_library() -> None:
    probe = "import runpy, sys; sys.argv = ['x']; before = set(sys.modules); runpy.run_path(sys.orig_argv[-1]); "
    probe += "print([n for n in set(sys.modules) - before if n.split('.')[0] not in sys.stdlib_module_names])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", probe, audit_verifier.__file__], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_without_keys_it_checks_hashes_and_says_that_seals_were_not(export: Path) -> None:
    code, said = check(export)
    assert code == 0
    assert "seals NOT checked" in said


def test_an_export_is_itself_on_record_and_its_own_last_entry(acme: Msp, export: Path) -> None:
    event = AuditEvent.objects.filter(msp=acme).latest("number")
    assert (event.action, event.actor) == ("audit.exported", "system audit_export")
    lines = export.read_text().splitlines()
    assert len(lines) == 8
    assert json.loads(json.loads(lines[-2])["record"])["action"] == "audit.exported"
    assert export.stat().st_mode & 0o777 == 0o600


def test_it_holds_one_msp_alone(export: Path) -> None:
    other = Msp.objects.get(slug="northwind")
    assert str(other.pk) not in export.read_text()
    assert not AuditEvent.objects.filter(msp=other, action="audit.exported").exists()


def test_it_goes_to_standard_output_without_a_file(acme: Msp, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit_export", "--msp", "acme")
    header, *entries, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert (header["slug"], len(entries), end["end"]) == ("acme", 6, 6)


def test_a_file_that_exists_is_not_overwritten_and_nothing_is_recorded(acme: Msp, export: Path) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match="File exists"):
        call_command("audit_export", "--msp", "acme", "--output", str(export))
    with pytest.raises(CommandError, match="no MSP nobody"):
        call_command("audit_export", "--msp", "nobody")
    assert AuditEvent.objects.count() == before


def forged(acme: Msp) -> str:
    """The fourth line, entry 3, sealed by a stranger."""
    made = rehash(entry(acme, 3), STRANGER, data={"amount": 2})
    return json.dumps({name: made[name] for name in ("record", "hash", "seal")})


TAMPERINGS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "a changed record": (
        lambda lines: [*lines[:3], lines[3].replace("Grüße", "Gruß"), *lines[4:]],
        "entry 3 has a record",
    ),
    "a changed hash": (
        lambda lines: [*lines[:3], lines[3].replace('"hash":"', '"hash":"0'), *lines[4:]],
        "entry 3 has a",
    ),
    "a line left out": (lambda lines: [*lines[:3], *lines[4:]], "entry 3 is missing"),
    "swapped lines": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "entry 3 is missing"),
    "a line twice": (lambda lines: [*lines[:4], lines[3], *lines[4:]], "entry 4 is missing"),
    "the end cut off": (lambda lines: lines[:-1], "entry 7 is missing: the export ends"),
    "the last entry cut out": (lambda lines: [*lines[:-2], lines[-1]], "entry 6 is missing: the export says"),
    "something behind the end": (lambda lines: [*lines, lines[3]], "entry 7 stands behind the end"),
    "another MSP": (
        lambda lines: [lines[0].replace('"msp":"', '"msp":"f'), *lines[1:]],
        "entry 1 belongs to another MSP",
    ),
    "an incomplete line": (lambda lines: [*lines[:3], "{}", *lines[4:]], "entry 3 is incomplete"),
    "an unreadable line": (lambda lines: [*lines[:3], lines[3][:-4], *lines[4:]], "entry 3 is unreadable"),
    "a seal of another entry": (
        lambda lines: [
            *lines[:3],
            json.dumps({**json.loads(lines[3]), "seal": json.loads(lines[4])["seal"]}),
            *lines[4:],
        ],
        "entry 3 has a seal that was not made with the audit key",
    ),
    "an end of its own": (
        lambda lines: [
            *lines[:-2],
            json.dumps({**json.loads(lines[-1]), "end": 5, "hash": json.loads(lines[-3])["hash"]}),
        ],
        "entry 5 may not be the last one",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_tampering_is_found(export: Path, keys: Path, name: str) -> None:
    tamper, expected = TAMPERINGS[name]
    export.write_text("\n".join(tamper(export.read_text().splitlines())) + "\n")
    code, said = check(export, "--key-file", keys)
    assert code == 1
    assert expected in said


def test_a_tampered_export_ends_the_process_with_1(export: Path, keys: Path) -> None:
    export.write_text("\n".join(export.read_text().splitlines()[:-2]))
    assert check_apart(export, "--key-file", keys)[0] == 1


def test_an_end_by_another_key_is_no_verdict(export: Path, keys: Path) -> None:
    lines = export.read_text().splitlines()
    export.write_text("\n".join([*lines[:-1], json.dumps({**json.loads(lines[-1]), "key": "0123456789ab"})]) + "\n")
    code, said = check(export, "--key-file", keys)
    assert (code, "the end was sealed with the audit key 0123456789ab" in said) == (2, True)


def test_a_record_that_is_none_is_found(export: Path, keys: Path) -> None:
    lines = export.read_text().splitlines()
    for record in ("[]", "{", "{}"):
        export.write_text("\n".join([*lines[:3], json.dumps({**json.loads(lines[3]), "record": record}), *lines[4:]]))
        code, said = check(export, "--key-file", keys)
        assert (code, "entry 3 has a record that is no audit record" in said) == (1, True)


def test_an_entry_sealed_by_a_stranger_is_found(acme: Msp, export: Path, keys: Path) -> None:
    lines = export.read_text().splitlines()
    export.write_text("\n".join([*lines[:3], forged(acme), *lines[4:]]) + "\n")
    code, said = check(export, "--key-file", keys)
    assert (code, "entry 3 has a seal that was not made with the audit key" in said) == (1, True)


def test_a_whole_chain_by_a_key_that_was_never_ours_is_found(export: Path, keys: Path) -> None:
    name = audit_verifier.fingerprint(settings.AUDIT_KEYS[0].encode())
    header, *entries = export.read_text().splitlines()
    chain, last = [], audit_verifier.GENESIS
    for line in entries[:-1]:
        record = json.loads(json.loads(line)["record"])
        text = json.dumps({**record, "key": audit_verifier.fingerprint(STRANGER), "previous": last}, sort_keys=True)
        last = audit_verifier.hash_of(text)
        seal = audit_verifier.seal_of(STRANGER, "entry", last)
        chain.append(json.dumps({"record": text, "hash": last, "seal": seal}))
    assert name in header
    export.write_text("\n".join([header, *chain, entries[-1]]) + "\n")
    code, said = check(export, "--key-file", keys)
    assert (code, "entry 1 was sealed with the key" in said) == (1, True)


def test_what_cannot_be_checked_is_no_verdict(export: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("another-audit-key-0123456789abcdefgh")
    code, said = check(export, "--key-file", wrong)
    assert (code, "which was not given" in said) == (2, True)
    assert check(export, "--key-file", tmp_path / "none.txt")[0] == 2
    assert check(tmp_path / "none.jsonl")[0] == 2
    (tmp_path / "empty.jsonl").write_text("")
    assert check(tmp_path / "empty.jsonl")[0] == 2
    assert check(wrong)[0] == 2
