"""Webhook deliveries: each is taken once, and again when it failed or got stuck. Knows nothing of their content."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal

from sqlalchemy import Row, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import insert_once
from bot.store.tables import deliveries

State = Literal["received", "queued", "done", "failed"]
UNQUEUED = timedelta(seconds=20)
"""A delivery is queued within milliseconds of its arrival; after this long nobody is at it any more."""
UNHANDLED = timedelta(seconds=90)
"""Longer than a handler may take."""
ATTEMPTS = 8
NOT_QUEUED = "The queue could not be reached."


class Claim(Enum):
    """NEW: never seen. AGAIN: seen, but it failed or got stuck. DUPLICATE: done or in good hands."""

    NEW = "new"
    AGAIN = "again"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """`payload` is the JSON form of a bot.events event, or empty when there is none to act on."""

    id: str
    event: str
    action: str
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    id: str
    event: str
    action: str
    state: State
    attempts: int
    payload: dict[str, Any]
    error: str
    received_at: datetime
    updated_at: datetime


async def claim(tx: AsyncConnection, new: NewDelivery, now: datetime) -> Claim:
    """Take the delivery for this request; of any number of simultaneous ones exactly one does not get DUPLICATE."""
    values = {"event": new.event, "action": new.action, "state": "received", "payload": new.payload, "updated_at": now}
    if await insert_once(tx, deliveries, {"id": new.id, "attempts": 1, "received_at": now, **values}):
        return Claim.NEW
    found = await get(tx, new.id, lock=True)
    if found is None or not (found.state == "failed" or needs_sweep(found, now)):
        return Claim.DUPLICATE
    again = update(deliveries).where(deliveries.c.id == new.id)
    await tx.execute(again.values(attempts=found.attempts + 1, error="", **values))
    return Claim.AGAIN


def needs_sweep(delivery: Delivery, now: datetime) -> bool:
    """Whether it was left alone on its way. One that could not be queued has its reason in `error`."""
    if delivery.state == "received":
        return bool(delivery.error) or delivery.updated_at < now - UNQUEUED
    return delivery.state == "queued" and delivery.updated_at < now - UNHANDLED


async def mark(tx: AsyncConnection, id: str, state: State, now: datetime, error: str = "") -> None:
    await tx.execute(
        update(deliveries).where(deliveries.c.id == id).values(state=state, error=error[:2000], updated_at=now)
    )


async def hand_over(tx: AsyncConnection, id: str, queued: bool, now: datetime) -> None:
    """Note whether the queue took it; changes nothing when a worker has handled it in the meantime."""
    values = {"state": "queued"} if queued else {"error": NOT_QUEUED}
    row = update(deliveries).where(deliveries.c.id == id, deliveries.c.state == "received")
    await tx.execute(row.values(updated_at=now, **values))


async def postpone(tx: AsyncConnection, id: str, until: datetime, error: str) -> None:
    """Leave it alone until then; the sweep takes it up again."""
    row = update(deliveries).where(deliveries.c.id == id)
    await tx.execute(row.values(state="queued", error=error[:2000], updated_at=until - UNHANDLED))


async def queue_again(tx: AsyncConnection, delivery: Delivery, now: datetime) -> None:
    """Count one more attempt; its job gets a name of its own."""
    row = update(deliveries).where(deliveries.c.id == delivery.id)
    await tx.execute(row.values(state="queued", attempts=delivery.attempts + 1, updated_at=now))


async def get(tx: AsyncConnection, id: str, lock: bool = False) -> Delivery | None:
    query = select(deliveries).where(deliveries.c.id == id)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else _delivery(row)


async def stuck(tx: AsyncConnection, now: datetime) -> tuple[Delivery, ...]:
    """Those that were received or queued too long ago, oldest first. Failed ones wait for GitHub's redelivery."""
    state, updated = deliveries.c.state, deliveries.c.updated_at
    unqueued = and_(state == "received", or_(deliveries.c.error != "", updated < now - UNQUEUED))
    unhandled = and_(state == "queued", updated < now - UNHANDLED)
    query = select(deliveries).where(or_(unqueued, unhandled)).order_by(updated).limit(100)
    return tuple(_delivery(row) for row in await tx.execute(query))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._mapping)
