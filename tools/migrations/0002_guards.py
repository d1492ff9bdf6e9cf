from __future__ import annotations

from django.db import migrations

from integrations.guards import Consequence
from integrations.same_msp import Reference, SameMsp


def counted(event: str, row: str) -> Consequence:
    """Whoever changes a policy, by whatever way: what was kept of the connection's policies is old from then on."""
    return Consequence(
        f"policy_{event.lower()}_is_counted",
        "tools_toolpolicy",
        f"UPDATE integrations_connection SET policy_version = policy_version + 1 WHERE id = {row}.connection_id",
        event,
    )


class Migration(migrations.Migration):
    dependencies = [("tools", "0001_initial"), ("integrations", "0002_guards")]

    operations = [
        SameMsp([Reference("tools_toolpolicy", "connection_id", "integrations_connection")]),
        counted("INSERT", "NEW"),
        counted("UPDATE", "NEW"),
        counted("DELETE", "OLD"),
    ]
