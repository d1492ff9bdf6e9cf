from __future__ import annotations

from django.db import migrations

from integrations.audit_verifier import GENESIS
from integrations.guards import Consequence, Guard, Reference, Rule, SameMsp

HEAD, EVENT = "integrations_audithead", "integrations_auditevent"


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
                *never(EVENT, "audit entries are never changed or removed", "UPDATE", "DELETE", "TRUNCATE"),
            ]
        ),
    ]
