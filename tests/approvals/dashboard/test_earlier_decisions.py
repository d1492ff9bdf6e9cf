"""What people said before to the same agent about the same tool and target, on the page of the next request."""

from __future__ import annotations

import re

from tests.approvals.asking import approved_and_sent, ask, deny
from tests.approvals.dashboard.looking import page_url, text
from tests.cast import Tenant


def card(page: str) -> str:
    """The card's words; "" without one."""
    found = page.partition('id="earlier"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_earlier_decisions_on_the_same_device_are_told_newest_first(acme: Tenant) -> None:
    deny(acme, ask(acme, "ninja-reboot-device", device_id=43))
    approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    deny(acme, ask(acme, "ninja-reboot-device", device_id=41))
    page = card(text(acme.signed_in(acme.viewer), page_url(ask(acme, "ninja-reboot-device", device_id=43))))
    assert re.search(
        r"Approved by acme-approver . What became of it: Succeeded\. just now Denied by acme-approver just now$", page
    ), page
    assert page.count("acme-approver") == 2


def test_without_a_device_the_address_is_what_is_the_same(acme: Tenant) -> None:
    deny(acme, ask(acme, "ninja-update-ticket", ticket_id=1014, priority="HIGH"))
    client = acme.signed_in(acme.viewer)
    same = ask(acme, "ninja-update-ticket", ticket_id=1014, priority="LOW")
    assert "Denied by acme-approver" in card(text(client, page_url(same)))
    other = ask(acme, "ninja-update-ticket", ticket_id=1015, priority="LOW")
    assert card(text(client, page_url(other))) == ""


def test_what_another_msp_decided_is_not_told(acme: Tenant, northwind: Tenant) -> None:
    deny(northwind, ask(northwind, "ninja-reboot-device", device_id=43))
    page = text(acme.signed_in(acme.viewer), page_url(ask(acme, "ninja-reboot-device", device_id=43)))
    assert card(page) == ""


def test_the_title_says_what_is_known_of_the_device(acme: Tenant) -> None:
    page = text(acme.signed_in(acme.viewer), page_url(ask(acme, "ninja-reboot-device", device_id=43)))
    title = re.sub(r"<[^>]+>", "", page.partition("<h1")[2].partition(">")[2].partition("</h1>")[0])
    assert re.fullmatch(
        r"Reboot on ACME-WEB01, [^,]+, Ubuntu [^,]+, online, last seen .+ before the request, no active alerts", title
    )
