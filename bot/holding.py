"""Working on a row under a lease: renewed while the work goes on, and the work ends when the lease is lost."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from agent.journal import LeaseLost
from bot.context import Context
from bot.store import leases
from bot.store.database import UNAVAILABLE
from bot.store.leases import Lease

Result = TypeVar("Result")
BEATS = 3
"""Renewals within the life of a lease: two may fail before anybody else can take the row."""

log = structlog.get_logger()


async def hold(context: Context, lease: Lease, work: Awaitable[Result]) -> Result:
    """The result of the work. Raises what the work raises, or LeaseLost once somebody else has the row."""

    async def do() -> Result:
        try:
            return await work
        finally:
            beating.cancel()

    try:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(_beat(context, lease))
            doing = group.create_task(do())
    except BaseExceptionGroup as errors:
        if errors.subgroup(LeaseLost):
            raise LeaseLost(lease.id) from None
        raise errors.exceptions[0] from errors
    return doing.result()


async def _beat(context: Context, lease: Lease) -> None:
    while True:
        await asyncio.sleep(lease.seconds / BEATS)
        try:
            await leases.renew(context.db, lease, context.clock())
        except UNAVAILABLE as error:
            # The fence guards every write; a database that comes back in time finds us still at work.
            log.warning("lease_not_renewed", error=type(error).__name__)
