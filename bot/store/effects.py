"""The outbox: GitHub writes that are intended but not done. Who sends them and how is not known here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.events import RepoRef
from bot.store.database import insert_once
from bot.store.ids import new_id
from bot.store.leases import free
from bot.store.tables import effects


@dataclass(frozen=True, slots=True)
class EffectRow:
    """`effect` is the JSON form of a bot.domain.effects effect; `started_at` is when its first attempt began."""

    id: str
    key: str
    repo: RepoRef
    installation_id: int
    effect: dict[str, Any]
    state: str
    attempts: int
    created_at: datetime
    started_at: datetime | None
    not_before: datetime
    owner: str
    lease_until: datetime | None
    fence: int
    result: dict[str, Any] | None
    error: str


async def add(
    tx: AsyncConnection, repo: RepoRef, installation_id: int, key: str, effect: dict[str, Any], now: datetime
) -> bool:
    """Intend a write. False when the same intent (`key`) is there already, whatever became of it."""
    values = {
        "id": new_id(),
        "key": key,
        "repo": {"id": repo.id, "owner": repo.owner, "name": repo.name},
        "installation_id": installation_id,
        "effect": effect,
        "state": "pending",
        "created_at": now,
        "not_before": now,
    }
    return await insert_once(tx, effects, values)


async def due(tx: AsyncConnection, now: datetime, limit: int) -> tuple[EffectRow, ...]:
    """Those to be tried now, in the order in which they were intended; none that somebody is sending."""
    open_ = effects.c.state.in_(["pending", "sending"])
    query = select(effects).where(open_, effects.c.not_before <= now, free(effects, now))
    rows = await tx.execute(query.order_by(effects.c.created_at, effects.c.id).limit(limit))
    return tuple(_effect(row) for row in rows)


async def sending(tx: AsyncConnection, id: str, now: datetime) -> None:
    """Write down that an attempt begins, before it begins."""
    started = func.coalesce(effects.c.started_at, now)
    await _set(tx, id, state="sending", attempts=effects.c.attempts + 1, started_at=started)


async def done(tx: AsyncConnection, id: str, result: dict[str, Any] | None) -> None:
    await _set(tx, id, state="done", result=result, error="", owner="", lease_until=None)


async def failed(tx: AsyncConnection, id: str, error: str) -> None:
    """It will not be tried again."""
    await _set(tx, id, state="failed", error=error[:2000], owner="", lease_until=None)


async def retry_at(tx: AsyncConnection, id: str, when: datetime, error: str) -> None:
    await _set(tx, id, state="pending", not_before=when, error=error[:2000], owner="", lease_until=None)


async def rearm(tx: AsyncConnection, key: str, now: datetime) -> None:
    """Try one again that was given up. Its attempts stay, so that the next one looks for what they left behind."""
    given_up = update(effects).where(effects.c.key == key, effects.c.state == "failed")
    await tx.execute(given_up.values(state="pending", not_before=now))


async def get(tx: AsyncConnection, id: str) -> EffectRow | None:
    row = (await tx.execute(select(effects).where(effects.c.id == id))).first()
    return None if row is None else _effect(row)


async def by_key(tx: AsyncConnection, key: str) -> EffectRow | None:
    row = (await tx.execute(select(effects).where(effects.c.key == key))).first()
    return None if row is None else _effect(row)


async def _set(tx: AsyncConnection, id: str, **values: Any) -> None:
    await tx.execute(update(effects).where(effects.c.id == id).values(**values))


def _effect(row: Row[Any]) -> EffectRow:
    return EffectRow(**{**row._mapping, "repo": RepoRef(**row.repo)})
