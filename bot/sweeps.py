"""Sweeps: whatever the database says is to be done and nobody does, is kicked again.

Each is safe to run at any time and any number of times. With them, Redis may lose everything at any moment.
"""

import structlog

from bot.context import Context
from bot.store import deliveries, effects, findings, revalidations, runs

log = structlog.get_logger()

GIVEN_UP = f"Given up after {deliveries.ATTEMPTS} attempts."


async def sweep_deliveries(context: Context) -> None:
    """Deliveries that were received or queued and then left alone."""
    now = context.clock()
    async with context.db.read() as tx:
        stuck = await deliveries.stuck(tx, now)
    for delivery in stuck:
        async with context.db.begin() as tx:
            latest = await deliveries.get(tx, delivery.id, lock=True)
            if latest is None or not deliveries.needs_sweep(latest, now):
                continue  # somebody was faster
            if latest.attempts >= deliveries.ATTEMPTS:
                await deliveries.mark(tx, latest.id, "failed", now, f"{GIVEN_UP} {latest.error}".strip())
                log.error("delivery_given_up", delivery_id=latest.id)
                continue
            await deliveries.queue_again(tx, latest, now)
        if not await context.queue.kick_event(delivery.id, latest.attempts + 1):
            return


async def sweep_runs(context: Context) -> None:
    """Runs and re-validations that are to be worked on and that nobody holds."""
    now = context.clock()
    async with context.db.read() as tx:
        idle_runs = await runs.idle(tx, now)
        idle_checks = await revalidations.idle(tx, now)
    for check in idle_checks:
        await context.queue.kick_revalidation(check.id, check.fence)
    for run in idle_runs:
        await context.queue.kick_run(run.id, run.fence)


async def sweep_writes(context: Context) -> None:
    """GitHub writes that are due, drafts to file, verdicts to report."""
    async with context.db.read() as tx:
        due = await effects.due(tx, context.clock(), 1)
        drafts = await findings.drafts(tx)
        decided = await revalidations.decided(tx)
    if drafts:
        await context.queue.kick_filing()
    if decided:
        await context.queue.kick_reports()
    if due:
        await context.queue.kick_outbox()
