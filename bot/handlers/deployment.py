"""A build went live: the re-validations that wait for it become ready. By webhook, and by a sweep that asks GitHub."""

from collections import defaultdict

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.evidence.finding import FixVerdict
from bot.context import Context
from bot.domain.revalidation import contains
from bot.errors import GitHubFailure, Gone, RateLimited
from bot.events import DeploymentFinished, RepoRef
from bot.github.port import RepositoryPort
from bot.reasons import Outcome, Reason
from bot.store import findings, revalidations, runs
from bot.store.revalidations import RevalidationRow

log = structlog.get_logger()


async def on_deployment(event: DeploymentFinished, context: Context) -> Outcome:
    if event.state != "success":
        return Outcome.ignored(Reason.NOT_LIVE)
    async with context.db.read() as tx:
        waiting = await revalidations.waiting(tx, event.repo.id, event.environment)
    if not waiting:
        return Outcome.ignored(Reason.NOBODY_WAITS)
    assert context.github is not None
    repo = context.github.at(event.repo, event.installation_id)
    ready = await _settle(waiting, event.sha, repo, context)
    return Outcome.done(Reason.READY) if ready else Outcome.ignored(Reason.NOT_CONTAINED)


async def check(context: Context) -> None:
    """Asks GitHub for what no webhook told, and ends waits that took too long."""
    async with context.db.read() as tx:
        waiting = await revalidations.waiting(tx)
        origins = {row.id: await _origin(tx, row) for row in waiting}
    places: dict[tuple[RepoRef, int, str], list[RevalidationRow]] = defaultdict(list)
    for row in waiting:
        origin = origins[row.id]
        if row.deadline <= context.clock():
            await _expire(row, context)
        elif origin is not None:
            places[(*origin, row.environment)].append(row)
    assert context.github is not None
    for (ref, installation_id, environment), rows in places.items():
        repo = context.github.at(ref, installation_id)
        try:
            live = next((each for each in await repo.deployments(environment) if each.was_live), None)
            if live is not None:
                await _settle(rows, live.sha, repo, context)
        except RateLimited as limit:
            log.info("waits_not_checked", repo=ref.full_name, until=limit.until.isoformat())
        except GitHubFailure as failure:
            log.warning("waits_not_checked", repo=ref.full_name, error=str(failure))


async def _origin(tx: AsyncConnection, row: RevalidationRow) -> tuple[RepoRef, int] | None:
    finding = await findings.get(tx, row.finding_id)
    run = await runs.get(tx, finding.run_id) if finding else None
    return (run.repo, run.installation_id) if run else None


async def _settle(
    waiting: list[RevalidationRow] | tuple[RevalidationRow, ...], sha: str, repo: RepositoryPort, context: Context
) -> int:
    """Those whose merge is in the deployed commit are ready to be replayed on it."""
    ready = 0
    for row in waiting:
        try:
            held = row.merge_sha == sha or contains(await repo.compare(row.merge_sha, sha))
        except Gone:
            held = False  # a commit that was removed by force is in no deployment
        if not held:
            continue
        async with context.db.begin() as tx:
            await revalidations.ready(tx, row.id, sha)
        await context.queue.kick_revalidation(row.id, row.fence)
        log.info("revalidation_ready", revalidation_id=row.id, build=sha)
        ready += 1
    return ready


async def _expire(row: RevalidationRow, context: Context) -> None:
    hours = round((row.deadline - row.created_at).total_seconds() / 3600)
    note = f"No deployment to {row.environment} that contains the merge succeeded within {hours} hours."
    async with context.db.begin() as tx:
        await revalidations.decide(tx, row.id, FixVerdict("CANNOT_TELL", 0, 0, 0, note=note), context.clock())
    await context.queue.kick_reports()
