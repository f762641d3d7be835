"""The three ways in which the bot writes: create_once, upsert, transition. Over the port; knows no store and no effect.

A create whose fate is unknown is never sent again before its marker was looked for, by list, in what our App wrote.
The caller sees to it that enough time has passed for GitHub to show what it did (SETTLE).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import Gone
from bot.github import markers
from bot.github.port import CommentView, IssueView, NewIssue, RepositoryPort

# Our time limit, plus what GitHub may still work on the request, plus what its lists trail behind.
SETTLE = timedelta(seconds=40)
# Clocks differ: look a little further back than the intent.
SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`intended` is when the write was decided; `again` tells that an earlier attempt may have succeeded."""

    intended: datetime
    again: bool

    @property
    def since(self) -> datetime:
        return self.intended - SKEW


async def create_issue_once(repo: RepositoryPort, new: NewIssue, finding_id: str, attempt: Attempt) -> IssueView:
    """The body's first line is the finding's marker; the first label is the one by which it is listed."""
    if attempt.again:
        listed = await repo.issues_with_label(new.labels[0], attempt.since)
        mine = [issue for issue in listed if issue.ours and markers.is_finding(issue.body, finding_id)]
        if mine:
            return min(mine, key=lambda issue: issue.number)
    return await repo.create_issue(new)


async def create_comment_once(
    repo: RepositoryPort, issue: int, body: str, marker: str, attempt: Attempt
) -> CommentView:
    """The body's first line is the comment's marker."""
    if attempt.again:
        listed = await repo.comments(issue, attempt.since)
        mine = [comment for comment in listed if comment.ours and markers.is_comment(comment.body, marker)]
        if mine:
            return min(mine, key=lambda comment: comment.id)
    return await repo.create_comment(issue, body)


async def upsert_comment(repo: RepositoryPort, comment_id: int, old: str, new: str) -> bool:
    """Write only what differs from what was written last; False when nothing had to be written or it was deleted."""
    if _lines(old) == _lines(new):
        return False
    try:
        await repo.edit_comment(comment_id, new)
    except Gone:
        return False
    return True


async def transition(repo: RepositoryPort, issue: int, add: Sequence[str], remove: Sequence[str]) -> None:
    """Reads first, one call per real change; people's labels are never touched."""
    present = {label.lower() for label in (await repo.issue(issue)).labels}
    missing = [label for label in add if label.lower() not in present]
    if missing:
        await repo.add_labels(issue, missing)
    for label in remove:
        if label.lower() in present:
            await repo.remove_label(issue, label)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").rstrip().split("\n")
