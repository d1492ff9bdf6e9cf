from __future__ import annotations

from django.db import migrations

from integrations.guards import Reference, SameMsp


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [
        SameMsp(
            [
                Reference("integrations_agentkey", "agent_id", "integrations_agent"),
                Reference("integrations_authorization", "connection_id", "integrations_connection"),
            ]
        )
    ]
