"""What machines ask about this one: is the process up, may it get traffic, how much waits."""

from __future__ import annotations

import logging
from pathlib import Path

from django.apps import apps
from django.db import Error, connection
from django.db.migrations import Migration
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MIGRATIONS_MODULE_NAME
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from integrations.installation import KeysError, keys_check
from integrations.stopping import is_stopping

logger = logging.getLogger(__name__)


class NotReadyError(Exception):
    """Why this process should get no traffic; a code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process is up and answers. Says nothing of the database."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, migrations and key ring are usable and the process stays, or 503 and which of it is not so."""
    try:
        _stop_check()
        _migrations_check()
        _key_ring_check()
    except NotReadyError as error:
        return JsonResponse(
            {"status": "not_ready", "error": {"code": error.code, "message": error.message}}, status=503
        )
    return JsonResponse({"status": "ready"})


def _stop_check() -> None:
    if is_stopping():
        raise NotReadyError("stopping", "This process was told to stop. Ask another one.")


class _Migrations:
    """A process that has seen all migrations applied need not look again: its code does not grow new ones."""

    are_applied = False


def migrations_look() -> None:
    """Remember that all are applied, where they are, also for the processes that this one forks."""
    _Migrations.are_applied = _all_are_recorded()


def _migrations_check() -> None:
    try:
        if _Migrations.are_applied:
            connection.ensure_connection()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return
        migrations_look()
        plan = [] if _Migrations.are_applied else _plan()
    except Error as error:
        logger.warning("Not ready: the database does not answer: %s", error)
        raise NotReadyError("database_unavailable", "The database does not answer.") from error
    except InconsistentMigrationHistory as error:
        raise NotReadyError("migrations_inconsistent", f"{error} Restore the database, or ask its vendor.") from error
    if plan:
        logger.warning("Not ready: %s migrations are not applied", len(plan))
        raise NotReadyError("migrations_missing", f"{len(plan)} migrations are not applied. Run manage.py migrate.")
    _Migrations.are_applied = True


def _all_are_recorded() -> bool:
    """Whether each migration that lies there is in the database. To say more they have to be loaded."""
    recorded = MigrationRecorder(connection).applied_migrations()
    return all(
        (app.label, file.stem) in recorded
        for app in apps.get_app_configs()
        for file in Path(app.path, MIGRATIONS_MODULE_NAME).glob("[!_~]*.py")
    )


def _plan() -> list[tuple[Migration, bool]]:
    """What `migrate` would do."""
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def _key_ring_check() -> None:
    """Rings that this database was not made with are the wrong rings."""
    try:
        keys_check()
    except Error as error:
        logger.warning("Not ready: the database does not answer: %s", error)
        raise NotReadyError("database_unavailable", "The database does not answer.") from error
    except KeysError as error:
        logger.warning("Not ready: %s", error)
        raise NotReadyError("key_ring_unusable", str(error)) from error
