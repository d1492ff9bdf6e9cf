"""Fixtures that every room shares, and the switch that allows no missing machine part."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from django.contrib.contenttypes.management import create_contenttypes
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.signals import post_migrate

from approvals.waiting import WAITS
from tests.browser import chromium, started
from tests.cast import acme, ninjaone, northwind, sandbox
from tests.flushing import execute_sql_flush

__all__ = ["acme", "chromium", "ninjaone", "northwind", "sandbox", "started"]

# Tables are emptied between tests, the audit's too.
BaseDatabaseOperations.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign]

# And not filled again with Django's permissions, which nobody here has: that would be most of what a test costs.
post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
post_migrate.disconnect(create_contenttypes)

# A test that skips for want of a machine part says so: pytest.skip("needs: Chromium (apt install chromium)").
NEEDS = "needs: "
REQUIRE_ALL = os.environ.get("COUNTERSIGN_REQUIRE_ALL") == "1"

# For the second of two databases: what the first has shown of everything else holds.
ONLY_DATABASE = os.environ.get("COUNTERSIGN_ONLY_DATABASE") == "1"
# Of pytest-django, of tests that skip on one of the two, and of those that start processes on it (pyproject.toml).
DATABASE_FIXTURES = {"db", "transactional_db"}
DATABASE_MARKERS = ("django_db", "skipif", "database")

ENVIRONMENT = pytest.StashKey[dict[str, str]]()
CURRENT_TEST = "PYTEST_CURRENT_TEST"

# They go through much of the product again and again, or wait for processes that are not measured at all; what they
# run through has tests of its own, which are measured. A third of their time would be the measuring.
UNMEASURED = (
    "tests/approvals/outcomes/test_claims.py",
    "tests/approvals/test_decision_races.py",
    "tests/chaos/",
    "tests/config/test_browser_attacks.py",
    "tests/config/test_every_text_is_translatable.py",
    "tests/journeys/",
    "tests/mcp/clients/",
    "tests/mcp/conformance/",
    "tests/mcp/server/test_any_body.py",
    "tests/tenancy/",
)


# What takes a minute or more begins first, or it would be the last one that everybody waits for.
LONGEST = (
    "tests/tenancy/test_admin_matrix.py",
    "tests/journeys/test_accessibility_in_a_browser.py",
    "tests/approvals/test_decision_races.py",
    "tests/setup/test_bench.py",
    "tests/journeys/test_countersigning_in_a_browser.py",
    "tests/chaos/test_crash_table.py",
    "tests/config/test_serve.py",
    "tests/journeys/test_every_tool.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first; and the coverage that fails below a bound is that of the other tests."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    for item in items:
        if item.nodeid.startswith(UNMEASURED):
            item.add_marker("no_cover")
    if ONLY_DATABASE:
        config.hook.pytest_deselected(items=[item for item in items if not is_about_database(item)])
        items[:] = [item for item in items if is_about_database(item)]


def is_about_database(item: pytest.Item) -> bool:
    """Whether another database could make it fail: it asks the one under test, or says itself that it is about it."""
    asks = not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
    return asks or any(item.get_closest_marker(name) for name in DATABASE_MARKERS)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remembers the environment before anything of a test has run."""
    item.stash[ENVIRONMENT] = dict(os.environ)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """A test that leaves the environment changed has failed: a later one would start processes on another database."""
    yield
    before, after = item.stash[ENVIRONMENT], dict(os.environ)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - {CURRENT_TEST}
    if changed:
        os.environ.clear()
        os.environ.update(before)
        pytest.fail(f"The test left these variables changed: {', '.join(sorted(changed))}.", pytrace=False)


@pytest.fixture(autouse=True)
def _nobody_waits_on() -> Generator[None]:
    """The thread that looks for those who wait keeps a database connection, and tables are emptied after each test."""
    yield
    WAITS.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything has to be there, a test that misses something has failed."""
    report = yield
    fail_where_required(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips as a whole."""
    report = yield
    fail_where_required(report)
    return report


def fail_where_required(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turns a skip for want of a machine part into a failure, where COUNTERSIGN_REQUIRE_ALL=1."""
    if not REQUIRE_ALL or not report.skipped or not isinstance(report.longrepr, tuple):
        return
    reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    if reason.startswith(NEEDS):
        report.outcome = "failed"
        report.longrepr = f"Nothing may be missing here (COUNTERSIGN_REQUIRE_ALL=1), but this test {reason}"
