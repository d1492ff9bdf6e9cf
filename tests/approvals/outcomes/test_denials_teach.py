"""A denial says why, that asking again is pointless, and what would be approved instead."""

from __future__ import annotations

from approvals.decisions import request_deny
from approvals.models import Decision, Invocation, ReasonCode
from integrations.models import AuditEvent
from tests.approvals.asking import again, ask
from tests.approvals.dashboard.looking import QUEUE, deny, page_url, text
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant
from tests.mcp.server.calling import McpClient

INSTEAD = "The same after 18:00, with a ticket"


def told(tenant: Tenant, row: Invocation) -> dict[str, object]:
    found: dict[str, object] = caller_of(tenant).get(f"invocations/{row.pk}").body
    return found


def test_the_agent_is_told_by_rest_and_mcp_alike(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert deny(acme.signed_in(acme.approver), row, acceptable=INSTEAD).status_code == 302
    body = told(acme, row)
    approval = body["approval"]
    assert isinstance(approval, dict)
    assert (approval["reason_code"], approval["comment"]) == ("wrong_time", "Not during surgery.")
    assert (approval["do_not_retry"], approval["acceptable"]) == (True, INSTEAD)
    for words in ("said no", "Wrong time", "Not during surgery.", "Do not ask for the same again", INSTEAD):
        assert words in str(body["message"])
    answer = McpClient(acme.key_text).call("get-invocation", {"invocation_id": str(row.pk)})
    assert answer.is_error
    assert (answer.envelope["approval"], answer.envelope["message"]) == (approval, body["message"])


def test_what_would_be_approved_need_not_be_said(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    deny(acme.signed_in(acme.approver), row)
    approval = told(acme, row)["approval"]
    assert isinstance(approval, dict)
    assert (approval["do_not_retry"], approval["acceptable"]) == (True, None)
    assert "approve instead" not in str(told(acme, row)["message"])


def test_it_is_part_of_the_vote_and_of_the_record(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    request_deny(
        user=acme.approver, msp=acme.msp, invocation_id=row.pk, digest=row.digest, reason_code=ReasonCode.OTHER,
        comment="No.", acceptable=INSTEAD,
    )  # fmt: skip
    assert Decision.objects.get().acceptable == again(row.pk).acceptable == INSTEAD
    assert INSTEAD in str(vars(AuditEvent.objects.for_msp(acme.msp).get(action="request.denied")))


def test_expired_is_never_called_denied_and_may_be_asked_again(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    Invocation.objects.update(expires_at=row.created_at)
    body = told(acme, row)
    approval = body["approval"]
    assert isinstance(approval, dict)
    assert body["status"] == "expired"
    assert "do_not_retry" not in approval
    assert "denied" not in str(body).lower()
    assert "Ask again" in str(body["message"])


def test_several_can_be_told_the_same(acme: Tenant) -> None:
    rows = [ask(acme, "ninja-reboot-device", device_id=device) for device in (43, 44)]
    acme.signed_in(acme.approver).post(
        f"{QUEUE}deny/",
        {
            "chosen": [f"{row.pk}.{row.digest}" for row in rows], "reason_code": "wrong_time", "comment": "",
            "acceptable": INSTEAD,
        },
    )  # fmt: skip
    assert [again(row.pk).acceptable for row in rows] == [INSTEAD, INSTEAD]


def test_people_see_what_they_said(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    browser = acme.signed_in(acme.approver)
    assert "What would you approve instead?" in text(browser, page_url(row))
    deny(browser, row, acceptable="<b>After</b> 18:00")
    assert "&lt;b&gt;After&lt;/b&gt; 18:00" in text(browser, page_url(row))
    assert deny(browser, ask(acme, "ninja-reboot-device", device_id=44), acceptable="x" * 1001).status_code == 422
