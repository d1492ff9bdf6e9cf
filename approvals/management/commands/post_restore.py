from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from approvals.restored import restore_settle
from integrations.audit.checkpoints import audit_checkpoint
from integrations.installation import KeysError, installation_prove

CANNOT_KNOW = """What a backup cannot know, and you have to look at:
- Calls that were sent since the backup are not in it. An agent that repeats one sends it again.
- Agent keys, members and roles that were taken away since are back. So are policies, and whether an MSP was stopped.
- NinjaOne may have changed refresh tokens since; such connections ask to be authorized again."""


class Command(BaseCommand):
    help = (
        "For a database that was brought back from a backup, before anything is started on it: whatever waits, is "
        "queued or was being sent is ended, and no approval of the past holds any more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"]:
            raise CommandError(
                "This ends every open call of every MSP, signs everybody out, and starts the audit's checkpoints anew. "
                "Nothing was changed. Stop every server and worker, then add --yes."
            )
        try:
            installation_prove()
        except KeysError as error:
            raise CommandError(str(error)) from error
        for what, number in sorted(restore_settle().items()):
            self.stdout.write(f"{number:>7} {what}")
        written = audit_checkpoint(is_restored=True)
        self.stdout.write(f"{written:>7} audit chains begin anew in the checkpoints")
        self.stdout.write(CANNOT_KNOW)
