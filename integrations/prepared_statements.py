"""Statements that a connection to PostgreSQL prepares once, and runs by libpq's own blocking call.

Django's cursor costs as much as the database needs for such a statement, and psycopg's more than that: it works out
anew, for each execution, what to prepare and how to wait.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, PipelineStatus, TransactionStatus

if TYPE_CHECKING:
    from integrations.direct import Statement

# The names of the statements that a connection has prepared.
PREPARED = "countersign_prepared"
# PostgreSQL's numbers of types: whole numbers are declared as the largest.
SMALLER, INT8 = {21, 23}, 20
# As text values fit whatever type a place has: one statement takes small numbers, large ones and None. Of these there
# is one type each, and texts of times take both sides ten times as long.
TEXT, BINARY, QUICKER = PyFormat.TEXT, PyFormat.BINARY, frozenset({datetime, UUID})
DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
BEGIN, ROLLBACK = b"BEGIN", b"ROLLBACK"


def is_ready(connection: psycopg.Connection[Any]) -> bool:
    """Whether statements may be prepared on it, and nothing is lost when one turns out to be there no more."""
    return connection.autocommit and connection.prepare_threshold is not None


def prepared_run(connection: psycopg.Connection[Any], sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    transformer = Transformer(connection)
    params = _dumped(transformer, values)
    name, text = _named(sql)
    known: set[bytes] = connection.__dict__.setdefault(PREPARED, set())
    try:
        if name not in known:
            _prepare(connection, name, text, transformer)
            known.add(name)
        result = _executed(connection, name, params, transformer.formats)
    except InvalidSqlStatementName:
        # psycopg has all that is prepared on a connection forgotten, once something was rolled back there.
        _prepare(connection, name, text, transformer)
        result = _executed(connection, name, params, transformer.formats)
    return _rows(transformer, result)


def _dumped(transformer: Any, values: Sequence[Any]) -> Sequence[Any]:
    formats = [BINARY if value.__class__ in QUICKER else TEXT for value in values]
    return cast(Sequence[Any], transformer.dump_sequence(values, formats))


def _rows(transformer: Any, result: Any) -> list[tuple[Any, ...]]:
    if result.status == ExecStatus.COMMAND_OK:
        return []
    transformer.set_pgresult(result)
    return cast(list[tuple[Any, ...]], transformer.load_rows(0, result.ntuples, tuple))


def _kinds(transformer: Any) -> list[int]:
    return [INT8 if kind in SMALLER else kind for kind in transformer.types or ()]


def _prepare(connection: psycopg.Connection[Any], name: bytes, text: bytes, transformer: Any) -> None:
    result = connection.pgconn.prepare(name, text, _kinds(transformer))
    if result.status != ExecStatus.COMMAND_OK:
        error = _error(connection, result)
        # Behind a pooler another connection of ours may have been here; a name stands for one text alone.
        if not isinstance(error, DuplicatePreparedStatement):
            raise error


def _executed(
    connection: psycopg.Connection[Any], name: bytes, params: Sequence[Any], formats: list[Format] | None
) -> Any:
    result = connection.pgconn.exec_prepared(name, params, formats, Format.BINARY)
    if result.status not in DONE:
        raise _error(connection, result)
    return result


def pipeline_run(
    connection: psycopg.Connection[Any], statements: Sequence[Statement]
) -> list[list[tuple[Any, ...]]] | None:
    """The rows of each, by libpq's pipeline mode. Raises psycopg.Error.

    None where they cannot go this way, and nothing has happened: behind a pooler, in the midst of a transaction (what
    is prepared no more would lose all of it), and when it turns out that one of them is not.
    """
    if connection.prepare_threshold is None or connection.pgconn.transaction_status != TransactionStatus.IDLE:
        return None
    begins = not connection.autocommit
    if begins and (connection.isolation_level, connection.read_only, connection.deferrable) != (None, None, None):
        return None
    going = [_going(connection, sql, values) for sql, values in statements]
    try:
        return _piped(connection, going, begins=begins)
    except InvalidSqlStatementName:
        connection.__dict__[PREPARED].clear()
        if begins:
            connection.pgconn.exec_(ROLLBACK)
        return None


class _Going(NamedTuple):
    """A statement that is prepared, as it goes out, and who reads what comes back."""

    name: bytes
    params: Sequence[Any]
    transformer: Any


def _going(connection: psycopg.Connection[Any], sql: str, values: Sequence[Any]) -> _Going:
    transformer = Transformer(connection)
    params = _dumped(transformer, values)
    name, text = _named(sql)
    known: set[bytes] = connection.__dict__.setdefault(PREPARED, set())
    if name not in known:
        _prepare(connection, name, text, transformer)
        known.add(name)
    return _Going(name, params, transformer)


def _piped(
    connection: psycopg.Connection[Any], going: Sequence[_Going], *, begins: bool
) -> list[list[tuple[Any, ...]]]:
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        if begins:
            pgconn.send_query_params(BEGIN, None)
        for name, params, transformer in going:
            pgconn.send_query_prepared(name, params, transformer.formats, Format.BINARY)
        pgconn.pipeline_sync()
        results = _arrived(connection)
        pgconn.exit_pipeline_mode()
    finally:
        if pgconn.pipeline_status != PipelineStatus.OFF:
            # It was left in the midst: what still comes would be taken for the answer to something else.
            connection.close()
    for result in results:
        if result.status not in DONE:
            raise _error(connection, result)
    return [_rows(one.transformer, result) for one, result in zip(going, results[begins:], strict=True)]


def _arrived(connection: psycopg.Connection[Any]) -> list[Any]:
    """Every result up to the end of the pipeline. Raises psycopg.OperationalError when the connection breaks off."""
    pgconn, poll = connection.pgconn, select.poll()
    found: list[Any] = []
    while True:
        while pgconn.is_busy():
            poll.register(pgconn.socket, select.POLLIN | (select.POLLOUT if pgconn.flush() else 0))
            # Other threads go on meanwhile, which libpq's own waiting here would not let them: one of them may hold the
            # lock that this is about.
            poll.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            if pgconn.status == ConnStatus.BAD:
                raise psycopg.OperationalError("The connection to the database broke off.")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return found
        else:
            found.append(result)


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
