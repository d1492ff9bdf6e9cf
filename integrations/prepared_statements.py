"""Statements that a connection to PostgreSQL prepares once, and runs by libpq's own blocking call.

Django's cursor costs as much as the database needs for such a statement, and psycopg's more than that: it works out
anew, for each execution, what to prepare and how to wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, Format

# The names of the statements that a connection has prepared.
PREPARED = "countersign_prepared"
# PostgreSQL's numbers of types: whole numbers are declared as the largest.
SMALLER, INT8 = {21, 23}, 20
# As text values fit whatever type a place has: one statement takes small numbers, large ones and None. Of these there
# is one type each, and texts of times take both sides ten times as long.
TEXT, BINARY, QUICKER = PyFormat.TEXT, PyFormat.BINARY, frozenset({datetime, UUID})


def is_ready(connection: psycopg.Connection[Any]) -> bool:
    """Whether statements may be prepared on it, and nothing is lost when one turns out to be there no more."""
    return connection.autocommit and connection.prepare_threshold is not None


def prepared_run(connection: psycopg.Connection[Any], sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    transformer = Transformer(connection)
    params = transformer.dump_sequence(values, [BINARY if value.__class__ in QUICKER else TEXT for value in values])
    name, text = _named(sql)
    known: set[bytes] = connection.__dict__.setdefault(PREPARED, set())
    try:
        if name not in known:
            _prepare(connection, name, text, transformer.types)
            known.add(name)
        result = _executed(connection, name, params, transformer.formats)
    except InvalidSqlStatementName:
        # psycopg has all that is prepared on a connection forgotten, once something was rolled back there.
        _prepare(connection, name, text, transformer.types)
        result = _executed(connection, name, params, transformer.formats)
    if result.status == ExecStatus.COMMAND_OK:
        return []
    transformer.set_pgresult(result)
    return cast(list[tuple[Any, ...]], transformer.load_rows(0, result.ntuples, tuple))


def _prepare(connection: psycopg.Connection[Any], name: bytes, text: bytes, types: Sequence[int] | None) -> None:
    kinds = [INT8 if kind in SMALLER else kind for kind in types or ()]
    result = connection.pgconn.prepare(name, text, kinds)
    if result.status != ExecStatus.COMMAND_OK:
        error = _error(connection, result)
        # Behind a pooler another connection of ours may have been here; a name stands for one text alone.
        if not isinstance(error, DuplicatePreparedStatement):
            raise error


def _executed(
    connection: psycopg.Connection[Any], name: bytes, params: Sequence[Any], formats: list[Format] | None
) -> Any:
    result = connection.pgconn.exec_prepared(name, params, formats, Format.BINARY)
    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        raise _error(connection, result)
    return result


def _error(connection: psycopg.Connection[Any], result: Any) -> psycopg.Error:
    if connection.closed or connection.broken:
        return psycopg.OperationalError("The connection to the database broke off.")
    return error_from_result(result)


@cache
def _named(sql: str) -> tuple[bytes, bytes]:
    """A name that only this text has, and the text with `$1` and so on for each `%s`.

    Raises ValueError for other percent signs.
    """
    pieces = sql.split("%s")
    if any("%" in piece for piece in pieces):
        raise ValueError("A percent sign that marks no value.")
    text = "".join(f"{piece}${place}" if place < len(pieces) else piece for place, piece in enumerate(pieces, 1))
    return b"countersign_" + blake2b(text.encode(), digest_size=12).hexdigest().encode(), text.encode()
