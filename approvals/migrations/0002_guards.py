from __future__ import annotations

from django.db import migrations

from approvals.models.states import FIRST, TRANSITIONS
from integrations.guards import Guard, Reference, Rule, SameMsp, changed

ALLOWED = " OR ".join(
    f"(OLD.status = '{before.value}' AND NEW.status IN ({', '.join(repr(after.value) for after in afters)}))"
    for before, afters in TRANSITIONS.items()
)
FROZEN = changed(
    "id", "msp_id", "agent_id", "agent_key_id", "connection_id", "tool", "tool_version", "policy", "is_write",
    "arguments", "call_digest", "reason", "ticket_id", "method", "base_url", "path", "query", "body", "facts",
    "consent", "digest", "device_id", "device_name", "organization_id", "organization_name", "approvals_needed",
)  # fmt: skip
VOTE = changed(
    "id", "msp_id", "invocation_id", "user_id", "verdict", "digest", "reason_code", "comment", "acceptable",
    "asked_at", "decided_at",
)  # fmt: skip

ATTEMPT = changed("id", "msp_id", "invocation_id", "number", "is_write", "started_at")
EFFECT = changed(
    "invocation_id", "msp_id", "connection_id", "place_id", "kind", "origin", "consent", "source_name", "wanted", "nonce",
    "after_id", "sent_at",
)  # fmt: skip
REQUEST = "SELECT 1 FROM approvals_invocation i WHERE i.id = NEW.invocation_id"
APPROVER = (
    "SELECT 1 FROM integrations_membership m WHERE m.msp_id = NEW.msp_id AND m.user_id = NEW.user_id AND m.is_approver"
)
DENIAL = (
    "SELECT 1 FROM approvals_decision d WHERE d.invocation_id = NEW.id AND d.verdict = 'denied' "
    "AND d.digest = NEW.digest"
)
VOTES = (
    "(SELECT COUNT(*) FROM approvals_decision d WHERE d.invocation_id = NEW.id AND d.verdict = 'approved' "
    "AND d.digest = NEW.digest)"
)


def kept(table: str) -> list[Rule]:
    # INSERT OR REPLACE of SQLite deletes too, which recursive_triggers (see the settings) lets these rules see.
    return [
        Rule(f"{table}_is_kept_{e.lower()}", table, e, "TRUE", "the ledger keeps its rows")
        for e in ("DELETE", "TRUNCATE")
    ]


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("integrations", "0002_guards")]

    operations = [
        Guard(
            [
                Rule(
                    "invocation_starts_open_or_refused",
                    "approvals_invocation",
                    "INSERT",
                    f"NEW.status NOT IN ({', '.join(repr(status.value) for status in FIRST)}) AND NOT "
                    "(NEW.status = 'succeeded' AND NOT NEW.is_write AND NEW.approvals_needed = 0)",
                    "an invocation starts waiting, queued, being sent, or refused; an auto read perhaps as done",
                ),
                Rule(
                    "invocation_moves_forward",
                    "approvals_invocation",
                    "UPDATE",
                    f"NEW.status <> OLD.status AND NOT ({ALLOWED})",
                    "an invocation cannot move between these states",
                ),
                Rule(
                    "invocation_write_is_sent_once",
                    "approvals_invocation",
                    "UPDATE",
                    "OLD.is_write AND OLD.status = 'dispatching' AND NEW.status = 'queued'",
                    "a write is never queued again",
                ),
                Rule(
                    "invocation_is_frozen",
                    "approvals_invocation",
                    "UPDATE",
                    FROZEN,
                    "what was asked and what would be sent never changes",
                ),
                Rule(
                    "invocation_starts_undecided",
                    "approvals_invocation",
                    "INSERT",
                    "NEW.approvals_given <> 0 OR (NEW.approvals_needed > 0 AND NEW.status IN ('queued', 'dispatching'))",
                    "an invocation that needs approvals starts waiting, and without any",
                ),
                Rule(
                    "invocation_is_released_by_its_votes",
                    "approvals_invocation",
                    "UPDATE",
                    "OLD.status = 'pending_approval' AND NEW.status = 'queued' "
                    f"AND ({VOTES} = 0 OR {VOTES} < NEW.approvals_needed)",
                    "its approvals are not on record",
                ),
                Rule(
                    "invocation_is_denied_by_a_vote",
                    "approvals_invocation",
                    "UPDATE",
                    f"OLD.status = 'pending_approval' AND NEW.status = 'denied' AND NOT EXISTS ({DENIAL})",
                    "nobody is on record who denied it",
                ),
                Rule(
                    "decision_fits_its_request",
                    "approvals_decision",
                    "INSERT",
                    f"NOT EXISTS ({REQUEST} AND i.digest = NEW.digest AND i.status = 'pending_approval' "
                    "AND i.created_at = NEW.asked_at)",
                    "a vote is on a request that waits, and for what it shows",
                ),
                Rule(
                    "decision_is_an_approvers",
                    "approvals_decision",
                    "INSERT",
                    f"NOT EXISTS ({APPROVER})",
                    "only an approver of the MSP decides",
                ),
                Rule(
                    "attempt_fits_its_invocation",
                    "approvals_attempt",
                    "INSERT",
                    f"NOT EXISTS ({REQUEST} AND i.is_write = NEW.is_write AND i.status = 'dispatching' "
                    "AND i.attempt_count = NEW.number)",
                    "an attempt is the newest one of an invocation that is being sent",
                ),
                Rule("attempt_is_frozen", "approvals_attempt", "UPDATE", ATTEMPT, "what was tried never changes"),
                *kept("approvals_invocation"),
                *kept("approvals_decision"),
                *kept("approvals_attempt"),
                Rule("effect_is_of_its_call", "approvals_effect", "UPDATE", EFFECT, "what is looked for never changes"),
                Rule(
                    "effect_is_closed_once",
                    "approvals_effect",
                    "UPDATE",
                    "OLD.closed_at IS NOT NULL",
                    "an outcome that was found stays as it was found",
                ),
                *kept("approvals_alarm"),
                Rule("decision_is_final", "approvals_decision", "UPDATE", VOTE, "a vote never changes"),
            ]
        ),
        SameMsp(
            [
                Reference("approvals_invocation", "agent_id", "integrations_agent"),
                Reference("approvals_invocation", "agent_key_id", "integrations_agentkey"),
                Reference("approvals_invocation", "connection_id", "integrations_connection"),
                Reference("approvals_decision", "invocation_id", "approvals_invocation"),
                Reference("approvals_attempt", "invocation_id", "approvals_invocation"),
                Reference("approvals_place", "connection_id", "integrations_connection"),
                Reference("approvals_effect", "invocation_id", "approvals_invocation"),
                Reference("approvals_effect", "connection_id", "integrations_connection"),
                Reference("approvals_effect", "place_id", "approvals_place"),
                Reference("approvals_alarm", "invocation_id", "approvals_invocation"),
                Reference("approvals_lookout", "connection_id", "integrations_connection"),
                Reference("approvals_refused", "agent_id", "integrations_agent"),
                Reference("approvals_destination", "agent_id", "integrations_agent"),
                Reference("approvals_delivery", "destination_id", "approvals_destination"),
                Reference("approvals_delivery", "invocation_id", "approvals_invocation"),
            ]
        ),
    ]
