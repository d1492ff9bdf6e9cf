from __future__ import annotations

from django.db import migrations

from integrations.guards import Reference, SameMsp


class Migration(migrations.Migration):
    dependencies = [("tools", "0001_initial"), ("integrations", "0002_guards")]

    operations = [SameMsp([Reference("tools_toolpolicy", "connection_id", "integrations_connection")])]
