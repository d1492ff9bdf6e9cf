"""What the outbox holds goes out: in order, again where it was not taken, and never twice at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connections
from django.test import Client
from standardwebhooks import Webhook, WebhookVerificationError

from approvals.models import Delivery, Destination, Kind
from approvals.notices.delivering import deliver, due
from approvals.notices.destinations import dead_revive, destination_enable, secret_rotate
from approvals.notices.reminders import forget
from approvals.notices.schedule import PATIENCE, PAUSES, WEBHOOK_PAUSES
from approvals.notices.words import plain
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import AuditEvent, Membership
from tests.approvals.asking import approve, ask, deny, submit
from tests.approvals.notices.places import SECRET, Hooks, Mailbox, Post, destination
from tests.approvals.notices.test_outbox import reboot, told
from tests.cast import Tenant

TESTER = Actor.system("test")


def fresh(row: Destination) -> Destination:
    return Destination.objects.select_related("msp").get(pk=row.pk)


def make_due(row: Destination) -> None:
    Delivery.objects.filter(destination=row, due_at__isnull=False).update(due_at=database_now())


def titles(hooks: Hooks) -> list[str]:
    return [str(post.payload["data"]["title"]).partition(":")[0] for post in hooks.posts]


def test_people_are_told_in_the_order_in_which_it_happened(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    for number in (41, 43, 45):
        ask(acme, "ninja-reboot-device", device_id=number)
    assert due(limit=5) == [(place.pk, acme.msp.pk)]
    assert deliver(place.pk) == 3
    asked = [post.payload["data"]["invocation"]["id"] for post in hooks.posts]
    assert asked == [str(row.invocation_id) for row in Delivery.objects.filter(destination=place)]
    assert due(limit=5) == []
    assert deliver(place.pk) == 0
    found = fresh(place)
    assert (found.failures, found.last_error, found.lease_until) == (0, "", None)
    assert found.last_delivered_at is not None


def test_a_message_says_what_where_who_and_nothing_else(acme: Tenant, mailbox: Mailbox) -> None:
    place = destination(acme, "ops@acme.example\noncall@acme.example", kind=Kind.EMAIL)
    row = submit(
        acme,
        "ninja-run-bash",
        options={"reason": "My s3cret reason"},
        device_id=43,
        script="echo s3cret-in-the-script",
    ).invocation
    assert deliver(place.pk) == 1
    [mail] = mailbox.mails
    text = mail.as_string()
    assert mailbox.recipients == [["ops@acme.example", "oncall@acme.example"]]
    assert (
        mail["Subject"]
        == "Approval needed: Run a bash script as root on a Linux or macOS device, ACME-WEB01, Acme Dental"
    )
    for words in ("ACME-WEB01", "Acme Dental", "helpdesk-bot", "Decide by:", str(row.pk)):
        assert words in text
    assert "s3cret" not in text
    assert mail["Message-ID"].startswith(f"<{Delivery.objects.get().message_id}@")


def test_its_link_opens_the_page_behind_the_sign_in_alone(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    row = reboot(acme)
    deliver(place.pk)
    link = str(hooks.posts[0].payload["data"]["url"]).removeprefix("http://testserver")
    assert Client().get(link)["Location"].startswith("/dashboard/login/")
    assert acme.signed_in(acme.approver).get(link).status_code == 200
    assert str(row.pk) in link


def test_without_addresses_whoever_may_decide_is_told(acme: Tenant, mailbox: Mailbox) -> None:
    Membership.objects.filter(user=acme.admin).update(is_approver=True)  # the agent's owner
    acme.second_approver.is_active = False
    acme.second_approver.save()
    place = destination(acme, "", kind=Kind.EMAIL)
    reboot(acme)
    assert deliver(place.pk) == 1
    assert mailbox.recipients == [["approver@acme.example"]]


def test_after_the_decision_the_next_message_says_so(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    deny(acme, reboot(acme))
    assert deliver(place.pk) == 2
    assert titles(hooks) == ["Denied meanwhile", "Denied by acme-approver"]


def test_what_fails_is_tried_again_and_holds_its_place(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    other = destination(acme, hooks.url, name="Other")
    approve(acme, reboot(acme))
    hooks.answer = lambda post: 503
    for number, pause in enumerate(PAUSES, start=1):
        before = database_now()
        assert deliver(place.pk) == 0
        assert deliver(place.pk) == 0
        assert len(hooks.posts) == number
        rows = Delivery.objects.filter(destination=place)
        assert {row.due_at is not None and row.due_at >= before + pause for row in rows} == {True}
        make_due(place)
    assert fresh(place).last_error == "It answered 503 Service Unavailable."
    assert fresh(place).failures == len(PAUSES)
    hooks.posts.clear()
    hooks.answer = lambda post: 200
    assert deliver(other.pk) == 2
    assert deliver(place.pk) == 2
    assert titles(hooks)[2:] == ["Approved meanwhile", "Approved by acme-approver"]


def test_five_days_without_a_yes_switch_it_off_and_others_are_told(acme: Tenant, hooks: Hooks) -> None:
    place, other = destination(acme, hooks.url), destination(acme, hooks.url, name="Other")
    reboot(acme)
    hooks.answer = lambda post: 500
    Destination.objects.filter(pk=place.pk).update(failing_since=database_now() - PATIENCE)
    deliver(place.pk)
    found = fresh(place)
    assert not found.is_enabled
    assert found.disabled_because == "It took nothing for 5 days. The last time: It answered 500 Internal Server Error."
    assert told(other) == ["waiting", "alarm"]
    assert due(limit=5) == [(other.pk, acme.msp.pk)]
    assert Delivery.objects.filter(destination=place, due_at__isnull=False).count() == 1
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="destination.switched_off").exists()
    hooks.answer = lambda post: 200
    destination_enable(found)
    assert deliver(place.pk) == 1


def test_two_senders_do_not_meet_at_one_destination(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    for number in (41, 43, 45):
        ask(acme, "ninja-reboot-device", device_id=number)
    entered, go = threading.Event(), threading.Event()

    def slowly(post: Post) -> int:
        entered.set()
        go.wait(10)
        return 200

    hooks.answer = slowly
    taken: list[int] = []

    def sender() -> None:
        taken.append(deliver(place.pk))
        connections.close_all()

    threads = [threading.Thread(target=sender) for _ in range(4)]
    threads[0].start()
    assert entered.wait(10)
    for thread in threads[1:]:
        thread.start()
        thread.join()
    go.set()
    threads[0].join()
    assert sorted(taken) == [0, 0, 0, 3]
    assert len(hooks.posts) == 3


def test_who_lost_the_lease_sends_no_further_message(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    for number in (41, 43):
        ask(acme, "ninja-reboot-device", device_id=number)

    def taken_over(post: Post) -> int:
        until = database_now() + timedelta(seconds=60)
        Destination.objects.filter(pk=place.pk).update(lease_until=until)
        connections.close_all()
        return 200

    hooks.answer = taken_over
    assert deliver(place.pk) == 1
    assert fresh(place).lease_until is not None


def test_a_lapsed_lease_is_taken_over(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    reboot(acme)
    Destination.objects.update(lease_until=database_now() + timedelta(seconds=60))
    assert (due(limit=5), deliver(place.pk)) == ([], 0)
    Destination.objects.update(lease_until=database_now() - timedelta(seconds=1))
    assert (due(limit=5), deliver(place.pk)) == ([(place.pk, acme.msp.pk)], 1)


def test_an_agents_webhook_is_signed_and_says_little(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, f"{hooks.url}/hook?x=1", agent=acme.agent)
    row = deny(acme, ask(acme, "ninja-run-bash", device_id=43, script="echo s3cret-in-the-script"))
    assert deliver(place.pk) == 2
    for post, status in zip(hooks.posts, ("pending_approval", "denied"), strict=True):
        payload = Webhook(SECRET).verify(post.body, post.headers)
        assert payload == post.payload
        assert (payload["type"], post.path) == ("invocation.changed", "/hook?x=1")
        url = f"http://testserver/api/v1/invocations/{row.pk}"
        assert payload["data"] == {"id": str(row.pk), "status": status, "url": url}
        assert post.headers["content-type"] == "application/json"
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(post.body + b" ", post.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "A" * 32).verify(post.body, post.headers)
    assert len({post.headers["webhook-id"] for post in hooks.posts}) == 2


def test_a_new_secret_and_the_former_one_sign_for_a_day(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url, agent=acme.agent)
    new = secret_rotate(destination=fresh(place), actor=TESTER)
    reboot(acme)
    deliver(place.pk)
    for secret in (SECRET, new):
        Webhook(secret).verify(hooks.posts[0].body, hooks.posts[0].headers)
    Destination.objects.update(former_until=database_now())
    deny(acme, ask(acme, "ninja-reboot-device", device_id=43))
    deliver(place.pk)
    Webhook(new).verify(hooks.posts[1].body, hooks.posts[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(hooks.posts[1].body, hooks.posts[1].headers)


def test_an_agents_message_is_given_up_after_ten_tries_and_sent_again_when_somebody_asks(
    acme: Tenant, hooks: Hooks
) -> None:
    place = destination(acme, hooks.url, agent=acme.agent)
    reboot(acme)
    hooks.answer = lambda post: 500
    for pause in WEBHOOK_PAUSES:
        before = database_now()
        deliver(place.pk)
        row = Delivery.objects.get()
        assert row.due_at is not None
        assert timedelta() <= row.due_at - before - pause < timedelta(seconds=30)
        make_due(place)
    deliver(place.pk)
    row = Delivery.objects.get()
    assert (row.due_at, row.dead_at is not None, row.attempts) == (None, True, 10)
    assert len(hooks.posts) == 10
    assert len({post.headers["webhook-id"] for post in hooks.posts}) == 1
    hooks.answer = lambda post: 204
    assert deliver(place.pk) == 0
    assert dead_revive(destination=fresh(place), actor=TESTER, message_id=row.message_id) == 1
    assert deliver(place.pk) == 1


def test_one_message_that_an_agent_cannot_take_holds_up_its_invocation_alone(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url, agent=acme.agent)
    first = deny(acme, ask(acme, "ninja-reboot-device", device_id=41))
    deny(acme, ask(acme, "ninja-reboot-device", device_id=43))
    hooks.answer = lambda post: 400 if str(first.pk) in post.body.decode() else 200
    assert deliver(place.pk) == 0
    Delivery.objects.exclude(invocation=first).update(due_at=database_now())
    assert deliver(place.pk) == 2
    assert [post.payload["data"]["status"] for post in hooks.posts] == [
        "pending_approval",
        "pending_approval",
        "denied",
    ]


def test_a_webhook_that_is_gone_is_not_asked_again(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url, agent=acme.agent)
    deny(acme, reboot(acme))
    hooks.answer = lambda post: 410
    deliver(place.pk)
    assert len(hooks.posts) == 1
    assert fresh(place).disabled_because == "It says that it is gone for good (410)."


def test_a_mail_server_that_refuses_is_not_a_crash(acme: Tenant, mailbox: Mailbox, settings: LazySettings) -> None:
    place = destination(acme, "ops@acme.example", kind=Kind.EMAIL)
    reboot(acme)
    mailbox.refusal = "451 later: ops@acme.example"
    deliver(place.pk)
    assert fresh(place).last_error == "The mail server did not take it (SMTPDataError)."
    settings.EMAIL_PORT = 1
    make_due(place)
    deliver(place.pk)
    assert fresh(place).last_error == "The mail server could not be reached."
    mailbox.refusal, settings.EMAIL_PORT = "", mailbox.port
    make_due(place)
    assert deliver(place.pk) == 1


def test_an_address_that_does_not_open_says_so(acme: Tenant, hooks: Hooks, settings: LazySettings) -> None:
    place = destination(acme, hooks.url)
    reboot(acme)
    settings.FERNET_KEYS = ["another-key-for-tests-only-0123456789abcdef"]
    assert deliver(place.pk) == 0
    assert "FERNET_KEYS" in fresh(place).last_error


def test_a_process_that_ends_sends_no_further_message(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    for number in (41, 43):
        ask(acme, "ninja-reboot-device", device_id=number)
    assert deliver(place.pk, is_ending=lambda: bool(hooks.posts)) == 1
    assert fresh(place).lease_until is None


def test_what_was_delivered_long_ago_is_forgotten(acme: Tenant, hooks: Hooks) -> None:
    place = destination(acme, hooks.url)
    deny(acme, reboot(acme))
    deliver(place.pk)
    first = Delivery.objects.earliest("id")
    Delivery.objects.filter(pk=first.pk).update(delivered_at=database_now() - timedelta(days=31))
    forget()
    assert Delivery.objects.filter(pk=first.pk).count() == 0
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<!channel> @here", "‹!channel› ＠here"),
        ("[click](https://evil.example)", "[click] (https: //evil.example)"),
        ("a\nSubject: b", "a Subject: b"),
        ("\u202eBEW", "[U+202E]BEW"),
    ],
    ids=["mentions", "links", "lines", "hidden"],
)
def test_names_by_strangers_call_nobody_and_lead_nowhere(name: str, shown: str) -> None:
    assert plain(name) == shown
