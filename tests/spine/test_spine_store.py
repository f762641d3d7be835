"""What the database promises: one transaction or nothing, one holder per row, nothing twice."""

import asyncio
import sqlite3
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from spine_stage import REPO, a_run
from sqlalchemy import Connection, update
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.events import ObservationNoted, RunStarted, ToolFinished, TurnEnded
from agent.evidence.finding import Alarm, Finding, Fingerprint, FixVerdict, Repro, Step, Verdict
from agent.journal import JournalDown, LeaseLost
from bot.store import deliveries, effects, findings, leases, revalidations, runs, tables
from bot.store.database import UNAVAILABLE, Database, migrate
from bot.store.deliveries import Claim, NewDelivery
from bot.store.ids import new_id
from bot.store.leases import Lease
from bot.store.revalidations import RevalidationRow
from bot.store.runs import Run
from bot.store.tables import Utc, metadata

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def a_finding(fingerprint: str, title: str = "Booking twice fails") -> Finding:
    alarm = Alarm("server_error", "/courts/{id}", "POST /courts/{id} 500", "boom", "http://x/courts/1", "http://x/")
    repro = Repro(
        (Step("member", "goto", value="/courts/1"), Step("member", "click", ("get_by_text('Book')",))), 1, alarm
    )
    verdict = Verdict("CONFIRMED", 5, 5, "clean", build="abc")
    facts = Fingerprint(fingerprint, (("route", "/courts/{id}"), ("signal", "POST 500")))
    return Finding(facts, title, "high", "member", alarm, repro, verdict, "Clubhouse", "local")


async def stored(db: Database, run: Run) -> Run:
    async with db.begin() as tx:
        assert await runs.insert(tx, run)
    return run


async def moved(tx: AsyncConnection, run: Run, state: str) -> None:
    started = {"started_at": NOW} if state == "running" else {}
    await tx.execute(update(tables.runs).where(tables.runs.c.id == run.id).values(state=state, **started))


async def held(db: Database, run: Run, now: datetime = NOW) -> Lease:
    lease = await leases.take(db, "runs", run.id, 30, now)
    assert lease is not None
    return lease


async def test_the_migrations_make_exactly_the_tables_of_the_code(db: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        own = {"compare_type": lambda *given: False if isinstance(given[-1], Utc) else None}
        return compare_metadata(MigrationContext.configure(connection, opts=own), metadata)

    async with db.read() as tx:
        assert await tx.run_sync(differences) == []


async def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new' / 'x.db'}"
    code = f"import asyncio; from bot.store.database import migrate; asyncio.run(migrate({url!r}))"
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", code) for _ in range(4)]
    assert [await process.wait() for process in started] == [0, 0, 0, 0]
    with sqlite3.connect(tmp_path / "new" / "x.db") as plain:
        assert plain.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


async def test_four_processes_that_count_lose_no_step(db: Database) -> None:
    run = await stored(db, a_run())
    code = f"""
import asyncio
from sqlalchemy import select, update
from bot.store.database import Database
from bot.store.tables import runs
async def main():
    db = Database({db.url!r})
    for _ in range(40):
        async with db.begin() as tx:
            seen = (await tx.execute(select(runs.c.events).where(runs.c.id == {run.id!r}))).scalar_one()
            await asyncio.sleep(0.0005)
            await tx.execute(update(runs).where(runs.c.id == {run.id!r}).values(events=seen + 1))
    await db.close()
asyncio.run(main())
"""
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", code) for _ in range(4)]
    assert [await process.wait() for process in started] == [0, 0, 0, 0]
    async with db.read() as tx:
        counted = await runs.get(tx, run.id)
    assert counted is not None and counted.events == 160


async def test_a_reader_cannot_write(db: Database) -> None:
    """Reads take part in no lock; a write that slips into one fails loudly while somebody else writes."""
    run = await stored(db, a_run())
    async with db.begin() as tx:
        await moved(tx, run, "running")
        async with db.read() as other:
            seen = await runs.get(other, run.id)
            assert seen is not None and seen.state == "queued"
    with pytest.raises(OperationalError):
        async with db.read() as late:
            await runs.get(late, run.id)
            async with db.begin() as tx:
                await moved(tx, run, "completed")
            await moved(late, run, "failed")


async def test_a_run_comes_back_as_it_was_stored(db: Database) -> None:
    run = await stored(db, a_run())
    async with db.begin() as tx:
        await moved(tx, run, "running")
        await runs.set_progress(tx, run.id, comment_id=99, text="Exploring")
        await runs.request_stop(tx, run.id)
    async with db.read() as tx:
        found = await runs.get(tx, run.id)
    changed = {"state": "running", "started_at": NOW, "progress_comment": 99, "progress_text": "Exploring"}
    assert found == replace(run, stop_requested=True, **changed)


async def test_asking_twice_is_one_run_and_a_charter_has_one_at_a_time(db: Database) -> None:
    first = await stored(db, a_run(issue=7, trigger="delivery:a"))
    async with db.begin() as tx:
        assert not await runs.insert(tx, a_run(issue=8, trigger="delivery:a"))
        assert not await runs.insert(tx, a_run(issue=7, trigger="delivery:b"))
        assert await runs.active_for(tx, REPO.id, 7) == first
        await moved(tx, first, "completed")
        assert await runs.active_for(tx, REPO.id, 7) is None
        again = a_run(issue=7, trigger="delivery:c")
        assert await runs.insert(tx, again)
        assert await runs.latest_for(tx, REPO.id, 7) == again
        assert [run.id for run in await runs.of_state(tx, "queued", "completed")] == [first.id, again.id]


async def test_one_of_two_workers_gets_a_run_and_the_other_may_take_over_later(db: Database) -> None:
    run = await stored(db, a_run())
    both = await asyncio.gather(*(leases.take(db, "runs", run.id, 30, NOW) for _ in range(2)))
    (mine,) = [lease for lease in both if lease]
    await leases.renew(db, mine, NOW + timedelta(seconds=20))
    assert await leases.take(db, "runs", run.id, 30, NOW + timedelta(seconds=49)) is None
    second = await leases.take(db, "runs", run.id, 30, NOW + timedelta(seconds=51))
    assert second is not None and second.fence == mine.fence + 1
    with pytest.raises(LeaseLost):
        await leases.renew(db, mine, NOW + timedelta(seconds=52))
    await leases.release(db, mine)  # changes nothing: it is not his any more
    assert await leases.take(db, "runs", run.id, 30, NOW + timedelta(seconds=52)) is None
    await leases.release(db, second)
    assert await leases.take(db, "runs", run.id, 30, NOW + timedelta(seconds=52)) is not None


async def test_a_worker_that_lost_its_run_can_write_nothing(db: Database) -> None:
    run = await stored(db, a_run())
    old = await held(db, run)
    journal, book = runs.journal(db, old), findings.book(db, run, old)
    await journal.append("member", [TurnEnded(1)])
    new = await held(db, run, NOW + timedelta(seconds=31))
    for attempt in (
        lambda: journal.append("member", [TurnEnded(2)]),
        lambda: book.keep(a_finding("f1")),
        lambda: book.reference("f1"),
    ):
        with pytest.raises(LeaseLost):
            await attempt()
    with pytest.raises(LeaseLost):
        async with db.begin() as tx:
            await runs.set_state_as(tx, old, "completed", "", NOW)
    assert [event.seq for event in await runs.journal(db, new).append("member", [TurnEnded(2)])] == [2]
    async with db.read() as tx:
        assert [event.payload for event in await runs.read_events(tx, run.id)] == [TurnEnded(1), TurnEnded(2)]
        assert await findings.drafts(tx) == ()


async def test_roles_that_write_at_once_share_one_gapless_journal(db: Database) -> None:
    run = await stored(db, a_run())
    journal = runs.journal(db, await held(db, run))
    step = ToolFinished("1.1", "browser_click", {"ref": "e1"}, text="ok \x00 \ud83d", steps=({"action": "click"},))
    await journal.append("", [RunStarted(build="b1", roles=("a", "b"))])
    await asyncio.gather(*(journal.append(role, [step, TurnEnded(n)]) for role in "ab" for n in range(1, 11)))
    events = await journal.read()
    assert [event.seq for event in events] == list(range(1, 42))
    assert events[1].payload == step
    assert all(later.role == event.role for event, later in zip(events[1::2], events[2::2], strict=True))
    async with db.read() as tx:
        found = await runs.get(tx, run.id)
        assert found is not None and (found.events, found.build) == (41, "b1")
        assert await runs.read_events(tx, run.id, after=40) == events[40:]


async def test_a_turn_that_cannot_be_stored_leaves_no_trace(db: Database) -> None:
    run = await stored(db, a_run())
    journal = runs.journal(db, await held(db, run))
    with pytest.raises(Exception, match="JSON serializable"):
        await journal.append("a", [TurnEnded(1), ObservationNoted(title=object())])  # pyright: ignore[reportArgumentType] - on purpose
    assert await journal.read() == ()
    assert [event.seq for event in await journal.append("a", [TurnEnded(1)])] == [1]


async def test_a_finding_is_known_until_its_fix_is_confirmed(db: Database) -> None:
    first = await stored(db, a_run(issue=1))
    book = findings.book(db, first, await held(db, first))
    assert await book.reference("f1") is None
    await asyncio.gather(*(book.keep(a_finding("f1")) for _ in range(5)))
    assert await book.reference("f1") == "pending"
    async with db.begin() as tx:
        (draft,) = await findings.drafts(tx)
        assert draft.finding == a_finding("f1")
        await findings.set_state(tx, draft.id, "filed", issue=12, now=NOW)
        assert await findings.sightings(tx, first.id) == ()

    second = await stored(db, a_run(issue=2))
    book = findings.book(db, second, await held(db, second))
    assert await book.reference("f1") == "12"
    await book.keep(a_finding("f1", "The same again"))
    async with db.begin() as tx:
        (seen,) = await findings.sightings(tx, second.id)
        assert (seen.issue, seen.finding.title, seen.filed_at) == (12, "Booking twice fails", NOW)
        assert await findings.by_issue(tx, REPO.id, 12) == seen
        await findings.set_state(tx, seen.id, "fixed")

    assert await book.reference("f1") is None
    await book.keep(a_finding("f1", "It came back"))
    async with db.read() as tx:
        (back,) = await findings.drafts(tx)
        assert (back.id, back.issue, back.run_id, back.finding.title) == (draft.id, 12, second.id, "It came back")
        assert await findings.of_run(tx, second.id) == (back,)


async def test_two_apps_of_one_repository_may_share_a_fingerprint(db: Database) -> None:
    first = await stored(db, a_run(issue=1))
    await findings.book(db, first, await held(db, first)).keep(a_finding("f1"))
    other = await stored(db, a_run(issue=2, charter=replace(first.charter, app="Shop")))
    book = findings.book(db, other, await held(db, other))
    assert await book.reference("f1") is None
    await book.keep(replace(a_finding("f1"), app="Shop"))
    async with db.read() as tx:
        assert [row.app for row in await findings.drafts(tx)] == ["Clubhouse", "Shop"]
        assert await findings.sightings(tx, other.id) == ()


async def test_an_outage_of_the_database_is_told_as_one_and_a_mistake_is_not(tmp_path: Path, db: Database) -> None:
    run = await stored(db, a_run())
    lease = await held(db, run)
    away = Database("postgresql+asyncpg://u:p@127.0.0.1:9/x")
    gone = Database(f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    for lost in (away, gone):
        book, journal = findings.book(lost, run, lease), runs.journal(lost, lease)
        for call in (
            journal.read(),
            journal.append("a", [TurnEnded(1)]),
            book.reference("f"),
            book.keep(a_finding("f")),
        ):
            with pytest.raises(JournalDown):
                await call
        await lost.close()
    for mistake in (PermissionError(13, "x"), OSError(28, "No space left"), DataError("", None, Exception())):
        assert not isinstance(mistake, UNAVAILABLE)


async def test_a_build_with_a_long_name_is_cut_where_it_is_stored(db: Database) -> None:
    run = await stored(db, a_run())
    await runs.journal(db, await held(db, run)).append("", [RunStarted(build="b" * 100, roles=("a",))])
    async with db.read() as tx:
        found = await runs.get(tx, run.id)
    assert found is not None and found.build == "b" * 64


async def test_the_outbox_keeps_each_intent_once_and_in_order(db: Database) -> None:
    async with db.begin() as tx:
        added = [await effects.add(tx, REPO, 5, key, {"type": "PostComment"}, NOW) for key in ("b", "a", "b")]
        assert added == [True, True, False]
        first, second = await effects.due(tx, NOW, 10)
        assert (first.key, second.key, first.repo) == ("b", "a", REPO)
    lease = await leases.take(db, "effects", first.id, 30, NOW)
    assert lease is not None
    async with db.begin() as tx:
        await effects.sending(tx, first.id, NOW)
        assert [row.key for row in await effects.due(tx, NOW, 10)] == ["a"]
        await effects.retry_at(tx, first.id, NOW + timedelta(minutes=5), "rate limited")
        await effects.done(tx, second.id, {"number": 3})
        assert await effects.due(tx, NOW, 10) == ()
        (later,) = await effects.due(tx, NOW + timedelta(minutes=6), 10)
        assert (later.attempts, later.started_at, later.error) == (1, NOW, "rate limited")
        await effects.failed(tx, first.id, "gone")
        done, failed = await effects.by_key(tx, "a"), await effects.get(tx, first.id)
        assert done is not None and (done.state, done.result) == ("done", {"number": 3})
        assert failed is not None and (failed.state, failed.error) == ("failed", "gone")


async def test_a_revalidation_waits_is_ready_is_decided_once_and_reported(db: Database) -> None:
    row = RevalidationRow(new_id(), REPO.id, "f", 3, "sha", "staging", "waiting", NOW, NOW + timedelta(hours=1))
    async with db.begin() as tx:
        assert await revalidations.insert(tx, row)
        assert not await revalidations.insert(tx, replace(row, id=new_id()))
        assert await revalidations.waiting(tx, REPO.id, "staging") == (row,)
        assert await revalidations.waiting(tx, environment="local") == ()
        await revalidations.ready(tx, row.id, "b2")
        await revalidations.ready(tx, row.id, "b3")
        (ready,) = await revalidations.idle(tx, NOW)
        assert ready == replace(row, state="ready", build="b2")
        await revalidations.decide(tx, row.id, FixVerdict("FIXED", 0, 5, 5), NOW)
        await revalidations.decide(tx, row.id, FixVerdict("CANNOT_TELL", 0, 0, 5), NOW)
        (decided,) = await revalidations.decided(tx)
        assert decided.verdict == FixVerdict("FIXED", 0, 5, 5) and decided.finished_at == NOW
        await revalidations.reported(tx, row.id)
        assert await revalidations.decided(tx) == ()
        assert await revalidations.of_state(tx, "reported") != ()


async def test_a_delivery_is_taken_once_unless_it_failed_or_got_stuck(db: Database) -> None:
    new = NewDelivery("guid", "issues", "labeled", {"type": "x"})

    async def claim(seconds: float) -> Claim:
        async with db.begin() as tx:
            return await deliveries.claim(tx, new, NOW + timedelta(seconds=seconds))

    async def mark(state: deliveries.State, seconds: float) -> None:
        async with db.begin() as tx:
            await deliveries.mark(tx, "guid", state, NOW + timedelta(seconds=seconds))

    assert [await claim(0), await claim(1)] == [Claim.NEW, Claim.DUPLICATE]
    assert await claim(30) is Claim.AGAIN  # nobody queued it
    await mark("queued", 31)
    assert [await claim(60), await claim(130)] == [Claim.DUPLICATE, Claim.AGAIN]
    await mark("failed", 131)
    assert [await claim(132), await claim(133)] == [Claim.AGAIN, Claim.DUPLICATE]
    await mark("done", 134)
    assert await claim(9999) is Claim.DUPLICATE
    async with db.read() as tx:
        found = await deliveries.get(tx, "guid")
    assert found is not None and (found.attempts, found.received_at) == (4, NOW)


async def test_migrating_again_changes_nothing(db: Database) -> None:
    run = await stored(db, a_run())
    await migrate(db.url)
    async with db.read() as tx:
        assert await runs.get(tx, run.id) == run
