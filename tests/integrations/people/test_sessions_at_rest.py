"""What somebody with a copy of the database gets out of its sessions: nothing."""

from __future__ import annotations

import base64
import re
import zlib

import pytest
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DjangosStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from integrations.people.sessions import SessionStore, stored_key
from tests.cast import PASSWORD, Tenant
from tests.integrations.people.signing_in import HOME, LOGIN, code_of, password_step
from tests.integrations.people.test_second_factor import APP

COOKIE = "sessionid"


def with_cookie(value: str) -> Client:
    """A browser that brings this cookie along."""
    client = Client()
    client.cookies[COOKIE] = value
    return client


def as_stored() -> list[tuple[str, str]]:
    """Keys and data of all sessions, past Django."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key, session_data FROM django_session")
        return list(cursor.fetchall())


def readings(stored: str) -> list[str]:
    """What the data say to somebody who tries: as it is, as Django signs it, and unpacked from base64 and zlib."""
    found = [stored, str(DjangosStore().decode(stored))]
    for part in stored.removeprefix(".").split(":"):
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        found.append(raw.decode("latin-1"))
        try:
            found.append(zlib.decompress(raw).decode("latin-1"))
        except zlib.error:
            continue
    return found


def test_a_copy_of_the_database_signs_nobody_in(acme: Tenant, client: Client) -> None:
    password_step(client, acme.viewer)
    cookie = client.cookies[COOKIE].value
    [(key, data)] = as_stored()
    assert cookie not in f"{key} {data}"
    assert with_cookie(cookie).get(HOME).status_code == 200
    assert with_cookie(key).get(HOME)["Location"].startswith(LOGIN)
    assert str(acme.viewer.pk) not in " ".join(readings(data))


def test_the_secret_of_an_app_that_is_being_set_up_is_not_to_be_read(acme: Tenant, client: Client) -> None:
    password_step(client, acme.approver)
    shown = re.search(r'id="totp-key">([A-Z2-7]+)<', client.get(APP).content.decode())
    assert shown is not None
    assert client.session["mfa.totp.secret"] == shown[1]
    [(_, data)] = as_stored()
    assert not any(shown[1] in reading for reading in readings(data))
    # The same look finds it where Django keeps sessions its own way.
    assert any(shown[1] in reading for reading in readings(DjangosStore().encode({"secret": shown[1]})))
    assert client.post(APP, {"code": code_of(shown[1])}).status_code == 302
    assert "mfa.totp.secret" not in client.session


def test_the_data_of_one_session_open_nothing_in_the_row_of_another(acme: Tenant) -> None:
    admin, viewer = acme.signed_in(acme.admin), acme.signed_in(acme.viewer)
    rows = {client: stored_key(client.cookies[COOKIE].value) for client in (admin, viewer)}
    admins = Session.objects.get(session_key=rows[admin]).session_data
    Session.objects.filter(session_key=rows[viewer]).update(session_data=admins)
    assert viewer.get(HOME)["Location"].startswith(LOGIN)
    assert admin.get(HOME).status_code == 200


def test_a_session_outlives_a_new_key_and_ends_with_the_last_one_that_opens_it(
    acme: Tenant, settings: LazySettings
) -> None:
    client, ring = acme.signed_in(acme.viewer), settings.FERNET_KEYS
    settings.FERNET_KEYS = ["a newer key of more than 32 characters", *ring]
    assert client.get(HOME).status_code == 200
    settings.FERNET_KEYS = settings.FERNET_KEYS[:1]
    assert client.get(HOME)["Location"].startswith(LOGIN)
    assert client.post(LOGIN, {"username": acme.viewer.username, "password": PASSWORD}).status_code == 302
    assert client.get(HOME).status_code == 200


def test_signing_in_changes_the_key_and_signing_out_leaves_no_row(acme: Tenant, client: Client) -> None:
    client.get(LOGIN)
    password_step(client, acme.viewer, "wrong")
    password_step(client, acme.viewer)
    first = client.cookies[COOKIE].value
    for _ in range(2):
        client.get(HOME)
    assert [key for key, _ in as_stored()] == [stored_key(first)]
    assert SessionStore().exists(first)
    assert client.post("/dashboard/logout/").status_code == 200
    assert not SessionStore().exists(first)
    assert with_cookie(first).get(HOME)["Location"].startswith(LOGIN)


def test_a_session_that_ended_meanwhile_is_not_made_anew(acme: Tenant) -> None:
    client = acme.signed_in(acme.viewer)
    store = SessionStore(client.cookies[COOKIE].value)
    store["chosen"] = "something"
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        store.save()
    assert Session.objects.count() == 0


def test_an_invitation_is_not_written_down_with_a_failed_sign_in(acme: Tenant, client: Client) -> None:
    way = "/dashboard/invitation/a-token-of-43-letters/"
    client.post(f"{LOGIN}?next={way}", {"username": acme.viewer.username, "password": "wrong", "next": way})
    [attempt] = AccessAttempt.objects.values()
    assert "a-token" not in str(attempt)
    assert "wrong" not in str(attempt)
