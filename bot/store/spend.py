"""What the runs of a profile spend on model calls on one day: agent.llm.spending.DayBook in the database.

No room is lost for ever: a run's reservations count only while it is queued or running, and what a killed worker had
reserved is overwritten by the first reservation of the worker that goes on with its run.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.charter import Limit
from agent.llm.spending import NOTHING, Spend, fits
from bot.store.database import Database, insert_once
from bot.store.leases import for_the_agent
from bot.store.tables import ACTIVE, runs, spend

MICROS = 1_000_000
WHOLE_DAY = ""
"""The run id of the row that stands for a profile's day: whoever reserves locks it, so that sums do not cross."""


def _now() -> datetime:
    return datetime.now(UTC)


class SpendDay:
    """The day book of one run, for the holder of its lease. `profile` is App/profile; the day is UTC's, and turns.

    Both methods raise agent.journal.JournalDown while the database is away.
    """

    def __init__(self, db: Database, profile: str, run_id: str, now: Callable[[], datetime] = _now):
        self._db = db
        self._profile = profile
        self._run = run_id
        self._now = now
        self._held = NOTHING
        self._turn = asyncio.Lock()

    async def reserve(self, amount: Spend, limit: Limit) -> bool:
        if limit == Limit():
            return True  # nobody counts what is reserved, only what was spent
        async with self._turn:
            with for_the_agent():
                async with self._db.begin() as tx:
                    day = self._today()
                    if not fits(await self._whole_day(tx, day) + self._held + amount, limit):
                        return False
                    await self._write(tx, day, self._held + amount, NOTHING)
            self._held += amount
            return True

    async def settle(self, reserved: Spend, actual: Spend) -> None:
        async with self._turn:
            held = self._held.beyond(reserved)
            with for_the_agent():
                async with self._db.begin() as tx:
                    await self._write(tx, self._today(), held, actual)
            self._held = held

    def _today(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    async def _whole_day(self, tx: AsyncConnection, day: str) -> Spend:
        """All that was spent on the day, and what the other runs that are not over have reserved. Our own reservations
        are counted from memory: the row may hold those of a worker that was killed."""
        await insert_once(tx, spend, self._row(day, WHOLE_DAY))
        await tx.execute(select(spend.c.run_id).where(self._is(day, WHOLE_DAY)).with_for_update())
        counts = and_(ACTIVE, spend.c.run_id != self._run)
        sums = select(
            func.coalesce(func.sum(spend.c.tokens + case((counts, spend.c.reserved_tokens), else_=0)), 0),
            func.coalesce(func.sum(spend.c.micros + case((counts, spend.c.reserved_micros), else_=0)), 0),
        ).select_from(spend.outerjoin(runs, runs.c.id == spend.c.run_id))
        tokens, micros = (await tx.execute(sums.where(spend.c.day == day, spend.c.profile == self._profile))).one()
        return Spend(int(tokens), int(micros) / MICROS)

    async def _write(self, tx: AsyncConnection, day: str, held: Spend, spent: Spend) -> None:
        await insert_once(tx, spend, self._row(day, self._run))
        values = {
            "tokens": spend.c.tokens + spent.tokens,
            "micros": spend.c.micros + _micros(spent.usd),
            "reserved_tokens": held.tokens,
            "reserved_micros": _micros(held.usd),
        }
        await tx.execute(update(spend).where(self._is(day, self._run)).values(values))

    def _row(self, day: str, run_id: str) -> Mapping[str, Any]:
        none = {"tokens": 0, "micros": 0, "reserved_tokens": 0, "reserved_micros": 0}
        return {"day": day, "profile": self._profile, "run_id": run_id, **none}

    def _is(self, day: str, run_id: str) -> ColumnElement[bool]:
        return and_(spend.c.day == day, spend.c.profile == self._profile, spend.c.run_id == run_id)


def _micros(usd: float) -> int:
    """Millionths of a dollar, rounded up; what a sum of floats is off does not make one more."""
    return math.ceil(usd * MICROS - 1e-3)
