"""What policy says of a tool, for tests that are not about policy."""

from __future__ import annotations

from tests.cast import Tenant
from tools.models import Mode, ToolPolicy


def set_mode(tenant: Tenant, tool: str, mode: Mode) -> None:
    """Set it."""
    ToolPolicy.objects.update_or_create(
        connection=tenant.connection, tool=f"ninjaone:{tool}", defaults={"mode": mode, "msp": tenant.msp}
    )
