"""The database as transactions: `begin` writes, `read` reads. SQLite and PostgreSQL alike; knows no table.

Never await a network inside a transaction: on SQLite it would hold up every writer.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_302_114_905
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError)
"""What a transaction raises while the database cannot be reached. What would fail again tomorrow is not among it."""
AWAY = ("08", "57P", "53300")
"""PostgreSQL's codes for it: the connection failed, the server ends or starts, too many are connected."""

_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Database:
    """One pool of connections. `url` is `sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`."""

    def __init__(self, url: str):
        self.url = url
        self._engine = _create_engine(url)
        self._reader = self._engine.execution_options(readonly=True)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write: all of it or, after an exception, nothing."""
        async with _entered(self._engine) as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads; it holds up nobody."""
        async with _entered(self._reader) as tx:
            yield tx

    async def close(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def _entered(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        try:
            tx = await stack.enter_async_context(engine.begin())
        except OSError as error:  # an unknown host, or one of several addresses that do not answer
            raise ConnectionError(str(error)) from error
        yield tx


async def insert_once(tx: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False when a unique key of the table has been taken already."""
    insert = _INSERTS[tx.dialect.name](table).values(**values).on_conflict_do_nothing()
    return (await tx.execute(insert)).rowcount == 1


async def migrate(url: str) -> None:
    """Bring the tables up to date. Any number of processes may call it at once: one works, the others wait."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        await _upgrade(url)
        return
    lock = await asyncio.to_thread(_lock, Path(parsed.database or ""))
    try:
        await _upgrade(url)
    finally:
        os.close(lock)  # and with it the lock


def _lock(database: Path) -> int:
    """Wait for the right to migrate this file; the descriptor holds it until it is closed."""
    database.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{database}.migrate.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


async def _upgrade(url: str) -> None:
    engine = _create_engine(url)
    try:
        async with engine.begin() as tx:
            await tx.run_sync(_run_migrations)
    finally:
        await engine.dispose()


def _run_migrations(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _create_engine(url: str) -> AsyncEngine:
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_async_engine(url, pool_pre_ping=True, connect_args={"timeout": 10})
        event.listen(engine.sync_engine, "handle_error", _name_outage)
        return engine
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _name_outage(context: ExceptionContext) -> Exception | None:
    """A lost connection as what it is: the driver's errors for it come without a class of their own."""
    original = context.original_exception
    away = str(getattr(original, "sqlstate", None) or "").startswith(AWAY)
    if not (away or context.is_disconnect) or isinstance(context.sqlalchemy_exception, UNAVAILABLE):
        return None
    return OperationalError(context.statement, None, original, connection_invalidated=context.is_disconnect)


def _prepare_sqlite(dbapi: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late: reads before the first write would be outside the transaction.
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    for pragma in ("busy_timeout=15000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    readonly = connection.get_execution_options().get("readonly")
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
