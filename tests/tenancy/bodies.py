"""What a browser would post to each address, and what somebody would post who means harm."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.cast import Tenant
from tests.tenancy.addresses import Address
from tests.tenancy.people import Rows

# By these Django's forms change what they do; with one of them a body may get no further.
FLAGS = {"_saveasnew": "1", "_popup": "1", "_to_field": "name", "_continue": "1", "_addanother": "1"}
# A person's own account: what it takes is tried where people sign in; without a body it changes nothing of anybody's.
OWN_ACCOUNT = "dashboard/account/"
# What Django's own pages of a model take is read from their forms; these take nothing that anybody would miss.
READ_FROM_FORMS = ("_add", "_change")
WITHOUT_BODY = (
    "", "_changelist", "_history", "index", "login", "logout", "account_login", "account_logout",
    "password_change", "password_change_done", "jsi18n",
    "app_list", "_page", "approval-standing", "approval-waiting", "agent-key-issue", "agent-key-revoke",
    "agent-key-rotate", "integration-list",
    "ninjaone-detail", "ninjaone-state", "ninjaone-test", "ninjaone-disconnect", "ninjaone-authorize",
    "ninjaone-callback", "runner-remove", "policy-reviewed", "visit-leave", "invitation", "invitation-withdraw",
    "msp-stop", "agent-stop", "everything-stop", "approval-report", "destination-test", "destination-secret",
    "destination-again", "destination-again-all", "webhook-remove", "alarm-seen",
)  # fmt: skip


def valid_body(address: Address, tenant: Tenant, rows: Rows, forms: Client) -> dict[str, Any]:
    """A body that does something where the person may. `forms` is signed in as somebody who sees every form.

    Raises LookupError for an address that nobody told this file of.
    """
    name = address.name
    if name.endswith(READ_FROM_FORMS):
        return form_of(forms, address.filled([str(rows[kind]) for kind in address.named]))
    known = bodies(tenant, rows)
    if name in known:
        return known[name]
    if name.endswith("_delete"):
        return {"post": "yes"}
    if name.endswith("_password_change"):
        return {"password1": "another long secret", "password2": "another long secret", "usable_password": "true"}
    if address.pattern.startswith(OWN_ACCOUNT) or any(
        name == ending or (ending.startswith("_") and name.endswith(ending)) for ending in WITHOUT_BODY
    ):
        return {}
    raise LookupError(f"Nobody told tests/tenancy/bodies.py what {address} takes.")


def bodies(tenant: Tenant, rows: Rows) -> dict[str, dict[str, Any]]:
    """Of the pages that are not Django's."""
    digest = rows["digest"]
    return {
        "activity-export": {"format": "csv"},
        "switch": {"msp": str(tenant.msp.pk)},
        "approval-approve": {"digest": digest},
        "approval-deny": {"digest": digest, "reason_code": "other", "comment": "No."},
        "approval-deny-many": {"chosen": rows["choice"], "reason_code": "other", "comment": "No."},
        "approval-settle": {"happened": "yes", "note": "Seen."},
        "ninjaone-save": {"region": "sandbox", "client_id": tenant.connection.client_id, "client_secret": "other"},
        "runner-save": {"script_id": str(tenant.connection.runner_script_id)},
        "invitations": {"email": "next@example.com", "is_approver": "on"},
        "msp-go-on": {"reason": "It was us."},
        "agent-go-on": {"reason": "It was us."},
        "everything-go-on": {"reason": "It was us."},
        "visit": {"reason": "A support case of theirs."},
        "msp-rules": {"time_zone": "UTC", "own_requests_allowed": "on"},
        "msp-retention": {"results_days": "40", "invocations_days": "500", "audit_days": "600"},
        "webhook-save": {"url": "https://hooks.example.com/countersign"},
        "policy-save": {"policy_version": "0", "mode-ninja-get-device": "disabled"},
        "policy-preview": {"policy_version": "0", "mode-ninja-get-device": "disabled"},
        "first-steps": {"show": "no"},
        "msp-first-admin": {"email": "first@example.com"},
    }


def form_of(client: Client, url: str) -> dict[str, Any]:
    """The form of a page as it would be sent unchanged, but for a new name; empty where there is none."""
    response = client.get(url)
    context = response.context or {}
    if response.status_code != 200 or "adminform" not in context:
        return {}
    form = context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    body = {name: value for name, value in values.items() if value not in (None, "", False)}
    for name in ("name", "slug", "username", "person"):
        if name in form.fields:
            body[name] = f"new-{name}"
    secrets = {name: "a long enough secret" for name in form.fields if name.startswith("password")}
    return {**body, **secrets, **({"usable_password": "true"} if "usable_password" in form.fields else {})}


def tampered_body(body: dict[str, Any], own: Rows, foreign: Rows) -> dict[str, Any]:
    """The body with every own id made a foreign one, and with every key by which rows, rights or tenants might move."""
    theirs = {str(value): str(foreign[kind]) for kind, value in own.items()}
    moved = {name: theirs.get(str(value), value) for name, value in body.items()}
    msp, user, agent = str(foreign["msp"]), str(foreign["user"]), str(foreign["agent"])
    return {
        "is_admin": "on", "is_approver": "on", **moved,
        "msp": msp, "msp_id": msp, "id": agent, "pk": agent, "user": user, "user_id": user, "owner": user,
        "agent": agent, "groups": "1", "user_permissions": "1", "is_superuser": "on", "is_staff": "on",
        "frozen_at": "2020-01-01", "own_requests_allowed": "on",
        "action": "delete_selected", "_selected_action": agent, "select_across": "1", "index": "0",
        "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": agent, "form-0-name": "taken",
        "keys-TOTAL_FORMS": "1", "keys-INITIAL_FORMS": "1", "keys-0-id": str(foreign["agentkey"]),
    }  # fmt: skip
