from __future__ import annotations

import pytest

from tools.secret_names import holds_secret_name, is_secret_name


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
