"""Fixes: a merged pull request makes the findings it closes wait for its deployment; a verdict is reported there."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.errors import BadInput
from agent.evidence.finding import FixVerdict, FixVerdictKind
from bot.context import Context
from bot.domain.closing_keywords import closed_issues
from bot.domain.effects import AddLabels, CloseIssue, RemoveLabel, ReopenIssue
from bot.domain.finding import FindingState
from bot.domain.revalidation import RevalidationState
from bot.events import PullRequestMerged
from bot.handlers import targets
from bot.handlers.writing import Desk
from bot.reasons import Outcome, Reason
from bot.render import labels, revalidation
from bot.store import findings, revalidations, runs
from bot.store.findings import FindingRow
from bot.store.revalidations import RevalidationRow

PATIENCE = timedelta(hours=24)
FILED = (FindingState.FILED, FindingState.FIXED, FindingState.STILL_FAILS)
STATES: dict[FixVerdictKind, FindingState] = {
    "FIXED": FindingState.FIXED,
    "STILL_FAILS": FindingState.STILL_FAILS,
    "MOVED": FindingState.STILL_FAILS,
}


async def on_merged(event: PullRequestMerged, context: Context) -> Outcome:
    assert context.github is not None
    linked = await context.github.at(event.repo, event.installation_id).linked_issues(event.number)
    # GitHub shows its links late, and only those of the default branch: what the text says counts as well.
    written = closed_issues((event.title, event.body), event.repo.full_name)
    async with context.db.begin() as tx:
        known = [await findings.by_issue(tx, event.repo.id, number) for number in dict.fromkeys((*linked, *written))]
        rows = [row for row in known if row is not None and row.state in FILED]
        for row in rows:
            await _wait_for(row, event, tx, context)
    if not rows:
        return Outcome.ignored(Reason.NO_FINDING_LINKED)
    await context.queue.kick_reports()
    await context.queue.kick_outbox()
    return Outcome.done(Reason.WAITS_FOR_DEPLOYMENT)


async def _wait_for(row: FindingRow, event: PullRequestMerged, tx: AsyncConnection, context: Context) -> None:
    """Where the target's settings cannot be read, nobody knows what to wait for: that is the verdict."""
    environment, trouble = "", ""
    try:
        environment = targets.environment(context.settings, f"{row.finding.app}/{row.finding.profile}")
    except BadInput as error:
        trouble = str(error)
    waiting = _revalidation(row, event, environment, context.clock())
    if not await revalidations.insert(tx, waiting):
        return
    if trouble:
        await revalidations.decide(tx, waiting.id, FixVerdict("CANNOT_TELL", 0, 0, 0, note=trouble), context.clock())
    elif row.issue is not None:
        desk = Desk(tx, event.repo, event.installation_id, context)
        await desk.add(f"awaiting:{waiting.id}", AddLabels(row.issue, (labels.AWAITING,)))


def _revalidation(row: FindingRow, event: PullRequestMerged, environment: str, now: datetime) -> RevalidationRow:
    name = f"{row.id}:{event.merge_sha}:{environment}"
    return RevalidationRow(
        id=hashlib.sha256(name.encode()).hexdigest()[:32],
        repo_id=event.repo.id,
        finding_id=row.id,
        pull_request=event.number,
        merge_sha=event.merge_sha,
        environment=environment,
        state=RevalidationState.WAITING,
        created_at=now,
        deadline=now + PATIENCE,
    )


async def report(context: Context) -> int:
    """Says each verdict on its finding's issue, once; answers how many."""
    async with context.db.read() as tx:
        decided = await revalidations.decided(tx)
    for row in decided:
        async with context.db.begin() as tx:
            finding = await findings.get(tx, row.finding_id)
            run = await runs.get(tx, finding.run_id) if finding else None
            if finding is not None and finding.issue is not None and run is not None and row.verdict is not None:
                await _say(row, finding, finding.issue, Desk(tx, run.repo, run.installation_id, context))
                if (state := STATES.get(row.verdict.kind)) and finding.state != FindingState.DRAFT:
                    await findings.set_state(tx, finding.id, state)
            await revalidations.reported(tx, row.id)
    if decided:
        await context.queue.kick_outbox()
    return len(decided)


async def _say(row: RevalidationRow, finding: FindingRow, issue: int, desk: Desk) -> None:
    """The issue's state first, then the words, so that the mail about the words finds it as they say."""
    assert row.verdict is not None
    key = f"verdict:{row.id}"
    was_fixed = finding.state == FindingState.FIXED
    await desk.add(f"{key}:unwait", RemoveLabel(issue, labels.AWAITING))
    match row.verdict.kind:
        case "FIXED":
            await desk.add(f"{key}:label", AddLabels(issue, (labels.VERIFIED,)))
            for stale in (labels.STILL_REPRODUCES, labels.REGRESSION):
                await desk.add(f"{key}:clear:{stale}", RemoveLabel(issue, stale))
            await desk.add(f"{key}:close", CloseIssue(issue))
        case "STILL_FAILS" | "MOVED":
            await desk.add(f"{key}:label", AddLabels(issue, (labels.STILL_REPRODUCES,)))
            await desk.add(f"{key}:clear", RemoveLabel(issue, labels.VERIFIED))
            await desk.add(f"{key}:reopen", ReopenIssue(issue))
        case "CANNOT_TELL":
            # The keyword closed it with the merge; only a proven fix may.
            if not was_fixed:
                await desk.add(f"{key}:reopen", ReopenIssue(issue))
    await desk.comment(issue, key, revalidation.verdict(row.pull_request, row.verdict, was_fixed))
