"""What a profile may spend on one day, kept in the database: by several workers at once, across kills and midnights."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from spine_stage import a_run
from sqlalchemy import select

from agent.charter import Budgets, Limit
from agent.journal import JournalDown
from agent.llm.errors import BudgetSpent
from agent.llm.spending import Account, Spend
from bot.store import leases, runs, tables
from bot.store.database import Database
from bot.store.runs import Run
from bot.store.spend import SpendDay

NOW = datetime(2026, 5, 4, 23, 0, tzinfo=UTC)
PROFILE = "Clubhouse/local"
LIMIT = Limit(tokens=1000)

SPENDER = """
import asyncio, sys
from agent.charter import Limit
from agent.llm.spending import Spend
from bot.store.database import Database
from bot.store.spend import SpendDay

async def main(url, run_id, calls, end):
    db = Database(url)
    day = SpendDay(db, "Clubhouse/local", run_id)
    granted = 0
    for _ in range(int(calls)):
        if await day.reserve(Spend(10, 0.01), Limit(tokens=1000, usd=1.0)):
            if end == "hang":
                print("reserved", flush=True)
                await asyncio.sleep(600)
            await day.settle(Spend(10, 0.01), Spend(10, 0.01))
            granted += 1
    print(granted, flush=True)
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def other(db: Database) -> AsyncIterator[Database]:
    """The database as another worker sees it."""
    database = Database(db.url)
    yield database
    await database.close()


async def running(db: Database, issue: int) -> Run:
    run = a_run(issue)
    async with db.begin() as tx:
        assert await runs.insert(tx, run)
    return run


async def over(db: Database, run: Run) -> None:
    lease = await leases.take(db, "runs", run.id, 30, NOW)
    assert lease is not None
    async with db.begin() as tx:
        await runs.set_state_as(tx, lease, "completed", "", NOW)


async def rows(db: Database) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """(day, run) -> tokens, micro-dollars, both reserved; without the rows that are locks."""
    async with db.read() as tx:
        found = await tx.execute(select(tables.spend).where(tables.spend.c.run_id != ""))
        return {(row.day, row.run_id): tuple(row[3:]) for row in found}


async def spender(db: Database, run: Run, calls: int, end: str = "") -> asyncio.subprocess.Process:
    words = (SPENDER, db.url, run.id, str(calls), end)
    return await asyncio.create_subprocess_exec(sys.executable, "-c", *words, stdout=asyncio.subprocess.PIPE)


async def test_what_was_reserved_and_spent_is_in_the_row_of_the_run(db: Database):
    run = await running(db, 1)
    day = SpendDay(db, PROFILE, run.id, lambda: NOW)
    assert await day.reserve(Spend(300, 0.30), LIMIT)
    assert await day.reserve(Spend(200, 0.20), LIMIT)
    assert await rows(db) == {("2026-05-04", run.id): (0, 0, 500, 500_000)}
    await day.settle(Spend(300, 0.30), Spend(120, 0.1234565))
    assert await rows(db) == {("2026-05-04", run.id): (120, 123_457, 200, 200_000)}


async def test_two_workers_share_the_days_limit(db: Database, other: Database):
    one, two = [SpendDay(of, PROFILE, (await running(db, n)).id) for n, of in enumerate((db, other))]
    assert await one.reserve(Spend(600), LIMIT)
    assert not await two.reserve(Spend(401), LIMIT)
    assert await two.reserve(Spend(400), LIMIT)
    assert not await one.reserve(Spend(1), LIMIT)
    await two.settle(Spend(400), Spend(100))
    assert not await one.reserve(Spend(301), LIMIT)
    assert await one.reserve(Spend(300), LIMIT)


async def test_another_profile_and_another_day_have_a_limit_of_their_own(db: Database):
    clock = [NOW]
    one = SpendDay(db, PROFILE, (await running(db, 1)).id, lambda: clock[0])
    assert await one.reserve(Spend(1000), LIMIT)
    await one.settle(Spend(1000), Spend(1000))
    assert not await one.reserve(Spend(1), LIMIT)
    assert await SpendDay(db, "Clubhouse/staging", (await running(db, 2)).id, lambda: NOW).reserve(Spend(1000), LIMIT)
    clock[0] = NOW.replace(day=5, hour=0)
    assert await one.reserve(Spend(1000), LIMIT)


async def test_a_call_over_midnight_is_paid_on_the_new_day_and_holds_its_room_there(db: Database, other: Database):
    clock, run = [NOW], await running(db, 1)
    one = SpendDay(db, PROFILE, run.id, lambda: clock[0])
    two = SpendDay(other, PROFILE, (await running(db, 2)).id, lambda: clock[0])
    assert await one.reserve(Spend(300), LIMIT)
    assert await one.reserve(Spend(500), LIMIT)
    clock[0] = NOW.replace(day=5, hour=0)
    await one.settle(Spend(300), Spend(250))
    assert (await rows(db))["2026-05-05", run.id] == (250, 0, 500, 0)
    assert not await two.reserve(Spend(251), LIMIT)
    assert await two.reserve(Spend(250), LIMIT)


async def test_without_a_limit_everything_goes_and_is_still_counted(db: Database):
    run = await running(db, 1)
    day = SpendDay(db, PROFILE, run.id, lambda: NOW)
    assert await day.reserve(Spend(10**12, 10**6), Limit())
    await day.settle(Spend(10**12, 10**6), Spend(10**12, 10**6))
    assert await rows(db) == {("2026-05-04", run.id): (10**12, 10**12, 0, 0)}


async def test_calls_of_one_run_at_the_same_time_lose_nothing(db: Database):
    run = await running(db, 1)
    day = SpendDay(db, PROFILE, run.id, lambda: NOW)

    async def call() -> None:
        assert await day.reserve(Spend(7, 0.007), Limit(tokens=10_000, usd=10))
        await asyncio.sleep(0)
        await day.settle(Spend(7, 0.007), Spend(3, 0.003))

    await asyncio.gather(*(call() for _ in range(20)))
    assert await rows(db) == {("2026-05-04", run.id): (60, 60_000, 0, 0)}


async def test_four_processes_spend_the_day_to_the_last_token_and_not_one_more(db: Database):
    started = [await spender(db, await running(db, issue), 40) for issue in range(4)]
    granted = [int((await process.communicate())[0]) for process in started]
    assert sum(granted) == 100
    assert sum(tokens for tokens, *_ in (await rows(db)).values()) == 1000
    assert sum(micros for _, micros, *_ in (await rows(db)).values()) == 1_000_000


async def test_a_killed_worker_holds_its_room_only_until_its_run_goes_on_or_is_over(db: Database, other: Database):
    run = await running(db, 1)
    process = await spender(db, run, 1, "hang")
    assert process.stdout is not None
    assert await process.stdout.readline() == b"reserved\n"
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    second = SpendDay(other, PROFILE, (await running(db, 2)).id)
    assert not await second.reserve(Spend(991), LIMIT)  # the run goes on soon, perhaps

    resumed = SpendDay(db, PROFILE, run.id)
    assert await resumed.reserve(Spend(1000), LIMIT)
    await resumed.settle(Spend(1000), Spend(5))
    assert not await second.reserve(Spend(996), LIMIT)
    assert await second.reserve(Spend(995), LIMIT)
    await second.settle(Spend(995), Spend())

    assert await resumed.reserve(Spend(900), LIMIT)
    assert not await second.reserve(Spend(96), LIMIT)
    await over(db, run)
    assert await second.reserve(Spend(995), LIMIT)


async def test_two_accounts_of_two_workers_share_a_day_and_both_can_close(db: Database, other: Database):
    budgets = Budgets(day=Limit(tokens=500))
    books = [SpendDay(of, PROFILE, (await running(db, n)).id) for n, of in enumerate((db, other))]
    accounts = [Account(budgets, book) for book in books]
    everybody_asked = asyncio.Barrier(4)

    async def role(account: Account, name: str) -> None:
        await account.settle(await account.reserve(name, Spend(20)), Spend(20))
        await everybody_asked.wait()
        for _ in range(50):
            try:
                hold = await account.reserve(name, Spend(20))
            except BudgetSpent:
                break
            await account.settle(hold, Spend(20))
        else:
            raise AssertionError("the day never ended")
        await account.settle(await account.reserve(name, Spend(20), closing=True), Spend(20))
        account.leave(name)

    await asyncio.gather(*(role(account, name) for account in accounts for name in ("member", "coach")))
    spent = sum(tokens for tokens, *_ in (await rows(db)).values())
    assert spent <= 500
    assert spent >= 460  # nothing is left but what a call and its closing turn would not have fitted in
    assert all(reserved == 0 for _, _, reserved, _ in (await rows(db)).values())


async def test_an_outage_is_told_in_the_words_of_the_agent():
    away = Database("postgresql+asyncpg://u:p@127.0.0.1:9/x")
    day = SpendDay(away, PROFILE, "r1")
    with pytest.raises(JournalDown):
        await day.reserve(Spend(1), LIMIT)
    with pytest.raises(JournalDown):
        await day.settle(Spend(1), Spend(1))
    await away.close()
