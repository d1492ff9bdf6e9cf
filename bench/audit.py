"""`python -m bench.audit`: what an entry costs at 100 a second, and how many are verified in a second.

On SQLite, or on the PostgreSQL that DATABASE_URL names, in a database of its own that is removed at the end.
"""

from __future__ import annotations

import argparse
import importlib
import os
import secrets
import tempfile
from pathlib import Path

import django
from django.db import connection
from django.test.utils import setup_databases, teardown_databases


def main() -> None:
    """Measure and compare with the targets."""
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of appending")
    parser.add_argument("--rate", type=float, default=100, help="entries a second")
    parser.add_argument("--entries", type=int, default=50_000, help="to verify")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _set_up(Path(folder))
        databases = setup_databases(verbosity=0, interactive=False)
        try:
            # Its models can be imported only now that the applications are set up.
            measures = importlib.import_module("bench.audit_measures")
            measures.measure(seconds=options.seconds, rate=options.rate, entries=options.entries)
        finally:
            teardown_databases(databases, verbosity=0)


def _set_up(folder: Path) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    for name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY"):
        os.environ[name] = secrets.token_urlsafe(48)
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'audit.sqlite3'}")
    django.setup()
    # A file like that of a real installation: in memory there is nothing to be synced.
    connection.settings_dict["TEST"]["NAME"] = (
        str(folder / "test.sqlite3") if connection.vendor == "sqlite" else f"countersign_bench_{os.getpid()}"
    )


if __name__ == "__main__":
    main()
