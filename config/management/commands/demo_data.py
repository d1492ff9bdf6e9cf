from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo_data import Filled, demo_fill


class Command(BaseCommand):
    help = "Fills in the two MSPs of the demo, connected to the NinjaOne sandbox, and tells their keys and passwords."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NINJAONE_SANDBOX_URL:
            raise CommandError(
                "The demo's MSPs are connected to the NinjaOne sandbox, and NINJAONE_SANDBOX_URL names none. "
                "Nothing was changed. `make demo` sets it up for you."
            )
        filled = demo_fill()
        for msp in filled:
            if msp.runner_problem:
                self.stderr.write(
                    f"{msp.msp.name} has no bash runner, so ninja-run-bash is refused: {msp.runner_problem} "
                    "Start the sandbox (manage.py ninjaone_sandbox), then run this again."
                )
        if options["json"]:
            self.stdout.write(json.dumps({"msps": [_as_json(msp) for msp in filled]}, indent=2))
        else:
            for msp in filled:
                self._write_table(msp)

    def _write_table(self, filled: Filled) -> None:
        self.stdout.write(f"{filled.msp.name} ({filled.msp.slug})")
        for user in filled.users:
            self.stdout.write(f"  {user.role:<10} {user.username:<22} password {user.password}")
        for agent in filled.agents:
            self.stdout.write(f"  {'agent':<10} {agent.name:<22} key {agent.key}")


def _as_json(filled: Filled) -> dict[str, object]:
    return {
        "slug": filled.msp.slug,
        "agents": [{"name": agent.name, "key": agent.key} for agent in filled.agents],
        "users": [{"username": user.username, "password": user.password, "role": user.role} for user in filled.users],
    }
