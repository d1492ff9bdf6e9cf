"""Whoever delivers messages is killed again and again while 200 things happen: every message arrives, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db import connections

from approvals.models import Delivery, Destination, Kind
from chaos.processes import stop_all, wait_until_ready
from tests.approvals.asking import ask, deny
from tests.approvals.notices.places import Post, destination, hooks_served, mail_served
from tests.cast import Tenant, lift_limits
from tests.chaos.product import Product, wait_for

REQUESTS = 100  # each is asked and denied: two things happen
KILLS = 6
MINUTE = 60.0


def happen(tenant: Tenant) -> None:
    """Requests come in and are denied, in another process than the one that is killed.

    What it raises fails the test, as in any thread.
    """
    try:
        for number in range(REQUESTS):
            deny(tenant, ask(tenant, "ninja-run-bash", device_id=43, script=f"echo {number}"))
            time.sleep(0.02)
    finally:
        connections.close_all()


def once(seen: Sequence[Any]) -> list[Any]:
    """What arrived, without what arrived twice in a row: at least once is promised."""
    return [one for one, _ in groupby(seen)]


def expected(place: Destination) -> list[str]:
    """In the order in which it happened."""
    return [str(row.message_id) for row in Delivery.objects.filter(destination=place)]


def expected_hexes(place: Destination) -> list[str]:
    """The same as webhooks write them."""
    return [one.replace("-", "") for one in expected(place)]


def test_told_to_stop_it_delivers_what_is_on_its_way_and_the_next_one_the_rest(product: Product) -> None:
    lift_limits(product.tenant)
    with hooks_served() as hooks:
        product.more = {"NOTICES_MAY_REACH": "127.0.0.0/8"}
        place = destination(product.tenant, hooks.url)

        def slowly(post: Post) -> int:
            time.sleep(0.3)
            return 200

        hooks.answer = slowly
        for number in range(20):
            ask(product.tenant, "ninja-run-bash", device_id=43, script=f"echo {number}")
        with product.running() as processes:
            wait_for(lambda: len(hooks.posts) > 3)
            assert stop_all(processes) == [0] * len(processes)
            assert 3 < len(hooks.posts) < 20
        with product.running():
            wait_for(lambda: len(hooks.posts) >= 20, MINUTE)
            wait_for(lambda: not Delivery.objects.filter(due_at__isnull=False).exists())
    assert [post.headers["webhook-id"] for post in hooks.posts] == [f"msg_{one}" for one in expected_hexes(place)]


def test_killed_during_200_events_none_is_lost_and_none_out_of_order(product: Product) -> None:
    lift_limits(product.tenant)
    with hooks_served() as people, hooks_served() as agents, mail_served() as mailbox:
        product.more = {
            "NOTICES_MAY_REACH": "127.0.0.0/8",
            "NOTICE_LEASE_SECONDS": "2",
            "EMAIL_URL": mailbox.url,
        }
        tenant = product.tenant
        mail = destination(tenant, "ops@acme.example", kind=Kind.EMAIL, name="Mail")
        hook = destination(tenant, people.url, name="Hook")
        agent = destination(tenant, agents.url, agent=tenant.agent)
        thread = threading.Thread(target=happen, args=(tenant,))
        thread.start()
        with product.running() as processes:
            deliverer = processes[-1]
            for _ in range(KILLS):
                before = len(people.posts) + len(mailbox.mails)
                # Not before it delivered something since the last time.
                wait_for(lambda before=before: len(people.posts) + len(mailbox.mails) > before + 2, MINUTE)  # type: ignore[misc]
                deliverer.end()
                deliverer.look()
            thread.join()
            wait_until_ready(processes)
            wait_for(lambda: not Delivery.objects.filter(due_at__isnull=False).exists(), 2 * MINUTE)
            assert deliverer.started == KILLS + 1
    seen_by_people = [post.headers["webhook-id"] for post in people.posts]
    seen_by_agents = [post.headers["webhook-id"] for post in agents.posts]
    seen_by_mail = [str(one["Message-ID"]).partition("@")[0].strip("<") for one in mailbox.mails]
    hexes = expected_hexes(hook)
    assert len(hexes) == 2 * REQUESTS
    assert once(seen_by_people) == [f"msg_{one}" for one in hexes]
    assert once(seen_by_mail) == expected(mail)
    assert once(seen_by_agents) == [f"msg_{one}" for one in expected_hexes(agent)]
