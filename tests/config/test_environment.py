"""What the environment says, and what it must not say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from tests.config.processes import ROOT, environment_of

KEY = "k" * 40


def test_it_reads_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", " from the variable ")
    assert environment.text("METRICS_TOKEN") == "from the variable"


def test_it_reads_the_file_that_a_file_variable_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from the file\n")
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "token"))
    assert environment.text("METRICS_TOKEN") == "from the file"


def test_it_takes_an_empty_variable_for_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "")
    monkeypatch.setenv("PUBLIC_URL_FILE", "")
    assert environment.text("PUBLIC_URL", "the default") == "the default"


def test_it_takes_a_secret_that_begins_with_a_dollar_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "$HOME")
    assert environment.text("METRICS_TOKEN") == "$HOME"


def test_it_refuses_a_variable_and_its_file_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "one")
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(ImproperlyConfigured, match="Both METRICS_TOKEN and METRICS_TOKEN_FILE are set"):
        environment.text("METRICS_TOKEN")


def test_it_says_which_file_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "gone"))
    with pytest.raises(ImproperlyConfigured, match="gone, which cannot be read: No such file"):
        environment.text("METRICS_TOKEN")


def test_a_ring_is_a_list_with_the_newest_key_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERNET_KEYS", f"new{KEY}, old{KEY},")
    assert environment.ring("FERNET_KEYS") == [f"new{KEY}", f"old{KEY}"]


def test_a_ring_refuses_a_short_key_without_printing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERNET_KEYS", f"{KEY},hunter2")
    with pytest.raises(ImproperlyConfigured, match="a key of 7 characters") as refused:
        environment.ring("FERNET_KEYS")
    assert "hunter2" not in str(refused.value)


def test_a_ring_refuses_the_same_key_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERNET_KEYS", f"{KEY},{KEY}")
    with pytest.raises(ImproperlyConfigured, match="the same key twice"):
        environment.ring("FERNET_KEYS")


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("no", False), ("", True)]
)
def test_a_flag_knows_the_usual_words(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("SECURE_SSL_REDIRECT", text)
    assert environment.flag("SECURE_SSL_REDIRECT", default=True) is value


def test_a_flag_refuses_any_other_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(ImproperlyConfigured, match=r"DEBUG is 'maybe'\. Use 1 or 0\."):
        environment.flag("DEBUG")


def test_a_choice_is_one_of_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROXY_HEADERS", raising=False)
    assert environment.choice("PROXY_HEADERS", ("x-forwarded", "forwarded")) == "x-forwarded"
    monkeypatch.setenv("PROXY_HEADERS", "Forwarded")
    assert environment.choice("PROXY_HEADERS", ("x-forwarded", "forwarded")) == "forwarded"
    monkeypatch.setenv("PROXY_HEADERS", "via")
    with pytest.raises(ImproperlyConfigured, match=r"PROXY_HEADERS is 'via'\. Use x-forwarded or forwarded\."):
        environment.choice("PROXY_HEADERS", ("x-forwarded", "forwarded"))


def test_a_span_is_a_number_of_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_SECONDS", "2.5")
    assert environment.seconds("SWEEP_SECONDS", default=15, least=1) == 2.5
    monkeypatch.setenv("SWEEP_SECONDS", "")
    assert environment.seconds("SWEEP_SECONDS", default=15, least=1) == 15


def test_a_language_is_one_that_has_a_compiled_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for locale in ("de", "pt_BR", "fr"):
        (tmp_path / locale / "LC_MESSAGES").mkdir(parents=True)
    for locale in ("de", "pt_BR"):
        (tmp_path / locale / "LC_MESSAGES" / "django.mo").touch()
    monkeypatch.delenv("STAFF_LANGUAGE", raising=False)
    assert environment.language("STAFF_LANGUAGE", tmp_path) == "en"
    monkeypatch.setenv("STAFF_LANGUAGE", "pt-BR")
    assert environment.language("STAFF_LANGUAGE", tmp_path) == "pt-br"
    monkeypatch.setenv("STAFF_LANGUAGE", "fr")
    with pytest.raises(ImproperlyConfigured, match=r"STAFF_LANGUAGE is 'fr'\. Use en or de or pt-br\."):
        environment.language("STAFF_LANGUAGE", tmp_path)


@pytest.mark.parametrize("url", ["sqlite:///x", "host=db password=hunter2", "postgresql://a:hunter2@[db", "hunter2"])
def test_an_address_of_postgresql_that_is_none_is_not_printed(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_LISTEN_URL", "postgresql://a:hunter2@db/countersign")
    assert environment.postgresql("DATABASE_LISTEN_URL").endswith("@db/countersign")
    monkeypatch.setenv("DATABASE_LISTEN_URL", url)
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_LISTEN_URL is wrong\.") as caught:
        environment.postgresql("DATABASE_LISTEN_URL")
    assert url not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["soon", "0.5", "-1", "nan", "inf", "3601"])
def test_a_span_refuses_what_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SWEEP_SECONDS", text)
    with pytest.raises(ImproperlyConfigured, match=r"Use seconds, from 1 to 3600\."):
        environment.seconds("SWEEP_SECONDS", default=15, least=1)


def test_secrets_leave_the_environment_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {*environment.SECRETS, "OIDC_ENTRA_CLIENT_SECRET"}
    for name in secrets:
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:8800")
    environment.forget_secrets()
    assert not secrets & set(os.environ)
    assert os.environ["PUBLIC_URL"] == "http://127.0.0.1:8800"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set."),
        ({"FERNET_KEYS": ""}, "FERNET_KEYS is not set."),
        ({"AUDIT_KEY": ""}, "AUDIT_KEY is not set."),
        ({"SECRET_KEY": "too short"}, "SECRET_KEY holds a key of 9 characters."),
        (
            {"NINJAONE_SANDBOX_URL": "", "DISPATCH_LEASE_SECONDS": "3"},
            "DISPATCH_LEASE_SECONDS is '3'. Use seconds, from 75",
        ),
        ({"COUNTERSIGN_SANDBOX": "0"}, "NINJAONE_SANDBOX_URL is set on a production start."),
        ({"NINJAONE_SANDBOX_URL": "http://10.0.0.1:8801"}, "loopback only"),
        ({"DATABASE_URL": "mysql://root@127.0.0.1/countersign"}, "DATABASE_URL must name SQLite"),
    ],
)
def test_a_bad_environment_stops_the_start_with_a_sentence(
    tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment_of(tmp_path, **changes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert sentence in started.stderr


def test_every_variable_that_the_settings_read_stands_in_the_example() -> None:
    code = "".join((ROOT / "config" / name).read_text() for name in ("settings.py", "environment.py"))
    example = (ROOT / ".env.example").read_text()
    names = set(re.findall(r'(?:text|flag|words|ring|seconds|choice|language|postgresql|addresses)\("([A-Z_]+)"', code))
    assert len(names) >= 10
    assert [name for name in sorted(names) if f"\n{name}=" not in example] == []
