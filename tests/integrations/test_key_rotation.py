from __future__ import annotations

import threading
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection, connections

from integrations import rotation
from integrations.clock import database_now
from integrations.encryption import Sealed
from integrations.installation import KeysError, installation_prove, keys_check
from integrations.models import AuditEvent, AuditKey, Authorization, Connection, Installation
from tests.cast import Tenant
from tests.integrations.people.signing_in import app_of, code_of, recovery_codes_of

NEW = "the-new-key-for-tests-0123456789abcdefgh"
FIELDS = ("client_secret", "access_token", "refresh_token")


def plain(tenant: Tenant) -> dict[str, str | None]:
    row = Connection.objects.get(pk=tenant.connection.pk)
    return {name: row.secret(name) for name in FIELDS}


@pytest.fixture
def former(acme: Tenant, settings: LazySettings) -> list[str]:
    """A running installation whose ring just got a new key in front; the ring before."""
    installation_prove()
    before = list(settings.FERNET_KEYS)
    settings.FERNET_KEYS = [NEW, *before]
    return before


def test_afterwards_the_former_key_is_not_needed_any_more(
    acme: Tenant, northwind: Tenant, former: list[str], settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = plain(acme), plain(northwind)
    call_command("rotate_keys")
    assert "7 secrets sealed anew, 0 were sealed with the newest key." in capsys.readouterr().out
    settings.FERNET_KEYS = [NEW]
    assert (plain(acme), plain(northwind)) == before
    keys_check()
    settings.FERNET_KEYS = former
    with pytest.raises(KeysError, match="FERNET_KEYS"):
        keys_check()


def test_each_new_seal_is_on_record(acme: Tenant, former: list[str]) -> None:
    rotation.secrets_rotate()
    entries = AuditEvent.objects.for_msp(acme.msp).filter(action="secret.resealed", actor="system rotate_keys")
    assert entries.count() == 3


def test_it_may_be_run_again_and_then_changes_nothing(acme: Tenant, former: list[str]) -> None:
    rotation.secrets_rotate()
    tokens = [Connection.objects.get().client_secret.token, Installation.objects.get().proof.token]
    again = rotation.secrets_rotate()
    assert (again.resealed, again.newest) == (0, 4)
    assert [Connection.objects.get().client_secret.token, Installation.objects.get().proof.token] == tokens


def test_a_killed_run_is_finished_by_the_next(
    acme: Tenant, northwind: Tenant, former: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))
    swap = rotation._swap

    def killed(*arguments: Any) -> bool:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return swap(*arguments)

    monkeypatch.setattr(rotation, "_swap", killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.secrets_rotate()
    monkeypatch.undo()
    rest = rotation.secrets_rotate()
    assert (rest.resealed, rest.newest) == (3, 4)


def test_a_token_that_was_refreshed_meanwhile_stays(
    acme: Tenant, former: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    swap = rotation._swap

    def overtaken(row: Any, name: str, old: Sealed, new: Sealed) -> bool:
        if name == "refresh_token":
            monkeypatch.undo()
            Connection.objects.update(refresh_token=acme.connection.sealed("refresh_token", "the refreshed one"))
        return swap(row, name, old, new)

    # Sealed by a process that still runs with the former ring: it is read again, and sealed anew.
    monkeypatch.setattr(rotation, "_swap", overtaken)
    rotation.secrets_rotate()
    row = Connection.objects.get()
    assert row.secret("refresh_token") == "the refreshed one"
    assert row.refresh_token.is_newest


def test_two_runs_at_once_share_the_work(acme: Tenant, northwind: Tenant, former: list[str]) -> None:
    before, found = plain(acme), []

    def run() -> None:
        try:
            found.append(rotation.secrets_rotate())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.resealed for one in found) == 7
    assert plain(acme) == before


def test_a_secret_that_no_key_opens_is_named_and_left(
    acme: Tenant, former: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_connection SET access_token = %s", [b"not a token"])
    with pytest.raises(CommandError, match="Keep the former ones"):
        call_command("rotate_keys")
    assert f"integrations.connection.access_token of {acme.connection.pk}" in capsys.readouterr().err
    assert Connection.objects.get().client_secret.is_newest


def test_a_secret_that_keeps_changing_is_named(
    acme: Tenant, former: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rotation, "_swap", lambda *arguments: False)
    with pytest.raises(CommandError, match="run this again"):
        call_command("rotate_keys")
    assert "client_secret" in capsys.readouterr().err


def test_consents_under_way_are_sealed_anew_too(acme: Tenant, former: list[str], settings: LazySettings) -> None:
    row = Authorization(
        msp=acme.msp, connection=acme.connection, user=acme.admin, state_digest="s", session_digest="s",
        region="sandbox", client_id="x", epoch=1, expires_at=database_now(),
    )  # fmt: skip
    row.verifier = Authorization._meta.get_field("verifier").seal(row.pk, "the verifier")
    row.save()
    rotation.secrets_rotate()
    settings.FERNET_KEYS = [NEW]
    assert Authorization.objects.get().verifier.open(row.pk) == "the verifier"


def test_a_new_audit_key_is_made_known_and_vouched_for(
    acme: Tenant, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    installation_prove()
    settings.AUDIT_KEYS = [NEW, *settings.AUDIT_KEYS]
    call_command("rotate_keys")
    assert {len(key.vouchers) for key in AuditKey.objects.all()} == {2}
    assert AuditKey.objects.count() == 2
    call_command("audit_verify")


@pytest.mark.parametrize("ring", ["FERNET_KEYS", "AUDIT_KEYS"])
@pytest.mark.parametrize("is_started", [True, False])
def test_wrong_keys_are_refused_before_and_after_the_first_start(
    acme: Tenant, settings: LazySettings, ring: str, is_started: bool
) -> None:
    if is_started:
        installation_prove()
    keys_check()
    setattr(settings, ring, [NEW])
    for check in (keys_check, installation_prove):
        with pytest.raises(KeysError, match=ring.removesuffix("S").replace("FERNET_KEY", "FERNET_KEYS")):
            check()
    with pytest.raises(CommandError, match="Put the former key back"):
        call_command("rotate_keys")


def test_a_key_that_was_only_put_into_the_database_is_not_believed(acme: Tenant, settings: LazySettings) -> None:
    installation_prove()
    stranger = AuditKey.objects.get()
    AuditKey.objects.create(
        fingerprint="0123456789ab", vouchers=stranger.vouchers, first_seen_at=stranger.first_seen_at
    )
    settings.AUDIT_KEYS = [NEW]
    with pytest.raises(KeysError, match="AUDIT_KEY"):
        keys_check()


def test_an_installation_is_one_row_whoever_starts_first(acme: Tenant) -> None:
    ids = []

    def start() -> None:
        try:
            ids.append(installation_prove().pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1
    assert AuditKey.objects.count() == 1


def test_second_factors_outlive_the_former_key(acme: Tenant, settings: LazySettings, former: list[str]) -> None:
    settings.FERNET_KEYS = former
    secret, codes = app_of(acme.approver), recovery_codes_of(acme.approver)
    settings.FERNET_KEYS = [NEW, *former]
    rotation.secrets_rotate()
    settings.FERNET_KEYS = [NEW]
    app = Authenticator.objects.get(user=acme.approver, type=Authenticator.Type.TOTP).wrap()
    assert app.validate_code(code_of(secret))
    assert recovery_codes_of(acme.approver) == codes


def test_a_second_factor_that_no_key_opens_is_named(acme: Tenant, settings: LazySettings, former: list[str]) -> None:
    settings.FERNET_KEYS = ["another-key-0123456789abcdefghijklmnop"]
    app_of(acme.approver)
    settings.FERNET_KEYS = [NEW, *former]
    assert len([label for label in rotation.secrets_rotate().unreadable if "mfa.authenticator" in label]) == 2
