from __future__ import annotations

import base64

import pytest

from approvals.display.request import script_sent
from approvals.models import Invocation
from integrations.models import Agent, Msp
from tests.approvals.asking import ask, submit
from tests.approvals.dashboard.looking import named, page_url, text
from tests.cast import Tenant

HOSTILE = "</script><img src=x onerror=alert(1)>\"'\u202e\u200b"
SCRIPT = "#!/bin/bash\nset -e\nif true; then\n  echo \u0430dmin <b>\nfi\n"


def test_everything_about_a_bash_script_stands_on_one_screen(acme: Tenant) -> None:
    row = submit(
        acme, "ninja-run-bash", options={"reason": "Disk is full", "ticket_id": 1014}, device_id=43, script=SCRIPT
    ).invocation
    page = text(acme.signed_in(acme.approver), page_url(row))
    assert (
        f"Run a bash script as root on <strong>{row.device_name}</strong>, <strong>{row.organization_name}</strong>"
        in page
    )
    assert "the agent's own words, unverified" in page
    assert "Disk is full" in page
    assert "#1014" in page
    assert "answered for by acme-admin" in page
    assert "ninjaone:ninja-run-bash" in page
    assert "online when asked" in page
    assert '<li id="line-2"><code><span class="code-command">set</span> -e</code></li>' in page
    assert "What can be read off the script" in page
    assert "Mind:</strong> 1 look-alike of an ASCII character" in page
    assert 'а<b>U+0430</b></span>dmin <span class="code-operator">&lt;</span>b' in page
    assert base64.b64encode(SCRIPT.encode()).decode() in page
    assert f"{row.base_url}{row.path}" in page
    assert row.digest in page
    assert "the script above, byte for byte" in page
    assert "<details" not in page.split('id="content-start"')[1]


def test_an_argument_that_is_not_the_script_is_shown_whole(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43, mode="FORCED", reason="hung <i>hard</i>")
    page = text(acme.signed_in(acme.viewer), page_url(row))
    assert "Force a reboot" in page
    assert "hung &lt;i&gt;hard&lt;/i&gt;" in page
    assert "/reboot/FORCED" in page


def test_a_ticket_shows_what_changes(acme: Tenant) -> None:
    row = ask(acme, "ninja-update-ticket", ticket_id=1014, priority="HIGH", subject="<u>new</u>")
    page = text(acme.signed_in(acme.approver), page_url(row))
    assert "What changes in the ticket" in page
    assert '<span class="after">HIGH</span>' in page
    assert '<span class="after">&lt;u&gt;new&lt;/u&gt;</span>' in page


def test_a_library_script_is_called_by_its_name(acme: Tenant) -> None:
    page = text(acme.signed_in(acme.approver), page_url(ask(acme, "ninja-run-script", device_id=41, script_id=58)))
    assert "Run the library script “" in page
    assert "What NinjaOne says about it" in page


def test_text_by_strangers_never_becomes_markup(acme: Tenant) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(name=HOSTILE)
    Msp.objects.filter(pk=acme.msp.pk).update(name=HOSTILE)
    row = submit(
        acme,
        "ninja-run-bash",
        options={"reason": HOSTILE},
        device_id=43,
        script="echo <img src=x onerror=alert(1)>",
    ).invocation
    client = acme.signed_in(acme.approver)
    story = named("approvals_invocation_page", row.pk)
    queue, activity = named("approvals_approvalrequest_changelist"), named("approvals_invocation_changelist")
    for url in (page_url(row), queue, activity, story, "/dashboard/"):
        page = text(client, url)
        assert "<img src=x" not in page, url
    page = text(client, page_url(row)).split('id="content-start"')[1]
    assert "\u202e" not in page
    assert "\u200b" not in page
    assert page.count("<b>U+202E</b>") >= 2  # in the agent's name and in its words


def test_the_deadline_is_told_in_the_zone_of_the_msp(acme: Tenant) -> None:
    Msp.objects.filter(pk=acme.msp.pk).update(time_zone="Asia/Tokyo")
    page = text(acme.signed_in(acme.approver), page_url(ask(acme, "ninja-reboot-device", device_id=43)))
    assert " JST, then it expires by itself" in page
    assert 'data-seconds-left="' in page


def test_an_override_inside_a_script_cannot_hide_a_command() -> None:
    encoded = base64.b64encode("true # \u202e;rm -rf /\r".encode()).decode()
    script = script_sent(Invocation(tool="ninjaone:ninja-run-bash", body=f'{{"parameters":"{encoded}"}}'))
    assert script is not None
    assert "<b>U+202E</b></span>;rm -rf /<span" in script.reading.lines[0]
    assert script.oddities == ["2 invisible or controlling characters"]


def test_a_script_that_is_no_text_says_so() -> None:
    row = Invocation(tool="ninjaone:ninja-run-bash", body='{"parameters":"/wAK"}')
    script = script_sent(row)
    assert script is not None
    assert not script.is_text
    assert script.reading.lines[0].startswith(r"\xff")


@pytest.mark.parametrize("body", [None, "", "[]", "{}", "no json", '{"parameters": 3}', '{"parameters": "%%%"}'])
def test_a_body_without_a_readable_script_shows_none(body: str | None) -> None:
    assert script_sent(Invocation(tool="ninjaone:ninja-run-bash", body=body)) is None


def test_the_addresses_of_djangos_own_form_lead_to_the_page(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    client = acme.signed_in(acme.viewer)
    assert client.get(f"{page_url(row)}change/").headers["Location"] == page_url(row)
    story = named("approvals_invocation_page", row.pk)
    assert client.get(f"{story}change/").headers["Location"] == story
    assert client.get(f"{page_url(row)}history/").status_code == 404
    assert client.get(f"{page_url(row)}delete/").status_code == 403
    assert client.get(named("approvals_approvalrequest_add")).status_code == 403
