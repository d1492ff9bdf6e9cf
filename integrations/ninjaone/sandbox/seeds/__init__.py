"""The two MSPs that exist in every sandbox. Some of their ids are the same, so that a mix-up would show."""

from __future__ import annotations

from collections.abc import Callable

from integrations.ninjaone.sandbox.clients import ClientApp
from integrations.ninjaone.sandbox.seeds.acme import acme_world
from integrations.ninjaone.sandbox.seeds.northwind import northwind_world

ACME = "sandbox-acme"
NORTHWIND = "sandbox-northwind"
# The library script of each world that decodes its first parameter and hands it to bash.
BASH_RUNNER_IDS = {ACME: 146, NORTHWIND: 151}


def clients_seed(now: Callable[[], float]) -> dict[str, ClientApp]:
    apps = [
        ClientApp(
            client_id=ACME,
            secret="sandbox-acme-secret",  # noqa: S106  made up, and printed by the command
            name="Countersign",
            world=acme_world(now),
            technician="Dana Fields (dana.fields@acme-msp.example)",
        ),
        ClientApp(
            client_id=NORTHWIND,
            secret="sandbox-northwind-secret",  # noqa: S106  made up, and printed by the command
            name="Countersign",
            world=northwind_world(now),
            technician="Priya Nair (priya.nair@northwind-it.example)",
        ),
    ]
    return {app.client_id: app for app in apps}
