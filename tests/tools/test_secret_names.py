from __future__ import annotations

from typing import Any

import pytest

from tools.secret_names import holds_secret_name, is_secret_entry, is_secret_name


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "localAdminPassword",
        "wifi_passwd",
        "PASSPHRASE",
        "clientSecret",
        "access_token",
        "api-key",
        "apiKey",
        "licenseKey",
        "recoveryKeys",
        "key",
        "credentials",
        "bitlockerRecovery",
        "pin",
        "simPin",
        "admin_pwd",
    ],
)
def test_a_name_that_secrets_go_by_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["name", "description", "keyboard", "pinned", "spin", "address", "compass", "", "city"]
)
def test_an_ordinary_name_is_none(name: str) -> None:
    assert not is_secret_name(name)


def test_a_name_deep_inside_counts() -> None:
    assert holds_secret_name([{"a": [{"userPassword": 1}]}])
    assert not holds_secret_name([{"a": [{"user": "password"}]}, "secret", None])


@pytest.mark.parametrize("key", ["name", "key", "fieldName", "header"])
def test_a_name_may_stand_beside_its_value(key: str) -> None:
    assert is_secret_entry({key: "apiKey", "value": "x"})
    assert holds_secret_name({"headers": [{key: "Authorization", "value": "x"}]})


@pytest.mark.parametrize(
    "entry", [{"name": "apiKey"}, {"name": "city", "value": "x"}, {"name": 1, "value": "x"}, "key"]
)
def test_what_names_no_secret_beside_a_value_is_ordinary(entry: Any) -> None:
    assert not is_secret_entry(entry)
