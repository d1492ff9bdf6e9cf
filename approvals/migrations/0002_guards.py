from __future__ import annotations

from django.db import migrations

from approvals.models.keys import KEPT as KEYS_KEPT
from approvals.models.states import ENDED as ENDED_STATES
from approvals.models.states import FIRST, TRANSITIONS
from integrations.guards import Guard, Rule, Unlogged, changed
from integrations.same_msp import Reference, SameMsp

ALLOWED = " OR ".join(
    f"(OLD.status = '{before.value}' AND NEW.status IN ({', '.join(repr(after.value) for after in afters)}))"
    for before, afters in TRANSITIONS.items()
)
FROZEN = changed(
    "id", "msp_id", "agent_id", "agent_key_id", "connection_id", "tool", "tool_version", "policy", "is_write",
    "arguments", "call_digest", "reason", "ticket_id", "method", "base_url", "path", "query", "body", "facts",
    "consent", "digest", "device_id", "device_name", "organization_id", "organization_name", "approvals_needed",
    "created_at",
)  # fmt: skip
VOTE = changed(
    "id", "msp_id", "invocation_id", "user_id", "verdict", "digest", "reason_code", "comment", "acceptable",
    "asked_at", "decided_at",
)  # fmt: skip

KEY = changed("id", "msp_id", "agent_id", "key", "invocation_id", "created_at")
ATTEMPT = changed("id", "msp_id", "invocation_id", "number", "is_write", "started_at")
ANSWER = changed("finished_at", "upstream_status", "upstream_request_id", "error_code")
EFFECT = changed(
    "invocation_id", "msp_id", "connection_id", "place_id", "kind", "origin", "consent", "source_name", "wanted", "nonce",
    "after_id", "sent_at",
)  # fmt: skip
ALARM = changed("id", "msp_id", "what", "cause", "invocation_id", "raised_at")
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


ENDED = ", ".join(repr(status.value) for status in ENDED_STATES)


def past(period: str, row: str = "OLD", moment: str = "created_at") -> str:
    """SQL: `row` is older than its MSP keeps such, by the database's clock."""
    return (
        f"EXISTS (SELECT 1 FROM integrations_retention r WHERE r.msp_id = {row}.msp_id "
        f"AND {row}.{moment} <= DAYS_AGO(r.{period}))"
    )


def its_call(condition: str) -> str:
    """SQL: the condition holds for the invocation `i` of the row."""
    return f"EXISTS (SELECT 1 FROM approvals_invocation i WHERE i.id = OLD.invocation_id AND {condition})"


# Whoever sent it has written that NinjaOne refused it, or that it never left, and nothing was found of it. That somebody
# settled it later, with an answer that was lost, is not enough.
SAID_NO = (
    "EXISTS (SELECT 1 FROM approvals_attempt a WHERE a.invocation_id = i.id AND a.number = i.attempt_count "
    "AND a.finished_at IS NOT NULL AND a.error_code <> 'outcome_unknown')"
)
NEVER_SENT = f"i.status = 'failed' AND {SAID_NO}"
# A call that has ended, and is older than its MSP keeps calls. What hangs on it goes with it.
OVER = its_call(f"i.status IN ({ENDED}) AND {past('invocations_days', 'i')}")
PRINTED_LONG_AGO = its_call(past("results_days", "i"))
FOUND = changed(
    "state", "give_up_at", "closed_at", "reason", "is_offline", "series_uid", "started_at", "ended_at", "exit_code",
    "ran_sha256", "is_truncated", "trace_id", "trace_left_at", "trace_user_id",
)  # fmt: skip


def kept(table: str, unless: str) -> list[Rule]:
    # INSERT OR REPLACE of SQLite deletes too, which recursive_triggers (see the settings) lets these rules see.
    message = "the ledger keeps its rows until their time is over"
    return [
        Rule(f"{table}_is_kept_delete", table, "DELETE", f"NOT ({unless})", message),
        Rule(f"{table}_is_kept_truncate", table, "TRUNCATE", "TRUE", message),
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
                Rule(
                    "attempt_is_answered_once",
                    "approvals_attempt",
                    "UPDATE",
                    f"OLD.finished_at IS NOT NULL AND ({ANSWER})",
                    "the answer to an attempt stays as it came",
                ),
                *kept("approvals_invocation", f"OLD.status IN ({ENDED}) AND {past('invocations_days')}"),
                *kept("approvals_decision", OVER),
                *kept("approvals_attempt", OVER),
                Rule(
                    "idempotency_key_is_its_agents",
                    "approvals_idempotencykey",
                    "INSERT",
                    f"NOT EXISTS ({REQUEST} AND i.agent_id = NEW.agent_id)",
                    "a key is for an invocation of the same agent",
                ),
                Rule(
                    "idempotency_key_is_frozen",
                    "approvals_idempotencykey",
                    "UPDATE",
                    KEY,
                    "what a key stands for never changes",
                ),
                *kept("approvals_idempotencykey", f"OLD.created_at <= DAYS_AGO({KEYS_KEPT.days}) OR {OVER}"),
                Rule(
                    "invocation_keeps_its_result",
                    "approvals_invocation",
                    "UPDATE",
                    "((OLD.result IS NOT NULL AND (NEW.result IS NULL OR NEW.result <> OLD.result)) "
                    f"OR {changed('result_removed_at')} OR (OLD.result_removed_at IS NOT NULL AND NEW.result IS NOT NULL)"
                    ") AND (NEW.result IS NOT NULL OR NEW.result_removed_at IS NULL "
                    f"OR OLD.result_removed_at IS NOT NULL OR NOT {past('results_days')})",
                    "a result stays as it came until its time is over",
                ),
                Rule("effect_is_of_its_call", "approvals_effect", "UPDATE", EFFECT, "what is looked for never changes"),
                Rule(
                    "effect_is_closed_once",
                    "approvals_effect",
                    "UPDATE",
                    f"OLD.closed_at IS NOT NULL AND (NEW.output IS NOT NULL OR {FOUND} OR NOT {PRINTED_LONG_AGO})",
                    "an outcome that was found stays as it was found, but for what was printed long ago",
                ),
                # Of a call that NinjaOne refused, or that never left, there is nothing to look for.
                *kept(
                    "approvals_effect",
                    f"(OLD.closed_at IS NULL AND {its_call(NEVER_SENT)}) OR (OLD.closed_at IS NOT NULL AND {OVER})",
                ),
                *kept(
                    "approvals_alarm", f"OLD.seen_at IS NOT NULL AND {past('invocations_days', moment='raised_at')}"
                ),
                Rule("alarm_is_frozen", "approvals_alarm", "UPDATE", ALARM, "when and why an alarm was raised never changes"),
                Rule("decision_is_final", "approvals_decision", "UPDATE", VOTE, "a vote never changes"),
            ],
            checked={"Invocation": "UPDATE", "Bucket": "UPDATE OF scope"},
        ),
        SameMsp(
            [
                # Each call writes such a row, and PostgreSQL looks up and locks what its foreign keys name.
                Reference(
                    "approvals_invocation", "agent_key_id", "integrations_agentkey", {"agent_id": "integrations_agent"}
                ),
                Reference("approvals_invocation", "connection_id", "integrations_connection"),
                Reference("approvals_decision", "invocation_id", "approvals_invocation"),
                Reference("approvals_attempt", "invocation_id", "approvals_invocation"),
                Reference("approvals_idempotencykey", "invocation_id", "approvals_invocation"),
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
        # Each call takes from a bucket. Where a minute's worth is forgotten, agents have a minute's worth again.
        Unlogged("approvals_bucket"),
    ]
