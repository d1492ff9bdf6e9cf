"""Guessing passwords and codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client

from integrations.models import AuditEvent, User
from integrations.people import lockout
from tests.cast import PASSWORD, Tenant
from tests.integrations.people.signing_in import CODE, HOME, app_of, code_of, events, password_step

OFFICE: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.7"}
ELSEWHERE: dict[str, Any] = {"REMOTE_ADDR": "198.51.100.9"}
LOCKED = "Too many wrong attempts"


def guess(tenant: Tenant, times: int, address: dict[str, Any]) -> list[int]:
    return [password_step(Client(), tenant.approver, "guess", **address).status_code for _ in range(times)]


def test_after_five_guesses_the_account_is_closed_from_everywhere_even_to_the_right_password(acme: Tenant) -> None:
    assert guess(acme, 5, OFFICE) == [200, 200, 200, 200, 429]
    for address in (OFFICE, ELSEWHERE):
        answer = password_step(Client(), acme.approver, **address)
        assert answer.status_code == 429
        assert LOCKED in answer.content.decode()
    assert password_step(Client(), acme.viewer, **OFFICE)["Location"] == HOME
    assert sorted(events(acme, "login.")) == ["login.failed"] * 5 + ["login.locked", "login.succeeded"]


def test_guessing_on_does_not_keep_the_owner_out_for_longer(acme: Tenant) -> None:
    guess(acme, 5, OFFICE)
    before = AccessAttempt.objects.get().attempt_time
    guess(acme, 3, OFFICE)
    assert AccessAttempt.objects.get().attempt_time == before
    AccessAttempt.objects.update(attempt_time=before - timedelta(minutes=16))
    assert password_step(Client(), acme.approver, **OFFICE)["Location"] == HOME


def test_an_address_that_tries_many_names_is_closed_for_all_of_them(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lockout.ADDRESS_SHARE == 10
    monkeypatch.setattr(lockout, "ADDRESS_SHARE", 2)
    for number in range(10):
        Client().post("/dashboard/login/", {"username": f"name-{number}", "password": "guess"}, **OFFICE)
    assert password_step(Client(), acme.viewer, **OFFICE).status_code == 429
    assert password_step(Client(), acme.viewer, **ELSEWHERE)["Location"] == HOME


def test_one_good_account_does_not_wipe_out_what_its_address_tried_on_others(acme: Tenant) -> None:
    guess(acme, 4, OFFICE)
    assert password_step(Client(), acme.viewer, **OFFICE)["Location"] == HOME
    assert guess(acme, 1, OFFICE) == [429]


def test_a_success_forgets_the_failures_of_the_account(acme: Tenant) -> None:
    guess(acme, 4, OFFICE)
    assert password_step(Client(), acme.approver, **OFFICE)["Location"] == HOME
    assert guess(acme, 4, OFFICE) == [200] * 4


def test_codes_are_guessed_five_times_however_often_the_password_is_right(acme: Tenant) -> None:
    app_of(acme.approver)
    statuses = []
    for _ in range(6):
        browser = Client()
        password_step(browser, acme.approver)
        statuses.append(browser.post(CODE, {"code": "000000"}).status_code)
    browser = Client()
    assert password_step(browser, acme.approver).status_code == 429
    assert statuses[:4] == [200] * 4
    assert '"factor":"code"' in "".join(AuditEvent.objects.values_list("record", flat=True))


def test_a_locked_account_takes_no_right_code_either(acme: Tenant, client: Client) -> None:
    secret = app_of(acme.approver)
    password_step(client, acme.approver)
    guess(acme, 5, ELSEWHERE)
    answer = client.post(CODE, {"code": code_of(secret)})
    assert answer.status_code == 429
    assert LOCKED in answer.content.decode()
    assert client.get(HOME).status_code == 302


def test_confirming_with_a_guessed_password_counts_too(acme: Tenant) -> None:
    client = acme.signed_in(acme.approver)
    for _ in range(5):
        answer = client.post("/dashboard/account/confirm/password/", {"password": "guess"})
    assert answer.status_code == 429
    assert client.post("/dashboard/account/confirm/password/", {"password": PASSWORD}).status_code == 429


def change(client: Client, old: str) -> Any:
    new = "a-new-and-long-password-7"
    posted = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/dashboard/password_change/", posted, **OFFICE)


def test_guessing_the_old_password_at_an_open_session_counts_too(acme: Tenant) -> None:
    client = acme.signed_in(acme.approver)
    assert [change(client, "guess").status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    for answer in (change(client, PASSWORD), password_step(Client(), acme.approver, **ELSEWHERE)):
        assert (answer.status_code, LOCKED in answer.content.decode()) == (429, True)
    assert User.objects.get(pk=acme.approver.pk).check_password(PASSWORD)
    assert sorted(events(acme, "login.")) == ["login.failed"] * 5 + ["login.locked", "login.succeeded"]
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - timedelta(minutes=16))
    assert change(client, PASSWORD).status_code == 302


def test_nothing_that_was_typed_is_kept_with_a_failed_attempt(acme: Tenant, client: Client) -> None:
    secret = app_of(acme.approver)
    password_step(client, acme.approver, "typed with care")
    password_step(client, acme.approver)
    client.post(CODE, {"code": "123123"})
    change(acme.signed_in(acme.approver), "typed as well")
    kept = repr(list(AccessAttempt.objects.values_list()))
    typed = ("typed with care", "typed as well", "a-new-and-long", "123123", secret, PASSWORD)
    assert not any(text in kept for text in typed)


def test_a_forged_forwarding_header_does_not_move_the_blame(acme: Tenant, client: Client) -> None:
    for peer, claimed, counted in (
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "10.9.9.9, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, 127.0.0.1", "203.0.113.7"),
        ("198.51.100.9", "203.0.113.7", "198.51.100.9"),
        ("127.0.0.1", "not an address", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ):
        AccessAttempt.objects.all().delete()
        options = {"REMOTE_ADDR": peer, **({"HTTP_X_FORWARDED_FOR": claimed} if claimed else {})}
        password_step(client, acme.approver, "guess", **options)
        assert AccessAttempt.objects.get().ip_address == counted, (peer, claimed)
