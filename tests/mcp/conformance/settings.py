"""The tests' settings with the fixture server's one URL. It has no rows, and opens no database."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.mcp.conformance.urls"
PUBLIC_URL = os.environ["CONFORMANCE_URL"]
