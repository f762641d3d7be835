"""Sends the outbox: each effect under a lease, once, whatever happens in between. Knows no texts and no routes.

An attempt is written down before it begins. Whatever breaks it (a lost reply, a killed process) makes the next one look
for the marker first, and not before GitHub had time to show it: the lease of a killed attempt outlasts SETTLE.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from agent.journal import LeaseLost
from bot.context import Context
from bot.errors import Ambiguous, BadCredentials, Gone, PermissionMissing, RateLimited, Refused, Unavailable
from bot.github.port import GitHubPort
from bot.github.writes import SETTLE
from bot.handlers.effect import Sent, carry_out
from bot.reasons import Reason
from bot.store import effects, leases
from bot.store.effects import EffectRow
from bot.store.leases import Lease

BATCH = 100
LEASE_SECONDS = 60.0
SEND_SECONDS = 50.0
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
# An error of ours may be mended by a deployment; after this many tries somebody has to look.
MOST_BROKEN = 5
PERMANENT = {PermissionMissing: Reason.PERMISSION_MISSING, Gone: Reason.GONE, Refused: Reason.REFUSED}

log = structlog.get_logger()


async def flush(context: Context) -> int:
    """Sends what is due; answers how many effects were done. Any number of processes may flush at once."""
    assert context.github is not None, "only the events worker sends"
    async with context.db.read() as tx:
        due = await effects.due(tx, context.clock(), BATCH)
    done, held = 0, dict[int, datetime]()
    for row in due:
        lease = await leases.take(context.db, "effects", row.id, LEASE_SECONDS, context.clock())
        if lease is None:
            continue
        if row.installation_id in held:
            await _put_off(row, held[row.installation_id], "waits for the rate limit", context)
            continue
        try:
            done += await _attempt(lease, context.github, context)
        except RateLimited as limit:
            held[row.installation_id] = limit.until
            await _put_off(row, limit.until, str(limit), context)
        except LeaseLost:
            log.warning("effect_lost", key=row.key)
    if done:
        await context.queue.kick_progress()
    if len(due) == BATCH:
        await context.queue.kick_outbox()
    return done


async def _attempt(lease: Lease, github: GitHubPort, context: Context) -> bool:
    """Whether it is done now. Raises RateLimited, with the attempt written down, and LeaseLost."""
    async with context.db.begin() as tx:
        await leases.guard(tx, lease)
        row = await effects.get(tx, lease.id)
        if row is None or row.state not in ("pending", "sending"):
            return False
        await effects.sending(tx, row.id, context.clock())
    try:
        async with asyncio.timeout(SEND_SECONDS):
            sent = await carry_out(row, github.at(row.repo, row.installation_id), context)
    except RateLimited:
        raise
    except (Ambiguous, TimeoutError) as unknown:
        await _put_off(row, context.clock() + SETTLE, f"unknown: {unknown}", context)
    except (Unavailable, BadCredentials) as trouble:
        await _put_off(row, context.clock() + _pause(row.attempts), str(trouble), context)
    except (PermissionMissing, Gone, Refused) as refusal:
        await _give_up(row, PERMANENT[type(refusal)], str(refusal), context)
    except Exception as error:  # noqa: BLE001  the outbox's edge: one broken effect must not hold up the others
        await _broke(row, error, context)
    else:
        await _record(lease, row, sent, context)
        return True
    return False


async def _record(lease: Lease, row: EffectRow, sent: Sent, context: Context) -> None:
    async with context.db.begin() as tx:
        await leases.guard(tx, lease)
        for record in sent.records:
            await record(tx)
        await effects.done(tx, row.id, sent.result)
    log.info("effect_done", key=row.key, kind=row.effect["type"], repo=row.repo.full_name, **sent.result)


async def _put_off(row: EffectRow, until: datetime, error: str, context: Context) -> None:
    async with context.db.begin() as tx:
        await effects.retry_at(tx, row.id, until, error)
    log.warning("effect_put_off", key=row.key, until=until.isoformat(), error=error)


async def _give_up(row: EffectRow, reason: Reason, error: str, context: Context) -> None:
    async with context.db.begin() as tx:
        await effects.failed(tx, row.id, error)
    log.error("effect_failed", key=row.key, reason=str(reason), error=error)


async def _broke(row: EffectRow, error: Exception, context: Context) -> None:
    log.exception("effect_broke", key=row.key)
    said = f"{type(error).__name__}: {error}"
    if row.attempts + 1 >= MOST_BROKEN:
        await _give_up(row, Reason.REFUSED, said, context)
    else:
        await _put_off(row, context.clock() + max(SETTLE, _pause(row.attempts)), said, context)


def _pause(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * 2 ** min(attempts, 10), LONGEST_PAUSE)
