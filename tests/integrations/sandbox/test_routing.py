from __future__ import annotations

import pytest

from integrations.ninjaone.sandbox.messages import NO_CONTENT
from integrations.ninjaone.sandbox.routing import ROUTES, route


def test_a_path_is_routed_once() -> None:
    before = list(ROUTES)
    with pytest.raises(ValueError, match="GET /v2/devices is routed twice"):
        route("GET", "/v2/devices")(lambda _: NO_CONTENT)
    assert before == ROUTES
