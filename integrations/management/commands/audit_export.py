from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.audit import Actor
from integrations.audit.exports import audit_export
from integrations.models import Msp


class Command(BaseCommand):
    help = (
        "Writes an MSP's audit chain as lines of JSON, which integrations/audit_verifier.py checks. Is itself audited."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--msp", metavar="SLUG", required=True)
        parser.add_argument("--format", choices=["jsonl"], default="jsonl")
        parser.add_argument("--output", type=Path, help="a new file; without it, standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        msp = Msp.objects.filter(slug=options["msp"]).first()
        if msp is None:
            raise CommandError(f"There is no MSP {options['msp']}. Nothing was exported.")
        if options["output"] is None:
            for line in audit_export(msp=msp, actor=Actor.system("audit_export")):
                self.stdout.write(line, ending="")
            return
        try:
            # What happened at a customer's is for its owner alone; nothing that exists is overwritten.
            file = os.open(options["output"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}. Nothing was exported.") from error
        with os.fdopen(file, "w", encoding="utf-8") as output:
            output.writelines(audit_export(msp=msp, actor=Actor.system("audit_export")))
