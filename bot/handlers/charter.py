"""The trigger label was put on an issue: check who did it and what is asked, then queue a run."""

from agent.charter import Charter
from bot.context import Context
from bot.domain.charter_form import Problems
from bot.domain.effects import ReactToIssue
from bot.events import CharterLabelled
from bot.github.port import RepoRole
from bot.handlers import people, targets
from bot.handlers.starting import Request, start
from bot.handlers.writing import Desk
from bot.reasons import Outcome, Reason
from bot.render import replies
from bot.render.markdown import Md
from bot.store import runs


async def on_charter(event: CharterLabelled, context: Context) -> Outcome:
    """The label alone allows nothing: a form puts it on for anyone who can open an issue."""
    if event.label.lower() != context.settings.trigger_label.lower():
        return Outcome.ignored(Reason.OTHER_LABEL)
    if event.actor.kind == "Bot":
        return Outcome.ignored(Reason.FROM_A_BOT)
    async with context.db.read() as tx:
        if await runs.active_for(tx, event.repo.id, event.issue) is not None:
            return Outcome.ignored(Reason.ALREADY_RUNNING)
    assert context.github is not None
    role = await people.role_of(context.github.at(event.repo, event.installation_id), event.actor.login)
    if role is None or role < people.STARTS_RUNS:
        return await _refuse(event, role, context)
    match targets.accept(event.body, context.settings):
        case Problems() as problems:
            reply = replies.bad_charter(problems, targets.known(context.settings))
            return await _answer(event, Reason.BAD_CHARTER, f"charter:{context.delivery_id}", reply, context)
        case Charter() as charter:
            return await _queue(event, charter, context)


async def _queue(event: CharterLabelled, charter: Charter, context: Context) -> Outcome:
    trigger = f"label:{context.delivery_id}"
    request = Request(event.repo, event.installation_id, event.issue, event.actor.login, trigger)
    async with context.db.begin() as tx:
        run = await start(tx, request, charter, context)
        if run is None:
            return Outcome.ignored(Reason.SEEN_BEFORE)
        desk = Desk(tx, event.repo, event.installation_id, context)
        await desk.add(f"seen:{run.id}", ReactToIssue(event.issue, "eyes"))
    await context.queue.kick_run(run.id, run.fence)
    await context.queue.kick_outbox()
    return Outcome.done(Reason.RUN_QUEUED)


async def _refuse(event: CharterLabelled, role: RepoRole | None, context: Context) -> Outcome:
    """One explanation per person and issue, however often the label is put on."""
    reply = replies.charter_not_allowed(people.STARTS_RUNS, role)
    if role is None:
        return await _answer(event, Reason.ROLE_UNKNOWN, f"charter:{context.delivery_id}", reply, context)
    key = f"refusal:{event.repo.id}:{event.issue}:{event.actor.id}:label"
    return await _answer(event, Reason.NOT_ALLOWED, key, reply, context)


async def _answer(event: CharterLabelled, reason: Reason, key: str, reply: Md, context: Context) -> Outcome:
    async with context.db.begin() as tx:
        desk = Desk(tx, event.repo, event.installation_id, context)
        await desk.comment(event.issue, key, reply)
        await desk.add(f"{key}:reaction", ReactToIssue(event.issue, "confused"))
    await context.queue.kick_outbox()
    return Outcome.done(reason)
