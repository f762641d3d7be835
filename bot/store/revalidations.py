"""Re-validations: a fix was merged, its finding is to be replayed once a build with it is live."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.evidence.finding import FixVerdict
from bot.store.database import insert_once
from bot.store.leases import free
from bot.store.tables import revalidations


@dataclass(frozen=True, slots=True)
class RevalidationRow:
    """`deadline` is when waiting for a deployment ends; `build` is known once it is ready."""

    id: str
    repo_id: int
    finding_id: str
    pull_request: int
    merge_sha: str
    environment: str
    state: str
    created_at: datetime
    deadline: datetime
    build: str = ""
    verdict: FixVerdict | None = None
    finished_at: datetime | None = None
    fence: int = 0


async def insert(tx: AsyncConnection, row: RevalidationRow) -> bool:
    """False when this finding, merge and environment are being looked after already."""
    return await insert_once(tx, revalidations, asdict(row))


async def get(tx: AsyncConnection, id: str) -> RevalidationRow | None:
    found = await _rows(tx, select(revalidations).where(revalidations.c.id == id))
    return found[0] if found else None


async def waiting(
    tx: AsyncConnection, repo_id: int | None = None, environment: str | None = None
) -> tuple[RevalidationRow, ...]:
    query = select(revalidations).where(revalidations.c.state == "waiting")
    if repo_id is not None:
        query = query.where(revalidations.c.repo_id == repo_id)
    if environment is not None:
        query = query.where(revalidations.c.environment == environment)
    return await _rows(tx, query)


async def of_state(tx: AsyncConnection, *states: str) -> tuple[RevalidationRow, ...]:
    return await _rows(tx, select(revalidations).where(revalidations.c.state.in_(states)))


async def idle(tx: AsyncConnection, now: datetime) -> tuple[RevalidationRow, ...]:
    """Those that are ready and on which nobody works."""
    return await _rows(tx, select(revalidations).where(revalidations.c.state == "ready", free(revalidations, now)))


async def decided(tx: AsyncConnection) -> tuple[RevalidationRow, ...]:
    """Those with a verdict that nobody was told of."""
    return await of_state(tx, "decided")


async def ready(tx: AsyncConnection, id: str, build: str) -> None:
    """A build with the fix is live. Changes nothing when it was ready before."""
    await _move(tx, id, ("waiting",), state="ready", build=build)


async def decide(tx: AsyncConnection, id: str, verdict: FixVerdict, now: datetime) -> None:
    """The first verdict stands."""
    await _move(tx, id, ("waiting", "ready"), state="decided", verdict=asdict(verdict), finished_at=now)


async def reported(tx: AsyncConnection, id: str) -> None:
    await _move(tx, id, ("decided",), state="reported")


async def _move(tx: AsyncConnection, id: str, before: Iterable[str], **values: Any) -> None:
    row = update(revalidations).where(revalidations.c.id == id, revalidations.c.state.in_(before))
    await tx.execute(row.values(**values))


async def _rows(tx: AsyncConnection, query: Select[Any]) -> tuple[RevalidationRow, ...]:
    return tuple(_row(row) for row in await tx.execute(query.order_by(revalidations.c.created_at, revalidations.c.id)))


def _row(row: Row[Any]) -> RevalidationRow:
    values = {name: row._mapping[name] for name in RevalidationRow.__slots__}
    return RevalidationRow(**{**values, "verdict": FixVerdict(**row.verdict) if row.verdict else None})
