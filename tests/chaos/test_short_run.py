"""Real servers, killed at random moments under load: nothing is lost, doubled or misreported."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.conf import settings

from chaos.nursery import ROOT

KILLS = 15


@pytest.mark.database
def test_kills_under_load_lose_and_double_nothing() -> None:
    # With the database server of the tests, in a database of its own.
    done = subprocess.run(
        [sys.executable, "-m", "chaos", "--kills", str(KILLS), "--database", settings.TEST_DATABASE_URL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    names, values = (
        line.split() for line in re.sub("to NinjaOne|sent twice|cut off", "x", done.stdout).splitlines()[:2]
    )
    table = dict(zip(names, values, strict=True))
    assert (table["kills"], table["lost"], table["wrong"]) == (str(KILLS), "0", "0")
    assert int(table["calls"]) > KILLS
