"""Carries out one effect of the outbox. Knows what is to be written, not when, how often or what if it fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.context import Context
from bot.domain import effects as kinds
from bot.domain.finding import FindingState
from bot.errors import Gone, Refused
from bot.github import writes
from bot.github.port import IssueChange, NewIssue, RepositoryPort
from bot.github.writes import Attempt
from bot.handlers import targets
from bot.render import finding as finding_text
from bot.render import labels
from bot.store import findings, runs
from bot.store.effects import EffectRow
from bot.store.findings import FindingRow

Record = Callable[[AsyncConnection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sent:
    """`result` is kept with the effect; `records` are saved in the same transaction as its end."""

    result: dict[str, Any] = field(default_factory=dict)
    records: tuple[Record, ...] = ()


async def carry_out(row: EffectRow, repo: RepositoryPort, context: Context) -> Sent:
    """Raises the errors of bot/errors.py. Doing it twice, with `attempts` counted, is doing it once."""
    attempt = Attempt(row.created_at, again=row.attempts > 0)
    match kinds.from_json(row.effect):
        case kinds.PostComment() as effect:
            posted = await writes.create_comment_once(repo, effect.issue, effect.body, effect.marker, attempt)
            return Sent({"comment": posted.id, "url": posted.url})
        case kinds.OpenProgress() as effect:
            posted = await writes.create_comment_once(repo, effect.issue, effect.body, effect.marker, attempt)
            return Sent({"comment": posted.id, "url": posted.url}, (_opened(effect, posted.id),))
        case kinds.CreateFindingIssue(finding_id=finding_id):
            return await _file(finding_id, repo, attempt, context)
        case effect:
            await _change(effect, repo)
            return Sent()


async def _change(effect: kinds.Effect, repo: RepositoryPort) -> None:
    """Writes that may be repeated."""
    match effect:
        case kinds.React(comment_id=comment, content=content):
            await repo.react(comment, content)
        case kinds.ReactToIssue(issue=issue, content=content):
            await repo.react_to_issue(issue, content)
        case kinds.AddLabels(issue=issue, labels=wanted):
            await writes.transition(repo, issue, wanted, ())
        case kinds.RemoveLabel(issue=issue, label=label):
            await writes.transition(repo, issue, (), (label,))
        case kinds.CloseIssue(issue=issue, reason=reason):
            if (await repo.issue(issue)).is_open:
                await repo.update_issue(issue, IssueChange(state="closed", state_reason=reason))
        case kinds.ReopenIssue(issue=issue):
            if not (await repo.issue(issue)).is_open:
                await repo.update_issue(issue, IssueChange(state="open", state_reason="reopened"))


def _opened(effect: kinds.OpenProgress, comment_id: int) -> Record:
    async def record(tx: AsyncConnection) -> None:
        await runs.set_progress(tx, effect.run_id, comment_id=comment_id, text=effect.body)

    return record


async def _file(finding_id: str, repo: RepositoryPort, attempt: Attempt, context: Context) -> Sent:
    async with context.db.read() as tx:
        row = await findings.get(tx, finding_id)
        run = await runs.get(tx, row.run_id) if row else None
    if row is None or run is None:
        raise Refused(f"finding {finding_id} is not in the database")
    slug = f"{run.charter.app}/{run.charter.profile}"
    origin = finding_text.Origin(run.issue, run.id, targets.address(context.settings, slug))
    await repo.ensure_labels(labels.specs(row.finding))
    number = row.issue
    if number is None or not await _reopen(row, number, origin, repo, attempt):
        new = NewIssue(finding_text.title(row.finding), finding_text.body(row, origin), labels.of_finding(row.finding))
        number = (await writes.create_issue_once(repo, new, row.id, attempt)).number
    return Sent({"issue": number}, (_filed(finding_id, number, context),))


async def _reopen(
    row: FindingRow, number: int, origin: finding_text.Origin, repo: RepositoryPort, attempt: Attempt
) -> bool:
    """A finding that was fixed and is back. False when its issue was deleted or moved away: it needs a new one."""
    try:
        issue = await repo.issue(number)
    except Gone:
        return False
    key = f"regression:{row.id}:{row.run_id}"
    if not issue.is_open:
        await repo.update_issue(number, IssueChange(state="open", state_reason="reopened"))
    await writes.transition(repo, number, (labels.REGRESSION,), (labels.VERIFIED,))
    await writes.create_comment_once(repo, number, finding_text.came_back(row, origin, key), key, attempt)
    return True


def _filed(finding_id: str, number: int, context: Context) -> Record:
    async def record(tx: AsyncConnection) -> None:
        await findings.set_state(tx, finding_id, FindingState.FILED, issue=number, now=context.clock())

    return record
