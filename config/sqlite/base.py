"""Django's SQLite with placeholders translated once per statement instead of once per run.

`%s` becomes `?` by a regular expression over the whole text, which costs more than SQLite needs to run a short query.
"""

from __future__ import annotations

from functools import lru_cache
from sqlite3 import Cursor

from django.db.backends.sqlite3 import base

__all__ = ["DatabaseWrapper"]


@lru_cache(maxsize=1024)
def _translated(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class _Cursor(base.SQLiteCursorWrapper):
    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        if param_names is not None:
            return super().convert_query(query, param_names=param_names)
        return _translated(query)


class DatabaseWrapper(base.DatabaseWrapper):
    """Named as Django looks for it."""

    def create_cursor(self, name: str | None = None) -> Cursor:
        """A cursor that remembers."""
        cursor: Cursor = self.connection.cursor(factory=_Cursor)
        return cursor
