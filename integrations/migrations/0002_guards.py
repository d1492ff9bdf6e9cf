from __future__ import annotations

from django.db import migrations

from integrations.audit_verifier import GENESIS
from integrations.guards import Consequence, Guard, Rule
from integrations.models.retention import AUDIT_DAYS, INVOCATIONS_DAYS, RESULTS_DAYS
from integrations.same_msp import Reference, SameMsp

HEAD, EVENT, TOMBSTONE = "integrations_audithead", "integrations_auditevent", "integrations_audittombstone"
RETENTION, PERIODS = "integrations_retention", ("results_days", "invocations_days", "audit_days")
DEFAULTS = ", ".join(map(str, (RESULTS_DAYS, INVOCATIONS_DAYS, AUDIT_DAYS)))
SHORTER = " OR ".join(f"NEW.{name} < OLD.{name}" for name in PERIODS)
WANTS_SHORTER = " OR ".join(f"NEW.wanted_{name} < OLD.wanted_{name}" for name in PERIODS)
AS_ANNOUNCED = " AND ".join(f"NEW.{name} >= OLD.wanted_{name}" for name in PERIODS)
# The entry that a tombstone names is there, is older than the MSP keeps entries, and is not the newest one.
BURIED = (
    f"SELECT 1 FROM {EVENT} e JOIN {HEAD} h ON h.msp_id = e.msp_id JOIN {RETENTION} r ON r.msp_id = e.msp_id "
    "WHERE e.msp_id = NEW.msp_id AND e.number = NEW.through AND e.hash = NEW.hash AND h.number > e.number "
    "AND e.happened_at <= DAYS_AGO(r.audit_days)"
)
REMOVABLE = (
    f"SELECT 1 FROM {TOMBSTONE} t JOIN {RETENTION} r ON r.msp_id = t.msp_id WHERE t.msp_id = OLD.msp_id "
    "AND t.through >= OLD.number AND OLD.happened_at <= DAYS_AGO(r.audit_days)"
)


def never(table: str, message: str, *events: str) -> list[Rule]:
    return [Rule(f"{table}_no_{event.lower()}", table, event, "TRUE", message) for event in events]


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [
        SameMsp(
            [
                Reference("integrations_agentkey", "agent_id", "integrations_agent"),
                Reference("integrations_authorization", "connection_id", "integrations_connection"),
            ]
        ),
        Consequence(
            "msp_has_audit_head",
            "integrations_msp",
            f"INSERT INTO {HEAD} (msp_id, number, hash) VALUES (NEW.id, 0, '{GENESIS}')",
        ),
        Consequence(
            "msp_has_retention",
            "integrations_msp",
            f"INSERT INTO {RETENTION} (msp_id, {', '.join(PERIODS)}, wanted_{', wanted_'.join(PERIODS)}, due_at) "
            f"VALUES (NEW.id, {DEFAULTS}, {DEFAULTS}, NEW.created_at)",
        ),
        # INSERT OR REPLACE of SQLite deletes without a DELETE trigger where recursive_triggers is off: both INSERT rules
        # refuse a key that exists.
        Guard(
            [
                Rule(
                    "audit_head_starts_at_nothing",
                    HEAD,
                    "INSERT",
                    f"NEW.number <> 0 OR NEW.hash <> '{GENESIS}' "
                    f"OR EXISTS (SELECT 1 FROM {HEAD} h WHERE h.msp_id = NEW.msp_id) "
                    f"OR EXISTS (SELECT 1 FROM {EVENT} e WHERE e.msp_id = NEW.msp_id)",
                    "an audit chain starts once, without entries",
                ),
                Rule(
                    "audit_head_moves_onto_the_next_entry",
                    HEAD,
                    "UPDATE",
                    "NEW.msp_id <> OLD.msp_id OR NEW.number <> OLD.number + 1 OR NOT EXISTS ("
                    f"SELECT 1 FROM {EVENT} e WHERE e.msp_id = NEW.msp_id AND e.number = NEW.number "
                    "AND e.hash = NEW.hash AND e.previous_hash = OLD.hash)",
                    "an audit head moves onto the next entry alone",
                ),
                *never(HEAD, "an audit head is never removed", "DELETE", "TRUNCATE"),
                Rule(
                    "audit_entry_follows_the_head",
                    EVENT,
                    "INSERT",
                    f"NOT EXISTS (SELECT 1 FROM {HEAD} h WHERE h.msp_id = NEW.msp_id "
                    "AND h.number = NEW.number - 1 AND h.hash = NEW.previous_hash) "
                    f"OR EXISTS (SELECT 1 FROM {EVENT} e WHERE e.id = NEW.id)",
                    "an audit entry follows the newest one",
                ),
                *never(EVENT, "audit entries are never changed or removed", "UPDATE", "TRUNCATE"),
                Rule(
                    f"{EVENT}_no_delete",
                    EVENT,
                    "DELETE",
                    f"NOT EXISTS ({REMOVABLE})",
                    "audit entries are removed behind a tombstone alone, when they are older than the MSP keeps them",
                ),
                Rule(
                    "audit_tombstone_is_of_an_old_entry",
                    TOMBSTONE,
                    "INSERT",
                    f"EXISTS (SELECT 1 FROM {TOMBSTONE} t WHERE t.msp_id = NEW.msp_id) OR NOT EXISTS ({BURIED})",
                    "a tombstone names an entry that is there, and older than the MSP keeps entries",
                ),
                Rule(
                    "audit_tombstone_moves_forward",
                    TOMBSTONE,
                    "UPDATE",
                    f"NEW.msp_id <> OLD.msp_id OR NEW.through <= OLD.through OR NOT EXISTS ({BURIED})",
                    "a tombstone moves forward, onto an entry that is older than the MSP keeps entries",
                ),
                *never(TOMBSTONE, "a tombstone is never removed", "DELETE", "TRUNCATE"),
                Rule(
                    "retention_is_one_for_each_msp",
                    RETENTION,
                    "INSERT",
                    f"EXISTS (SELECT 1 FROM {RETENTION} r WHERE r.msp_id = NEW.msp_id)",
                    "an MSP has its retention already",
                ),
                Rule(
                    "retention_shortens_as_announced",
                    RETENTION,
                    "UPDATE",
                    f"NEW.msp_id <> OLD.msp_id OR (({SHORTER}) AND (OLD.shortens_at IS NULL "
                    f"OR OLD.shortens_at > DAYS_AGO(0) OR NOT ({AS_ANNOUNCED})))",
                    "a period becomes shorter when that was announced a week before",
                ),
                Rule(
                    "retention_is_announced_a_week_before",
                    RETENTION,
                    "UPDATE",
                    f"NEW.shortens_at < DAYS_AGO(-7) AND ({WANTS_SHORTER} OR OLD.shortens_at IS NULL "
                    "OR NEW.shortens_at < OLD.shortens_at)",
                    "a shorter period is announced a week before",
                ),
                *never(RETENTION, "an MSP always has its retention", "DELETE", "TRUNCATE"),
            ]
        ),
    ]
