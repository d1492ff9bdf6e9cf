"""The consent lists everything a decision holds for, and its digest moves with each of them."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any

import pytest

from approvals.consent import Consent, differences, pinned
from integrations.audit import canonical
from integrations.ninjaone.wire import WireRequest
from tools.calls import Call

CONSENT = Consent(
    method="POST",
    base_url="https://app.ninjarmm.com",
    path="/v2/device/43/reboot/NORMAL",
    query="",
    body='{"reason":""}',
    msp="m",
    connection="c",
    epoch=1,
    region="us",
    client_id="id",
    agent="a",
    tool="ninjaone:ninja-reboot-device",
    tool_version="1",
    arguments='{"device_id":43}',
    facts={"device": {"id": 43, "name": "ACME-WEB01"}},
    policy="approval_needed",
    policy_version=0,
    approvals_needed=1,
    expires_at="2026-01-01T00:00:00.000000+00:00",
)


def another(value: Any) -> Any:
    match value:
        case int():
            return value + 1
        case dict():
            return {"device": {"id": 43, "name": "OTHER"}}
    return f"{value}x"


@pytest.mark.parametrize("name", [field.name for field in fields(Consent)])
def test_every_field_moves_the_digest_and_is_named_when_it_changes(name: str) -> None:
    changed = replace(CONSENT, **{name: another(getattr(CONSENT, name))})
    assert changed.digest() != CONSENT.digest()
    assert len(differences(CONSENT, changed)) == 1


def test_whatever_a_call_or_its_request_gains_must_be_in_the_consent() -> None:
    # `answer` says how the result is shaped afterwards; it is no part of what is sent.
    assert {field.name for field in fields(Call)} - {"answer"} <= {field.name for field in fields(Consent)}
    assert {field.name for field in fields(WireRequest)} <= {field.name for field in fields(Consent)}


def test_text_and_digest_are_what_they_always_were() -> None:
    """What people approved before an update holds after it."""
    odd = replace(CONSENT, path='/v2/ü\u2028\x1f"\\', facts={"b": {"z": 1.5, "a": None}, "a": {"ß": [True, "x"]}})
    for consent in (CONSENT, odd):
        values = {field.name: getattr(consent, field.name) for field in fields(consent)}
        hasher = hashlib.sha256(b"countersign consent 1\n")
        for name, value in values.items():
            for part in (name.encode(), canonical(value).encode()):
                hasher.update(b"%d:" % len(part))
                hasher.update(part)
        assert consent.sealed() == (consent.text(), consent.digest())
        assert consent.sealed() == (canonical(values), f"sha256:{hasher.hexdigest()}")
    assert CONSENT.digest() == "sha256:4a4e38b345ed97c82f4cb2eee4dab6b12f8f2b6b1589439e1d8523c9db97e19f"


def test_bytes_cannot_move_from_one_field_to_the_next_unnoticed() -> None:
    one = replace(CONSENT, path="/v2/a", query="b")
    other = replace(CONSENT, path="/v2/", query="ab")
    assert one.digest() != other.digest()


def test_the_stored_text_gives_the_same_consent_back() -> None:
    assert Consent.from_text(CONSENT.text()) == CONSENT


def test_no_body_is_not_an_empty_body() -> None:
    assert replace(CONSENT, body=None).digest() != replace(CONSENT, body="").digest()


def test_a_fact_that_came_or_went_is_named() -> None:
    gone = replace(CONSENT, facts={})
    assert differences(CONSENT, gone) == ["the device is gone"]
    assert differences(gone, CONSENT) == ["the device is new"]


def test_what_changes_all_the_time_is_not_pinned() -> None:
    assert pinned({"device": {"id": 1, "offline": True, "last_contact": 2.0}}) == {"device": {"id": 1}}
