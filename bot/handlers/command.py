"""A comment with commands: look up what they need, let the registry decide, save and answer."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from agent.steering import Note, Order
from bot.commands import grammar, registry
from bot.commands.command import Asked, Decision, Situation
from bot.commands.grammar import CommandLine
from bot.context import Context
from bot.domain.effects import React
from bot.events import CommentPosted
from bot.github.port import RepoRole, RepositoryPort
from bot.handlers import people, targets
from bot.handlers.starting import Request, start
from bot.handlers.writing import Desk
from bot.reasons import Outcome, Reason
from bot.render import replies
from bot.store import findings, notes, runs


async def on_comment(event: CommentPosted, context: Context) -> Outcome:
    if event.actor.kind == "Bot":
        return Outcome.ignored(Reason.FROM_A_BOT)
    lines = grammar.parse(event.body)
    if not lines or event.on_pull_request:
        return Outcome.ignored(Reason.NO_COMMAND)
    assert context.github is not None
    repo = context.github.at(event.repo, event.installation_id)
    wanted = [command for line in lines if (command := registry.find(line))]
    needs_role = any(command.minimum > RepoRole.NONE for command in wanted)
    role = await people.role_of(repo, event.actor.login) if needs_role else None
    situation = await _look_up(event, context)
    if any(command.reads_charter for command in wanted) and role is not None and role >= people.STARTS_RUNS:
        situation = await _with_charter(event, situation, repo, context)
    reason = Reason.NO_COMMAND
    async with context.db.begin() as tx:
        scene = _Scene(event, tx, context)
        await scene.desk.add(f"seen:{event.repo.id}:{event.comment_id}", React(event.comment_id, "eyes"))
        for index, line in enumerate(lines):
            decision = registry.decide(line, event.actor.login, role, situation)
            situation = await scene.carry_out(index, line, decision, situation)
            reason = decision.reason
    await _kick(situation, context)
    return Outcome.done(reason)


async def _look_up(event: CommentPosted, context: Context) -> Situation:
    async with context.db.read() as tx:
        latest = await runs.latest_for(tx, event.repo.id, event.issue)
        filed = await findings.of_run(tx, latest.id) if latest else ()
        active = await runs.active_for(tx, event.repo.id, event.issue)
    return Situation(active, latest, filed=sum(row.issue is not None for row in filed))


async def _with_charter(
    event: CommentPosted, situation: Situation, repo: RepositoryPort, context: Context
) -> Situation:
    """The charter as the issue states it now; None when the issue never was one."""
    issue = await repo.issue(event.issue)
    label = context.settings.trigger_label.lower()
    if situation.latest is None and label not in {name.lower() for name in issue.labels}:
        return situation
    charter = targets.accept(issue.body, context.settings)
    return replace(situation, charter=charter, targets=targets.known(context.settings))


class _Scene:
    """One comment's commands being carried out, all in one transaction."""

    def __init__(self, event: CommentPosted, tx: AsyncConnection, context: Context):
        self.event = event
        self.desk = Desk(tx, event.repo, event.installation_id, context)
        self._tx = tx
        self._context = context

    async def carry_out(self, index: int, line: CommandLine, decision: Decision, situation: Situation) -> Situation:
        """Saves what was decided; answers the situation that the next command of the comment meets."""
        event, key = self.event, f"command:{self.event.repo.id}:{self.event.comment_id}:{index}"
        if decision.start is not None:
            request = Request(event.repo, event.installation_id, event.issue, event.actor.login, key)
            run = await start(self._tx, request, decision.start, self._context)
            active = run or await runs.active_for(self._tx, event.repo.id, event.issue)
            situation = replace(situation, active=active, latest=active or situation.latest)
            if run is None and active is not None and active.trigger != key:
                reply = replies.already_running(Asked(line.line), active)
                decision = Decision(Reason.ALREADY_RUNNING, "+1", reply)
        if decision.stop is not None:
            await runs.request_stop(self._tx, decision.stop.id)
            await notes.add(self._tx, decision.stop.id, self._note(key, "stop"), self._context.clock())
            situation = replace(situation, active=replace(decision.stop, stop_requested=True))
        if decision.steer is not None:
            note = self._note(key, "focus", line.args)
            await notes.add(self._tx, decision.steer.id, note, self._context.clock())
        await self.desk.add(f"{key}:reaction", React(event.comment_id, decision.reaction))
        if decision.reply is not None:
            await self.desk.comment(event.issue, self._reply_key(key, line, decision), decision.reply)
        return situation

    def _note(self, key: str, order: Order, text: str = "") -> Note:
        return Note(key, order, text, self.event.actor.login)

    def _reply_key(self, key: str, line: CommandLine, decision: Decision) -> str:
        """A refusal is explained once per person, issue and command; after that the reaction says it."""
        if decision.reason != Reason.NOT_ALLOWED:
            return f"{key}:reply"
        event = self.event
        return f"refusal:{event.repo.id}:{event.issue}:{event.actor.id}:{line.name}"


async def _kick(situation: Situation, context: Context) -> None:
    if situation.active is not None:
        await context.queue.kick_run(situation.active.id, situation.active.fence)
        await context.queue.kick_progress()
    await context.queue.kick_outbox()
