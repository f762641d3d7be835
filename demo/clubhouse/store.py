"""The database of one Clubhouse instance: fresh or kept, queried in plain SQL, restored within milliseconds.

It knows nothing of pages or defects. One connection, used from the event loop's thread only.
"""

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from demo.clubhouse.clock import Clock
from demo.clubhouse.seed import seed

Row = dict[str, Any]

SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")


class Store:
    """Rows come back as plain dictionaries; every write is committed at once. What is in the file `kept` goes on;
    without one the data live in memory."""

    def __init__(
        self, clock: Clock, kept: Path | None = None, sow: Callable[[sqlite3.Connection, date], None] = seed
    ) -> None:
        goes_on = kept is not None and kept.exists()
        self._clock = clock
        self._sow = sow
        self._connection = sqlite3.connect(kept or ":memory:", isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._seeded: date | None = None
        self._pristine = sqlite3.connect(":memory:", check_same_thread=False)
        if goes_on:
            self._prepare()
        else:
            self.reset()

    def reset(self) -> None:
        """Put the freshly seeded data back; it is seeded anew only when the clock has come to another day."""
        today = self._clock().date()
        if today != self._seeded:
            self._pristine.close()
            self._pristine = sqlite3.connect(":memory:", check_same_thread=False)
            self._pristine.executescript(SCHEMA)
            self._sow(self._pristine, today)
            self._pristine.commit()
            self._seeded = today
        self._pristine.backup(self._connection)
        self._prepare()

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA journal_mode = MEMORY")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        return [dict(row) for row in self._connection.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> Row | None:
        found = self._connection.execute(sql, values).fetchone()
        return dict(found) if found else None

    def value(self, sql: str, *values: Any) -> Any:
        found = self._connection.execute(sql, values).fetchone()
        return found[0] if found else None

    def run(self, sql: str, *values: Any) -> int:
        """Execute one writing statement and return the id of the row it inserted, if any."""
        return self._connection.execute(sql, values).lastrowid or 0

    def close(self) -> None:
        self._connection.close()
        self._pristine.close()
