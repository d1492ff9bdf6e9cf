"""The frame of every page: who signs in, whose it is, where to go, what stands on the home page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from integrations.models import Connection, Membership, Msp, User
from tests.approvals.asking import ask
from tests.approvals.dashboard.looking import QUEUE, text
from tests.cast import PASSWORD, Tenant

LOGIN = "/dashboard/login/"
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


def sign_in(username: str, password: str = PASSWORD) -> tuple[int, str]:
    response = Client().post(LOGIN, {"username": username, "password": password, "next": QUEUE})
    return response.status_code, response.headers.get("Location", response.content.decode())


def test_a_member_signs_in_without_any_flag_of_django(acme: Tenant) -> None:
    assert not acme.viewer.is_staff
    assert sign_in("acme-viewer") == (302, QUEUE)


def test_strangers_read_one_and_the_same_refusal(acme: Tenant) -> None:
    User.objects.create_user("nobody", password=PASSWORD)
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    pages = {sign_in("nobody"), sign_in("acme-viewer", "wrong"), sign_in("unknown"), sign_in("gone")}
    assert {status for status, _ in pages} == {200}
    assert all("do not belong together" in page for _, page in pages)


def test_somebody_without_membership_is_told_so(acme: Tenant) -> None:
    client = acme.signed_in(User.objects.create_user("nobody", password=PASSWORD))
    assert client.get("/dashboard/").status_code == 302
    assert "not a member of any MSP" in text(client, LOGIN)


def test_the_name_of_the_msp_and_what_waits_stand_on_every_page(acme: Tenant) -> None:
    ask(acme, "ninja-reboot-device", device_id=43)
    client = acme.signed_in(acme.viewer)
    for url in ("/dashboard/", QUEUE, "/dashboard/integrations/agent/", "/dashboard/password_change/"):
        page = text(client, url)
        assert '<strong class="tenant-name">Acme MSP</strong>' in page
        assert len(re.findall(r'class="count"\s+data-count="1"', page)) == 3
        assert "(1) " in page.split("<title>")[1].split("</title>")[0]
    assert 'aria-current="page"' in text(client, QUEUE)


def test_settings_are_in_the_navigation_of_those_who_may_change_them(acme: Tenant) -> None:
    for user, is_there in ((acme.admin, True), (acme.approver, False), (acme.viewer, False)):
        assert ('href="/dashboard/rules/"' in text(acme.signed_in(user), "/dashboard/")) is is_there
    page = text(acme.signed_in(acme.admin), "/dashboard/rules/")
    assert re.search(r'href="/dashboard/rules/"\s+aria-current="page"', page)


def test_a_member_of_several_msps_switches_with_a_post(acme: Tenant, northwind: Tenant) -> None:
    Membership.objects.create(msp=northwind.msp, user=acme.viewer)
    client = acme.signed_in(acme.viewer)
    assert "Acme MSP</strong>" in text(client, "/dashboard/")
    assert client.get("/dashboard/switch/", {"msp": str(northwind.msp.pk)}).status_code == 405
    assert client.post("/dashboard/switch/", {"msp": str(northwind.msp.pk)}).status_code == 302
    assert "Northwind MSP</strong>" in text(client, "/dashboard/")


@pytest.mark.parametrize("msp", ["", "x", "00000000-0000-0000-0000-000000000000", "NORTHWIND"])
def test_nobody_switches_to_where_they_do_not_belong(acme: Tenant, northwind: Tenant, msp: str) -> None:
    client = acme.signed_in(acme.viewer)
    target = msp.replace("NORTHWIND", str(northwind.msp.pk))
    assert client.post("/dashboard/switch/", {"msp": target}).status_code == 404
    assert "Acme MSP</strong>" in text(client, "/dashboard/")


def test_a_new_msp_reads_what_to_do_next(acme: Tenant) -> None:
    fresh = Msp.objects.create(name="Fresh", slug="fresh")
    user = User.objects.create_user("fresh", password=PASSWORD)
    Membership.objects.create(msp=fresh, user=user, is_admin=True)
    page = text(acme.signed_in(user), "/dashboard/")
    assert "Connect NinjaOne" in page
    assert "Create an agent" in page
    assert "Nothing waits" in page


def test_home_shows_what_waits_and_a_lost_connection(acme: Tenant) -> None:
    ask(acme, "ninja-reboot-device", device_id=43)
    Connection.objects.filter(pk=acme.connection.pk).update(
        state="needs_reauthorization", state_reason="The grant was revoked."
    )
    page = text(acme.signed_in(acme.viewer), "/dashboard/")
    assert "The oldest has waited for" in page
    assert "The grant was revoked." in page
    assert "is-needs_reauthorization" in page


def test_django_pages_that_know_no_tenants_lead_home(acme: Tenant) -> None:
    client = acme.signed_in(acme.viewer)
    assert client.get("/dashboard/approvals/").headers["Location"] == "/dashboard/"
    assert client.get("/dashboard/r/1/1/").status_code == 404


def test_no_page_needs_inline_script_or_style(acme: Tenant) -> None:
    row = ask(acme, "ninja-run-bash", device_id=43, script="id")
    client = acme.signed_in(acme.admin)
    base = "/dashboard/integrations"
    urls = ["/dashboard/", QUEUE, f"{QUEUE}{row.pk}/", "/dashboard/approvals/invocation/", f"{base}/agent/",
            f"{base}/agent/add/", f"{base}/agent/{acme.agent.pk}/change/", "/dashboard/rules/",
            f"{base}/auditevent/", "/dashboard/password_change/", LOGIN]  # fmt: skip
    for url in urls:
        response = client.get(url, follow=True)
        assert response.status_code == 200
        assert INLINE.search(response.content.decode()) is None, url
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_templates_carry_no_inline_script_or_style() -> None:
    for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        assert INLINE.search(path.read_text()) is None, path
