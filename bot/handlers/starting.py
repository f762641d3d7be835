"""Starts a run: its row, its live comment and the kick, for a label as for a command."""

import hashlib
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.charter import Charter
from bot.context import Context
from bot.domain.effects import OpenProgress
from bot.domain.run import RunState
from bot.domain.run_view import RunView
from bot.events import RepoRef
from bot.handlers.writing import Desk
from bot.render import progress
from bot.render.progress import Shown, Stamp
from bot.store import runs
from bot.store.runs import Run


@dataclass(frozen=True, slots=True)
class Request:
    """`trigger` names what asked for the run, so that asking twice is one run."""

    repo: RepoRef
    installation_id: int
    issue: int
    login: str
    trigger: str


async def start(tx: AsyncConnection, request: Request, charter: Charter, context: Context) -> Run | None:
    """The new run; None when the same request was seen before or a run of this issue is not over."""
    now = context.clock()
    run = Run(
        # From the trigger, so that it is the same name whoever gives it; short, because people read it.
        id=hashlib.sha256(request.trigger.encode()).hexdigest()[:12],
        repo=request.repo,
        installation_id=request.installation_id,
        issue=request.issue,
        charter=charter,
        requested_by=request.login,
        trigger=request.trigger,
        state=RunState.QUEUED,
        created_at=now,
    )
    if not await runs.insert(tx, run):
        return None
    desk = Desk(tx, run.repo, run.installation_id, context)
    shown = Shown(run, RunView())
    body = progress.comment(shown, Stamp.of(shown, now))
    await desk.add(progress.key(run.id), OpenProgress(run.id, run.issue, body, progress.key(run.id)))
    return run
