"""Runs: one row per accepted charter or rerun, and its journal. Writes of a worker go through its lease."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.charter import Charter
from agent.events import Event, Payload, RunStarted, payload_from_json
from agent.journal import LeaseLost
from bot.events import RepoRef
from bot.store.database import Database, insert_once
from bot.store.leases import Lease, for_the_agent, free, held
from bot.store.tables import ACTIVE, events, runs

LONGEST_BUILD = 64


@dataclass(frozen=True, slots=True)
class Run:
    """A run as stored. `trigger` names what asked for it, so that asking twice is one run; `events` counts its
    journal; `folder` holds its report, relative to the working directory or absolute."""

    id: str
    repo: RepoRef
    installation_id: int
    issue: int
    charter: Charter
    requested_by: str
    trigger: str
    state: str
    created_at: datetime
    detail: str = ""
    stop_requested: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    events: int = 0
    progress_comment: int | None = None
    progress_text: str = ""
    build: str = ""
    folder: str = ""
    fence: int = 0


async def insert(tx: AsyncConnection, run: Run) -> bool:
    """False, and nothing changed, when its trigger was seen before or the charter has a run that is not over."""
    values = {**asdict(run), "repo_id": run.repo.id, "stop_requested": int(run.stop_requested)}
    return await insert_once(tx, runs, values)


async def get(tx: AsyncConnection, id: str) -> Run | None:
    return await _first(tx, select(runs).where(runs.c.id == id))


async def active_for(tx: AsyncConnection, repo_id: int, issue: int) -> Run | None:
    return await _first(tx, select(runs).where(runs.c.repo_id == repo_id, runs.c.issue == issue, ACTIVE))


async def latest_for(tx: AsyncConnection, repo_id: int, issue: int) -> Run | None:
    newest = select(runs).where(runs.c.repo_id == repo_id, runs.c.issue == issue)
    return await _first(tx, newest.order_by(runs.c.created_at.desc(), runs.c.id.desc()).limit(1))


async def of_state(tx: AsyncConnection, *states: str) -> tuple[Run, ...]:
    query = select(runs).where(runs.c.state.in_(states)).order_by(runs.c.created_at, runs.c.id)
    return tuple(_run(row) for row in await tx.execute(query))


async def idle(tx: AsyncConnection, now: datetime) -> tuple[Run, ...]:
    """Runs that are not over and on which nobody works, oldest first."""
    query = select(runs).where(ACTIVE, free(runs, now)).order_by(runs.c.created_at, runs.c.id)
    return tuple(_run(row) for row in await tx.execute(query))


async def set_state_as(tx: AsyncConnection, lease: Lease, state: str, detail: str, now: datetime) -> None:
    """For a worker, and only while the run is still his. Raises LeaseLost."""
    done = await tx.execute(update(runs).where(held(lease)).values(**_state(state, detail, now)))
    if done.rowcount != 1:
        raise LeaseLost(lease.id)


async def set_folder(tx: AsyncConnection, id: str, folder: str) -> None:
    await tx.execute(update(runs).where(runs.c.id == id).values(folder=folder))


async def request_stop(tx: AsyncConnection, id: str) -> None:
    await tx.execute(update(runs).where(runs.c.id == id).values(stop_requested=1))


async def set_progress(tx: AsyncConnection, id: str, comment_id: int | None = None, text: str | None = None) -> None:
    """The live comment and what it says; None leaves a value as it is."""
    given = {"progress_comment": comment_id, "progress_text": text}
    values = {name: value for name, value in given.items() if value is not None}
    if values:
        await tx.execute(update(runs).where(runs.c.id == id).values(**values))


async def read_events(tx: AsyncConnection, run_id: str, after: int = 0) -> tuple[Event, ...]:
    """The journal after event number `after`, oldest first."""
    query = select(events).where(events.c.run_id == run_id, events.c.seq > after).order_by(events.c.seq)
    return tuple(
        Event(row.seq, row.at, row.role, payload_from_json(row.kind, row.payload)) for row in await tx.execute(query)
    )


class RunJournal:
    """agent.journal.Journal in the database, for the holder of a run's lease."""

    def __init__(self, db: Database, lease: Lease):
        self._db = db
        self._lease = lease

    async def append(self, role: str, payloads: Sequence[Payload]) -> tuple[Event, ...]:
        with for_the_agent():
            return await self._append(role, payloads) if payloads else ()

    async def _append(self, role: str, payloads: Sequence[Payload]) -> tuple[Event, ...]:
        now = datetime.now(UTC)
        claim = update(runs).where(held(self._lease)).values(events=runs.c.events + len(payloads), **_build(payloads))
        async with self._db.begin() as tx:
            # The fence and the numbers are one statement: no other worker can number events in between.
            last = (await tx.execute(claim.returning(runs.c.events))).scalar_one_or_none()
            if last is None:
                raise LeaseLost(self._lease.id)
            written = tuple(
                Event(seq, now, role, payload) for seq, payload in enumerate(payloads, last - len(payloads) + 1)
            )
            await tx.execute(insert_into(events), [_event_row(self._lease.id, event) for event in written])
        return written

    async def read(self) -> tuple[Event, ...]:
        with for_the_agent():
            async with self._db.read() as tx:
                return await read_events(tx, self._lease.id)


def journal(db: Database, lease: Lease) -> RunJournal:
    return RunJournal(db, lease)


def _build(payloads: Sequence[Payload]) -> dict[str, str]:
    """The row shows the build that was last explored, as far as there is room for its name."""
    builds = [item.build for item in payloads if isinstance(item, RunStarted) and item.build]
    return {"build": builds[-1][:LONGEST_BUILD]} if builds else {}


def _event_row(run_id: str, event: Event) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "seq": event.seq,
        "at": event.at,
        "role": event.role,
        "kind": event.kind,
        "payload": event.payload.to_json(),
    }


def _state(state: str, detail: str, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"state": state, "detail": detail[:4000]}
    if state == "running":
        return {**values, "started_at": func.coalesce(runs.c.started_at, now)}
    return values if state == "queued" else {**values, "finished_at": now}


async def _first(tx: AsyncConnection, query: Select[Any]) -> Run | None:
    row = (await tx.execute(query)).first()
    return None if row is None else _run(row)


def _run(row: Row[Any]) -> Run:
    values = {name: row._mapping[name] for name in Run.__slots__}
    charter: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.charter.items()
    }
    own = {"repo": RepoRef(**row.repo), "charter": Charter(**charter), "stop_requested": bool(row.stop_requested)}
    return Run(**{**values, **own})
