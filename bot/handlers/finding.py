"""Proven findings become pending issues. The explorer wrote the drafts; filing off or a dry run wrote none."""

from bot.context import Context
from bot.domain.effects import CreateFindingIssue
from bot.handlers.writing import Desk
from bot.store import findings, runs


async def file_drafts(context: Context) -> int:
    """Intends an issue for every draft; safe to repeat. Answers how many are new."""
    async with context.db.begin() as tx:
        added = 0
        for row in await findings.drafts(tx):
            run = await runs.get(tx, row.run_id)
            if run is not None:
                desk = Desk(tx, run.repo, run.installation_id, context)
                added += await desk.add(row.filing_key, CreateFindingIssue(row.id))
    if added:
        await context.queue.kick_outbox()
    return added
