"""The page “Notices”: made, changed, tested and removed by an MSP's admins, without ever showing an address again."""

from __future__ import annotations

import json
import logging
import re
import uuid

import pytest
from django.conf import LazySettings
from django.test import Client

from approvals.models import Delivery, Destination, Event, Kind
from approvals.notices.delivering import deliver
from integrations.models import AuditEvent
from tests.approvals.notices.places import Hooks, Mailbox, destination
from tests.approvals.notices.test_outbox import reboot, told
from tests.cast import Tenant
from tests.integrations.people.signing_in import age
from tests.test_secrets_canary import forms_of

PAGE = "/dashboard/approvals/destination/"
ADD = f"{PAGE}add/"
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def form(kind: str, address: str, **values: object) -> dict[str, object]:
    return {
        "name": "Ops",
        "kind": kind,
        "secret_address": address,
        "events": Event.values,
        "is_enabled": "on",
        **values,
    }


def change(row: Destination) -> str:
    return f"{PAGE}{row.pk}/change/"


def said(client: Client, url: str) -> str:
    return re.sub(r"\s+", " ", client.get(url).content.decode())


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_only_admins_see_it(acme: Tenant, role: str) -> None:
    row = destination(acme, "https://hooks.example.com/")
    client = acme.signed_in(getattr(acme, role))
    assert PAGE not in client.get("/dashboard/").content.decode()
    for url in (PAGE, ADD, change(row), f"{PAGE}{row.pk}/delete/"):
        assert client.get(url).status_code == 403
        assert client.post(url, form("webhook", "https://evil.example/")).status_code == 403
    for verb in ("test", "secret", "again"):
        assert client.post(f"{PAGE}{row.pk}/{verb}/").status_code == 403
    assert client.post(f"{PAGE}agent/{acme.agent.pk}/webhook/", {"url": "https://evil.example/"}).status_code == 403
    assert Destination.objects.count() == 1


def test_an_admin_makes_one_and_is_told_by_mail(acme: Tenant, mailbox: Mailbox) -> None:
    client = acme.signed_in(acme.admin)
    assert PAGE in client.get("/dashboard/").content.decode()
    assert "Nobody is told anything yet" in client.get(PAGE).content.decode()
    answer = client.post(ADD, form("email", "ops@acme.example, second@acme.example"))
    row = Destination.objects.get()
    assert answer["Location"] == change(row)
    assert (row.place, row.opened("address")) == (
        "ops@acme.example, second@acme.example",
        "ops@acme.example\nsecond@acme.example",
    )
    client.post(f"{PAGE}{row.pk}/test/")
    assert "took the test message" in said(client, change(row))
    assert mailbox.mails[0]["Subject"] == "This is a test"
    reboot(acme)
    assert deliver(row.pk) == 1
    assert "Reboot a managed device, ACME-WEB01, Acme Dental" in said(client, change(row))


@pytest.mark.parametrize(
    ("kind", "address", "why"),
    [
        ("email", "ops@acme", "“ops@acme” is no e-mail address."),
        ("slack", "https://hooks.example.com/services/x", "This is no Slack webhook."),
        ("slack", "", "Enter the address."),
        ("teams", SLACK, "This is no address of a Teams workflow."),
        ("webhook", "", "Enter a whole URL"),
        ("webhook", "http://hooks.example.com/", "Use https://."),
        ("webhook", "https://user:password@hooks.example.com/", "without a password in front"),
        ("webhook", "https://hooks.example.com:99999/", "This is no URL."),
        ("webhook", "ftp://hooks.example.com/", "Enter a whole URL"),
        ("webhook", f"https://hooks.example.com/{'x' * 2000}", "This is longer than"),
        ("other", "json://hooks.example.com/", "This is no address that apprise knows"),
        ("nonsense", "https://hooks.example.com/", "Enter the address."),
    ],
    ids=lambda value: value[:20],
)
def test_a_wrong_address_is_refused_with_a_sentence(
    acme: Tenant, settings: LazySettings, kind: str, address: str, why: str
) -> None:
    settings.EMAIL_IS_SET_UP = True
    answer = acme.signed_in(acme.admin).post(ADD, form(kind, address))
    assert answer.status_code == 200
    assert why in answer.content.decode()
    assert Destination.objects.count() == 0


def test_without_a_mail_server_mail_is_refused_with_what_to_do(acme: Tenant) -> None:
    answer = acme.signed_in(acme.admin).post(ADD, form("email", "ops@acme.example"))
    assert "its operator sets EMAIL_URL" in answer.content.decode()


def test_an_address_is_kept_until_another_one_is_entered(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    client.post(ADD, form("slack", SLACK))
    row = Destination.objects.get()
    assert (row.place, row.opened("address")) == ("Slack", SLACK)
    assert client.post(change(row), form("slack", "", name="Night shift", events=["alarm"])).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.events, row.opened("address")) == ("Night shift", ["alarm"], SLACK)
    assert "Enter a whole URL" in client.post(change(row), form("webhook", "")).content.decode()
    assert client.post(change(row), form("slack", SLACK.replace("T1JJ3T3L2", "T1JJ3T3L3"))).status_code == 302
    row.refresh_from_db()
    assert "T1JJ3T3L3" in row.opened("address")


def test_saving_touches_nothing_that_a_sender_needs(acme: Tenant) -> None:
    row = destination(acme, "https://hooks.example.com/")
    client = acme.signed_in(acme.admin)
    lease = row.created_at
    Destination.objects.update(lease_until=lease, failures=3, last_error="It answered 500.")
    client.post(change(row), form("webhook", "", name="Renamed"))
    row.refresh_from_db()
    assert (row.name, row.lease_until, row.failures) == ("Renamed", lease, 3)


def test_what_was_switched_off_goes_on_with_what_waited(acme: Tenant, hooks: Hooks) -> None:
    row = destination(acme, hooks.url)
    reboot(acme)
    Destination.objects.update(is_enabled=False, disabled_because="It took nothing for 5 days.")
    client = acme.signed_in(acme.admin)
    assert "Countersign switched this off." in said(client, change(row))
    assert "switched off by Countersign" in said(client, PAGE)
    assert deliver(row.pk) == 0
    client.post(change(row), form("webhook", ""))
    assert "switched this off" not in said(client, change(row))
    assert deliver(row.pk) == 1


def test_a_test_that_fails_says_why(acme: Tenant, hooks: Hooks, settings: LazySettings) -> None:
    row = destination(acme, hooks.url)
    client = acme.signed_in(acme.admin)
    hooks.answer = lambda post: 404
    client.post(f"{PAGE}{row.pk}/test/")
    assert "The test message was not taken. It answered 404 Not Found." in said(client, change(row))
    settings.NOTICES_MAY_REACH = []
    Destination.objects.update(address=row.sealed("address", hooks.url.replace("http:", "https:")))
    client.post(f"{PAGE}{row.pk}/test/")
    assert "It leads into a private network, where messages may not go." in said(client, change(row))
    assert len(hooks.posts) == 1


def test_removing_one_removes_what_waits_there(acme: Tenant) -> None:
    row = destination(acme, "https://hooks.example.com/")
    reboot(acme)
    client = acme.signed_in(acme.admin)
    assert client.post(f"{PAGE}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert (Destination.objects.count(), Delivery.objects.count()) == (0, 0)


def test_foreign_destinations_and_agents_equal_nonexistent_ones(acme: Tenant, northwind: Tenant) -> None:
    foreign = destination(northwind, "https://hooks.example.com/", name="northwind-ops")
    client = acme.signed_in(acme.admin)
    assert "northwind-ops" not in client.get(PAGE).content.decode()
    for row_id in (foreign.pk, uuid.uuid4()):
        for path in ("change/", "delete/"):
            assert client.get(f"{PAGE}{row_id}/{path}").status_code == 404
        for path in ("test/", "secret/", "again/", f"again/{uuid.uuid4()}/"):
            assert client.post(f"{PAGE}{row_id}/{path}").status_code == 404
    for agent_id in (northwind.agent.pk, uuid.uuid4()):
        for path in ("webhook/", "webhook/remove/"):
            assert client.post(f"{PAGE}agent/{agent_id}/{path}", {"url": "https://evil.example/"}).status_code == 404
    assert Destination.objects.count() == 1


def test_an_open_browser_changes_no_destination(acme: Tenant, settings: LazySettings) -> None:
    settings.STEP_UP_SECONDS = 300
    row = destination(acme, "https://hooks.example.com/")
    client = acme.signed_in(acme.admin)
    age(client, 301)
    agent = f"{PAGE}agent/{acme.agent.pk}/webhook/"
    posts = [ADD, change(row), f"{PAGE}{row.pk}/delete/", agent, f"{agent}remove/"]
    posts += [f"{PAGE}{row.pk}/{verb}/" for verb in ("test", "secret", "again")]
    for url in posts:
        answer = client.post(url, {**form("webhook", "https://evil.example/"), "url": "https://evil.example/"})
        assert answer["Location"].startswith("/dashboard/account/confirm/"), url
        assert client.get(answer["Location"], follow=True).status_code == 200
    found = Destination.objects.get()
    assert (found.name, found.opened("address")) == ("Ops", "https://hooks.example.com/")


def test_an_agents_webhook_is_made_signed_rotated_and_removed(acme: Tenant, hooks: Hooks) -> None:
    client = acme.signed_in(acme.admin)
    page, door = f"/dashboard/integrations/agent/{acme.agent.pk}/change/", f"{PAGE}agent/{acme.agent.pk}/webhook/"
    shown = client.post(door, {"url": f"{hooks.url}/hook"}).content.decode()
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", shown)
    row = Destination.objects.get(agent=acme.agent)
    assert row.opened("secret") == secret
    assert secret not in said(client, page)
    assert "127.0.0.1" in said(client, page)
    assert client.post(door, {"url": f"{hooks.url}/other"})["Location"] == page
    row.refresh_from_db()
    assert (row.opened("secret"), row.opened("address")) == (secret, f"{hooks.url}/other")
    assert client.post(door, {"url": "nonsense"})["Location"] == page
    assert "Nothing was saved. Enter a whole URL" in said(client, page)
    client.post(f"{PAGE}{row.pk}/test/")
    assert hooks.posts[0].payload == {
        "type": "test", "timestamp": hooks.posts[0].payload["timestamp"], "data": {"url": "http://testserver/api/v1/me"},
    }  # fmt: skip
    rotated = client.post(f"{PAGE}{row.pk}/secret/").content.decode()
    assert len(set(re.findall(r"whsec_[A-Za-z0-9+/=]+", rotated)) - {secret}) == 1
    assert "For 24 hours the former one signs along" in rotated
    client.post(f"{door}remove/")
    assert Destination.objects.count() == 0


def test_dead_letters_stand_on_the_agents_page_and_are_sent_again(acme: Tenant, hooks: Hooks) -> None:
    row = destination(acme, hooks.url, agent=acme.agent)
    reboot(acme)
    Delivery.objects.update(due_at=None, dead_at=row.created_at, attempts=10, last_error="It answered 500.")
    letter = Delivery.objects.get()
    page = f"/dashboard/integrations/agent/{acme.agent.pk}/change/"
    viewer, admin = acme.signed_in(acme.viewer), acme.signed_in(acme.admin)
    assert "It answered 500. (10 tries)" in said(viewer, page)
    assert "Send again" not in said(viewer, page)
    assert "Send again" in said(admin, page)
    assert admin.post(f"{PAGE}{row.pk}/again/{letter.message_id}/")["Location"] == page
    assert "It is sent again." in said(admin, page)
    assert deliver(row.pk) == 1
    assert told(row) == ["invocation.changed"]
    assert "Given up" not in said(admin, page)


def test_no_secret_is_on_a_page_in_a_message_the_log_the_audit_or_a_column(
    acme: Tenant, hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = "s3cretT0kenInThePath"
    client = acme.signed_in(acme.admin)
    address = f"{hooks.url}/services/{token}?key={token}"
    answers = [client.post(ADD, form("webhook", address))]
    row = Destination.objects.get()
    secret = row.opened("secret")
    assert secret in answers.pop().content.decode()
    agent = f"{PAGE}agent/{acme.agent.pk}/webhook/"
    client.post(agent, {"url": address})
    slack = SLACK.rpartition("/")[2]
    client.post(ADD, form("slack", SLACK, name="Slack"))
    reboot(acme)
    statuses: list[int] = []
    hooks.answer = lambda post: statuses[-1]
    for status in (500, 302, 200):
        statuses.append(status)
        for one in Destination.objects.exclude(kind=Kind.SLACK):
            client.post(f"{PAGE}{one.pk}/test/")
            Delivery.objects.filter(due_at__isnull=False).update(due_at=one.created_at)
            deliver(one.pk)
        pages = [PAGE, change(row), f"/dashboard/integrations/agent/{acme.agent.pk}/change/"]
        answers += [client.get(page) for page in pages]
    answers.append(client.post(change(row), form("nonsense", address)))
    places = [answer.content.decode() for answer in answers]
    places += [record.getMessage() + str(record.args) for record in caplog.records]
    places += [event.record for event in AuditEvent.objects.all()]
    places += [json.dumps(values, default=str) for values in Destination.objects.values()]
    places += [json.dumps(values, default=str) for values in Delivery.objects.values()]
    places += [post.body.decode() for post in hooks.posts]
    for value in (token, secret, slack):
        found = [place for place in places for written in forms_of(value) if written in place]
        assert found == [], value
    assert any(event.action == "destination.created" for event in AuditEvent.objects.all())
    assert Destination.objects.filter(kind=Kind.SLACK).exists()
