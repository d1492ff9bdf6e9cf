from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from integrations.audit.checkpoints import CheckpointsBrokenError, Mark, checkpoint_file, checkpoints_read
from integrations.audit.keys import audit_ring
from integrations.audit.verification import chain_verify
from integrations.audit_verifier import (
    BROKEN,
    UNCHECKED,
    BrokenError,
    UncheckedError,
    entries_in_words,
    vouched_for,
)
from integrations.installation import KeysError, audit_register, keys_check
from integrations.models import Installation, Msp


class Command(BaseCommand):
    help = "Checks the audit chains. Exit code 0: intact; 1: broken, with the first bad entry; 2: could not be checked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--msp", metavar="SLUG", help="one MSP alone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._verify(options["msp"])
        except Error as error:
            raise CommandError(f"The database does not answer as it should: {error}", returncode=UNCHECKED) from error

    def _verify(self, slug: str | None) -> None:
        broken: list[str] = []
        unchecked: list[str] = []
        try:
            keys_check()
        except KeysError as error:
            raise CommandError(str(error), returncode=UNCHECKED) from error
        marks = self._marks(broken, unchecked)
        msps = Msp.objects.order_by("slug")
        if slug is not None and not (msps := msps.filter(slug=slug)):
            raise CommandError(f"There is no MSP {slug}.", returncode=UNCHECKED)
        vouched = vouched_for(audit_register(), audit_ring())
        for msp in msps:
            mark = marks.pop(str(msp.pk), None)
            try:
                self._one(msp, vouched, mark)
            except BrokenError as error:
                broken.append(f"{msp.slug}: {error}")
            except UncheckedError as error:
                unchecked.append(f"{msp.slug}: {error}")
        if slug is None:
            broken += [f"MSP {msp}: entry {mark.number} is missing, and so is the MSP" for msp, mark in marks.items()]
        self._judge(broken, unchecked)

    def _one(self, msp: Msp, vouched: set[str], mark: Mark | None) -> None:
        chain = chain_verify(msp=msp, vouched=vouched, mark=mark)
        seen = f"checkpoint at {mark.number} of {mark.at}" if mark else "no checkpoint yet"
        self.stdout.write(f"{msp.slug}: intact, {entries_in_words(chain)}, {seen}")

    def _marks(self, broken: list[str], unchecked: list[str]) -> dict[str, Mark]:
        installation = Installation.objects.first()
        if installation is None:
            return {}  # never started, so never written
        try:
            marks = checkpoints_read(installation)
        except CheckpointsBrokenError as error:
            broken.append(f"{checkpoint_file()}: {error}")
            return {}
        except (UncheckedError, OSError, UnicodeDecodeError) as error:
            unchecked.append(f"{checkpoint_file()}: {error}")
            return {}
        if not marks and installation.checkpoints_since is not None:
            unchecked.append(
                f"{checkpoint_file()} holds no checkpoint of this installation, but there have been some since "
                f"{installation.checkpoints_since:%Y-%m-%d %H:%M}. Is AUDIT_CHECKPOINT_FILE right?"
            )
        return marks or {}

    def _judge(self, broken: list[str], unchecked: list[str]) -> None:
        for line in unchecked:
            self.stderr.write(f"could not be checked: {line}")
        if broken:
            raise CommandError("The audit is BROKEN.\n" + "\n".join(broken), returncode=BROKEN)
        if unchecked:
            raise CommandError("The audit could not be checked as a whole.", returncode=UNCHECKED)
