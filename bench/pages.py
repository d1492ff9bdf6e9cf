"""`python -m bench.pages`: how fast the staff's pages answer at a million calls of one MSP among 200 MSPs.

On a PostgreSQL of its own, or a new database on the one that DATABASE_URL names; `--sqlite` for SQLite. A real server,
one signed-in session, over HTTP. Ends with 1 where the p95 of any page is above the target (not on SQLite).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import requests

from bench.cpu import tree_seconds
from bench.filling import fill
from bench.ledger import ORGANIZATIONS, RARE_TOOL, WRITES
from bench.people import signed_in
from bench.servers import Database, Site, has_postgresql, postgresql_at, postgresql_of_its_own, site, sqlite

TARGET_MS = 300.0
ACTIVITY, QUEUE = "/dashboard/approvals/invocation/", "/dashboard/approvals/approvalrequest/"
# A page that lists nothing tells nothing of a filter.
ROW = re.compile(r'id="row-([0-9a-f-]{36})"')
OPTION = r'<option value="([^"]+)"[^>]*>{}</option>'


def main() -> int:
    """Fill, measure, compare with the target."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000, help="of the MSP whose pages are read")
    parser.add_argument("--msps", type=int, default=200, help="with the two of the demo; the others have 1,000 calls")
    parser.add_argument("--rounds", type=int, default=30, help="how often each page is opened")
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    if not options.sqlite and not has_postgresql():
        print("The pages are measured on PostgreSQL, which is not installed here. Nothing was measured.")
        return 0
    with _database(options.sqlite) as database, site(database) as running:
        started = time.monotonic()
        fill(running, database.url, calls=options.calls, others=options.msps - 2)
        print(f"{database.name}: {options.calls:,} calls of one MSP among {options.msps} MSPs", end="")
        print(f", filled in {time.monotonic() - started:.0f} s; {options.rounds} rounds, one request at a time")
        slow = _measure(running, options.rounds)
    return 1 if slow and not options.sqlite else 0


def pages_of(session: requests.Session, home: str) -> Iterator[tuple[str, str]]:
    """What each page shows, and its address."""
    activity = session.get(f"{home}{ACTIVITY}", timeout=60).text
    decided = session.get(f"{home}{QUEUE}?show=decided", timeout=60).text
    queue = session.get(f"{home}{QUEUE}", timeout=60).text.partition('id="filter-organization"')[2]
    agents = {name: _choice(activity, name) for name in ("bench-bot-00", "bench-bot-11")}
    people = {name: _choice(activity, name) for name in ("bench-person-0", "bench-person-6")}
    yield "home", "/dashboard/"
    yield "queue", QUEUE
    for name, value in (
        ("tool", WRITES[0]),
        ("agent", agents["bench-bot-00"]),
        ("organization", _choice(queue, "Customer ", "[^<]*")),
    ):
        yield f"queue by {name}", f"{QUEUE}?{urlencode({name: value})}"
        yield f"decided by {name}", f"{QUEUE}?{urlencode({'show': 'decided', name: value})}"
    yield "queue, decided", f"{QUEUE}?show=decided"
    yield "queue, all, oldest page", f"{QUEUE}?show=all&oldest="
    yield "request", f"{QUEUE}{_first(decided)}/"
    yield "activity", ACTIVITY
    for words, fields in (
        ("outcome, most", {"status": "succeeded"}),
        ("outcome, rare and old", {"status": "unknown"}),
        ("outcome, expired", {"status": "expired"}),
        ("outcome, waiting", {"status": "pending_approval"}),
        ("tool, frequent", {"tool": "ninjaone:ninja-get-device"}),
        ("tool, rare and old", {"tool": RARE_TOOL}),
        ("agent, busy", {"agent": agents["bench-bot-00"]}),
        ("agent, quiet since long", {"agent": agents["bench-bot-11"]}),
        ("organization", {"organization": "2"}),
        ("organization, rare and old", {"organization": str(ORGANIZATIONS + 7)}),
        ("device by number", {"device": "17"}),
        ("device, rare, by name", {"device": "rare-oldsrv"}),
        ("devices by part of a name", {"device": "ACME-0420"}),
        ("person, busy", {"person": people["bench-person-0"]}),
        ("person who left", {"person": people["bench-person-6"]}),
        ("time, today", {"when": "today"}),
        ("time, last 30 days", {"when": "month"}),
        ("search, frequent words", {"q": "asked for by the helpdesk"}),
        ("search, words that nothing has", {"q": "no such words anywhere"}),
        ("oldest page", {"oldest": ""}),
        ("all filters of a device", {"device": "17", "status": "succeeded", "when": "month"}),
    ):
        yield f"activity: {words}", f"{ACTIVITY}?{urlencode(fields)}"
    oldest = session.get(f"{home}{ACTIVITY}?oldest=", timeout=60).text
    newer = re.search(r'href="(\?after=[^"]+)"', oldest)
    yield "activity: next to the oldest page", f"{ACTIVITY}{newer[1] if newer else 'no-page'}"
    yield "activity: search by id", f"{ACTIVITY}?q={_first(activity)}"
    yield "call", f"{ACTIVITY}{_first(activity)}/"


@dataclass
class Taken:
    """Of one page: the seconds that each request took, and the CPU seconds of server and database for all of them."""

    seconds: list[float] = field(default_factory=list)
    server: float = 0.0
    database: float = 0.0

    @property
    def p95_ms(self) -> float:
        """What nineteen of twenty requests took at most."""
        return statistics.quantiles(self.seconds, n=20)[18] * 1000


def _measure(running: Site, rounds: int) -> list[str]:
    """Prints a line for each page; gives the names of those above the target."""
    home = f"http://127.0.0.1:{running.port}"
    session = signed_in(home, *running.people["approver"])
    pages = list(pages_of(session, home))
    for name, address in pages:
        _open(session, name, f"{home}{address}")  # warms up
    taken = {name: Taken() for name, _ in pages}
    for _ in range(rounds):
        for name, address in pages:
            _take(running, taken[name], lambda name=name, address=address: _open(session, name, f"{home}{address}"))  # type: ignore[misc]
    print(f"{'':<42}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms of: server':>20}{'database':>10}")
    for name, one in taken.items():
        p50 = statistics.median(one.seconds) * 1000
        cpu = f"{one.server / rounds * 1000:>20.0f}{one.database / rounds * 1000:>10.0f}"
        print(f"{name:<42}{p50:>9.0f}{one.p95_ms:>9.0f}{cpu}{' above' if one.p95_ms > TARGET_MS else ''}")
    slow = [name for name, one in taken.items() if one.p95_ms > TARGET_MS]
    print(f"p95 of each page at most {TARGET_MS:.0f} ms: {'missed by ' + ', '.join(slow) if slow else 'met'}")
    return slow


def _take(running: Site, taken: Taken, call: Callable[[], None]) -> None:
    server, database = tree_seconds(running.server_pid), _database_seconds(running)
    started = time.perf_counter()
    call()
    taken.seconds.append(time.perf_counter() - started)
    taken.server += tree_seconds(running.server_pid) - server
    taken.database += _database_seconds(running) - database


def _database_seconds(running: Site) -> float:
    return tree_seconds(running.database_pid) if running.database_pid else 0.0


def _open(session: requests.Session, name: str, url: str) -> None:
    answer = session.get(url, timeout=60)
    if answer.status_code != 200 or ("nothing has" not in name and not _shows_something(answer.text)):
        raise SystemExit(f"{name}: {url} answered {answer.status_code}, without any row.")


def _shows_something(page: str) -> bool:
    return bool(ROW.search(page)) or 'class="sentence"' in page


def _first(page: str) -> str:
    found = ROW.search(page)
    return found[1] if found else "no-row"


def _choice(page: str, label: str, rest: str = "") -> str:
    """The value of the first choice of this label."""
    found = re.search(OPTION.format(re.escape(label) + rest), page)
    return found[1] if found else "no-choice"


@contextlib.contextmanager
def _database(wants_sqlite: bool) -> Iterator[Database]:
    url = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if wants_sqlite:
            yield stack.enter_context(sqlite(Path(folder)))
        elif url.startswith("postgres"):
            yield stack.enter_context(postgresql_at(url))
        else:
            yield stack.enter_context(postgresql_of_its_own(Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
