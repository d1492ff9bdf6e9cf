"""`make bench`: what calls cost over HTTP, beside what nothing but the way to NinjaOne would cost.

The server and its PostgreSQL have one core, load and upstream the others. Each scenario runs in several rounds,
interleaved with the others; what is printed are medians. On SQLite, and on a PostgreSQL of its own where it is
installed (or the one that DATABASE_URL names).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.cores import LOAD_CORES, SERVER_CORES, cores
from bench.matrix import Found, Sizes, measure_quick, measure_slow
from bench.report import report
from bench.servers import Database, Site, has_postgresql, postgresql_at, postgresql_of_its_own, site, sqlite

# Of a server process on PostgreSQL.
CONNECTIONS = 6


def main() -> None:
    """Measures on each database and prints a table of each."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=200, help="of each scenario in a round")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite alone")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL alone")
    options = parser.parse_args()
    sizes = Sizes(options.rounds, options.calls)
    for name in ("SQLite", "PostgreSQL"):
        if (options.sqlite and name != "SQLite") or (options.postgresql and name == "SQLite"):
            continue
        if name == "PostgreSQL" and not has_postgresql():
            print("PostgreSQL is not installed here: nothing was measured on it.")
            continue
        found = Found()
        # A pool costs a little; few connections are what it is for.
        for measure, settings in ((measure_quick, {}), (measure_slow, {"DATABASE_POOL": str(CONNECTIONS)})):
            with (
                tempfile.TemporaryDirectory() as folder,
                _database(name, Path(folder)) as database,
                cores(LOAD_CORES),
                _site(database, settings if name == "PostgreSQL" else {}) as running,
            ):
                measure(running, database, sizes, found)
        report(name, sizes, found)


def _site(database: Database, settings: dict[str, str]) -> contextlib.AbstractContextManager[Site]:
    return site(database, workers=1, settings=settings, server_cores=SERVER_CORES, load_cores=LOAD_CORES)


@contextlib.contextmanager
def _database(name: str, folder: Path) -> Iterator[Database]:
    with contextlib.ExitStack() as stack:
        url = os.environ.get("DATABASE_URL", "")
        if name == "SQLite":
            yield stack.enter_context(sqlite(folder))
        elif url.startswith("postgres"):
            yield stack.enter_context(postgresql_at(url))
        else:
            yield stack.enter_context(postgresql_of_its_own(folder, SERVER_CORES))


if __name__ == "__main__":
    main()
