"""Keeps each run's live comment up to date from the journal, and says the end once. The journal is the truth."""

from datetime import timedelta

import structlog
from sqlalchemy import exists, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.context import Context
from bot.domain.run import FINISHED, RunState
from bot.domain.run_view import RunView, view
from bot.errors import GitHubFailure, RateLimited
from bot.github import writes
from bot.handlers.writing import Desk
from bot.render import final, progress
from bot.render.progress import Shown, Stamp
from bot.store import effects, findings, runs, tables
from bot.store.runs import Run

# A finding that GitHub refuses must not hold up the summary for ever.
FILING_PATIENCE = timedelta(minutes=5)

log = structlog.get_logger()


async def sync(context: Context) -> None:
    """Edits what has news and ends what has ended; safe to run at any time and twice."""
    async with context.db.read() as tx:
        shown = [*await runs.of_state(tx, RunState.QUEUED, RunState.RUNNING), *await _unreported(tx)]
    for run in shown:
        try:
            await _sync_run(run, context)
        except RateLimited as limit:
            log.info("progress_put_off", run_id=run.id, until=limit.until.isoformat())
        except GitHubFailure as failure:
            log.warning("progress_put_off", run_id=run.id, error=str(failure))


async def _unreported(tx: AsyncConnection) -> list[Run]:
    """Runs that are over and whose final comment nobody intended yet."""
    said = exists().where(tables.effects.c.key == literal("final:") + tables.runs.c.id)
    ids = await tx.scalars(select(tables.runs.c.id).where(tables.runs.c.state.in_(FINISHED), ~said))
    found = [await runs.get(tx, id) for id in ids]
    return [run for run in found if run is not None]


async def _sync_run(run: Run, context: Context) -> None:
    over = not RunState(run.state).is_active
    async with context.db.read() as tx:
        opened = await effects.by_key(tx, progress.key(run.id))
        found = await findings.of_run(tx, run.id)
        known = await findings.sightings(tx, run.id)
        filing = [await effects.by_key(tx, key) for key in (row.filing_key for row in found if row.state == "draft")]
    coming = opened is not None and opened.state in ("pending", "sending")
    if run.progress_comment is None and coming:
        return  # it is on its way, and must stand above everything else
    shown = Shown(run, RunView(), found, known)
    stamp = Stamp.of(shown, context.clock())
    last = Stamp.read(run.progress_text)
    if not over and not _is_due(stamp, last, context):
        return
    async with context.db.read() as tx:
        shown = Shown(run, view(await runs.read_events(tx, run.id)), found, known)
    await _edit(shown, stamp, context)
    unfinished = any(row is None or row.state in ("pending", "sending") for row in filing)
    ended = run.finished_at or context.clock()
    if over and (not unfinished or context.clock() - ended > FILING_PATIENCE):
        await _say_final(shown, context)


def _is_due(stamp: Stamp, last: Stamp | None, context: Context) -> bool:
    if last is None or stamp.has_news(last):
        return True
    paused = (stamp.at - last.at).total_seconds() >= context.settings.progress_seconds
    return paused and stamp.seq != last.seq


async def _edit(shown: Shown, stamp: Stamp, context: Context) -> None:
    run, body = shown.run, progress.comment(shown, stamp)
    if run.progress_comment is None:
        return
    # The stamp alone is no news: it is remembered here and told to nobody.
    if _text(body) != _text(run.progress_text):
        assert context.github is not None
        repo = context.github.at(run.repo, run.installation_id)
        await writes.upsert_comment(repo, run.progress_comment, run.progress_text, body)
    async with context.db.begin() as tx:
        await runs.set_progress(tx, run.id, text=body)


def _text(body: str) -> str:
    return body.partition("\n")[2]


async def _say_final(shown: Shown, context: Context) -> None:
    run = shown.run
    async with context.db.begin() as tx:
        desk = Desk(tx, run.repo, run.installation_id, context)
        await desk.comment(run.issue, f"final:{run.id}", final.render(shown))
    await context.queue.kick_outbox()
