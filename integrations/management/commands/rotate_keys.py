from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.installation import KeysError, installation_prove
from integrations.rotation import secrets_rotate


class Command(BaseCommand):
    help = (
        "Seals every stored secret with the newest of FERNET_KEYS and makes a new AUDIT_KEY known, while everything "
        "runs. Put the new key in front of the former one and restart every process first. May be run again any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            installation_prove()
        except KeysError as error:
            raise CommandError(str(error)) from error
        rotated = secrets_rotate()
        self.stdout.write(f"{rotated.resealed} secrets sealed anew, {rotated.newest} were sealed with the newest key.")
        for label in rotated.unreadable:
            self.stderr.write(f"{label}: no key of FERNET_KEYS opens it. Connect again to replace it.")
        for label in rotated.busy:
            self.stderr.write(f"{label}: changed again and again. Does a process run with the former keys?")
        if rotated.unreadable or rotated.busy:
            raise CommandError("Not every secret is sealed with the newest key. Keep the former ones; run this again.")
        self.stdout.write(
            "Every secret is. Once every process runs with the new ring, the former FERNET_KEYS may be removed; "
            "the former AUDIT_KEYs stay, for the entries of their time verify with them alone."
        )
