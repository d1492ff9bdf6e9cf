from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.cast import make_tenant
from tests.chaos.product import LEASE_SECONDS, Product


@pytest.fixture
def product(sandbox: Sandbox, settings: LazySettings, transactional_db: None, tmp_path: Path) -> Iterator[Product]:
    with serve_in_thread(sandbox) as server:
        settings.NINJAONE_SANDBOX_URL = server.url
        settings.DISPATCH_LEASE_SECONDS = LEASE_SECONDS
        yield Product(make_tenant("acme", ACME, sandbox), sandbox, tmp_path)
