"""`make chaos`: kill -9 under load, and what became of every call. Exit 1 when one was lost, doubled or misreported."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.servers import Database, postgresql_at, sqlite
from chaos.nursery import ROOT
from config.ports import free_port

# Short, so that what a dead server left is soon picked up. The defaults are 90 s and 15 s.
LEASE_SECONDS, SWEEP_SECONDS = "3", "1"


def main() -> int:
    """Runs on SQLite, or on the PostgreSQL server that --database or DATABASE_URL names, in a database of its own."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--database", default=os.environ.get("DATABASE_URL", ""), metavar="URL")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="whom to kill and when; printed")
    parser.add_argument("--keep", type=Path, help="a folder for what the killed said")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, _database(options.database, Path(temporary)) as database:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, **environment_of(database.url)}
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True)
        wanted = ["--kills", str(options.kills), "--seed", str(options.seed), "--folder", str(folder)]
        return subprocess.run([sys.executable, "-m", "chaos.run", *wanted], cwd=ROOT, env=env, check=False).returncode


def environment_of(database_url: str) -> dict[str, str]:
    """Fresh keys, and a NinjaOne that is not there yet."""
    return {
        **{name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "COUNTERSIGN_SANDBOX": "1",
        "NINJAONE_SANDBOX_URL": f"http://127.0.0.1:{free_port()}",
        "DISPATCH_LEASE_SECONDS": LEASE_SECONDS,
        "SWEEP_SECONDS": SWEEP_SECONDS,
    }


@contextlib.contextmanager
def _database(url: str, folder: Path) -> Iterator[Database]:
    with postgresql_at(url) if url.startswith("postgres") else sqlite(folder) as database:
        yield database


if __name__ == "__main__":
    sys.exit(main())
