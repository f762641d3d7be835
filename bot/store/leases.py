"""Leases with fencing numbers: who works on a row now, and the proof that a write still comes from him.

Taking a lease raises the row's fence. Whoever writes under an older fence gets LeaseLost and has written nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from sqlalchemy import ColumnElement, Table, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.journal import JournalDown, LeaseLost
from bot.store import tables
from bot.store.database import UNAVAILABLE, Database

Leased = Literal["runs", "revalidations", "effects"]


@dataclass(frozen=True, slots=True)
class Lease:
    """`seconds` is how long it lasts after each renewal."""

    table: Leased
    id: str
    owner: str
    fence: int
    seconds: float


def free(table: Table, now: datetime) -> ColumnElement[bool]:
    """The condition that nobody holds a live lease on the row."""
    return or_(table.c.lease_until.is_(None), table.c.lease_until < now)


async def take(db: Database, table: Leased, id: str, seconds: float, now: datetime) -> Lease | None:
    """The lease on a row, or None while somebody else holds it (or there is no such row)."""
    rows, owner = tables.metadata.tables[table], uuid4().hex
    claim = (
        update(rows)
        .where(rows.c.id == id, free(rows, now))
        .values(owner=owner, lease_until=now + timedelta(seconds=seconds), fence=rows.c.fence + 1)
        .returning(rows.c.fence)
    )
    async with db.begin() as tx:
        fence = (await tx.execute(claim)).scalar_one_or_none()
    return None if fence is None else Lease(table, id, owner, fence, seconds)


async def renew(db: Database, lease: Lease, now: datetime) -> None:
    """Raises LeaseLost when somebody else took the row in the meantime."""
    rows = tables.metadata.tables[lease.table]
    async with db.begin() as tx:
        until = now + timedelta(seconds=lease.seconds)
        done = await tx.execute(update(rows).where(held(lease)).values(lease_until=until))
    if done.rowcount != 1:
        raise LeaseLost(lease.id)


async def release(db: Database, lease: Lease) -> None:
    """Let the row go; nothing happens when it was lost before."""
    rows = tables.metadata.tables[lease.table]
    async with db.begin() as tx:
        await tx.execute(update(rows).where(held(lease)).values(owner="", lease_until=None))


def held(lease: Lease) -> ColumnElement[bool]:
    """The condition that the row is still ours."""
    rows = tables.metadata.tables[lease.table]
    return and_(rows.c.id == lease.id, rows.c.owner == lease.owner, rows.c.fence == lease.fence)


@contextmanager
def for_the_agent() -> Iterator[None]:
    """An outage of the database in the agent's words: it knows no database. Raises JournalDown."""
    try:
        yield
    except UNAVAILABLE as error:
        raise JournalDown(f"The database is away ({type(error).__name__}).") from error


async def guard(tx: AsyncConnection, lease: Lease) -> None:
    """Let this transaction commit only as the holder. Raises LeaseLost."""
    rows = tables.metadata.tables[lease.table]
    if (await tx.execute(select(rows.c.id).where(held(lease)).with_for_update())).first() is None:
        raise LeaseLost(lease.id)
