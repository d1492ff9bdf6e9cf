"""A machine without room for one more process or file: a message is not sent, says so, and is tried again."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from approvals.models import Delivery, Destination
from approvals.notices.delivering import deliver
from integrations.courier.process import ENDED, UNSTARTED, Courier
from tests.approvals.asking import ask
from tests.approvals.notices.places import destination
from tests.cast import Tenant


def post(courier: Courier) -> str:
    """Why it did not go out."""
    return courier.webhook(url="https://example.com/", body="{}", headers={"webhook-id": "msg_1"}).error


@contextmanager
def no_more_files() -> Iterator[None]:
    """As when this process has as many open as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_room_for_the_process_nothing_is_sent_and_the_next_one_is_tried_anew() -> None:
    with Courier() as courier:
        with no_more_files():
            assert post(courier) == UNSTARTED
        assert courier.check(url="https://discord.com/api/webhooks/4/abcdef", kind="other").ok


def test_without_room_to_listen_to_the_process_it_is_ended() -> None:
    with Courier() as courier:
        assert courier.check(url="https://discord.com/api/webhooks/4/abcdef", kind="other").ok
        with no_more_files():
            assert post(courier) == ENDED
        assert courier.check(url="https://discord.com/api/webhooks/4/abcdef", kind="other").ok


def test_the_sweep_goes_on_and_tries_again_later(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    place = destination(acme, "https://example.com/")
    ask(acme, "ninja-reboot-device", device_id=43)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert deliver(place.pk) == 0
    waiting, place = Delivery.objects.get(destination=place), Destination.objects.get(pk=place.pk)
    assert (waiting.attempts, waiting.last_error, waiting.delivered_at) == (1, UNSTARTED, None)
    assert waiting.due_at is not None
    assert (place.failures, place.lease_until) == (1, None)
