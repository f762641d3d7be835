"""One delivery from the database to its handler. The outer edge of the events worker: every error ends here.

A person who waits gets a sentence, GitHub's bad days are waited out, anything else fails the delivery with a
traceback in the log and a redelivery tries it anew.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from agent.errors import BadInput
from bot import events
from bot.context import Context
from bot.domain.effects import PostComment, to_json
from bot.errors import RateLimited, Unavailable
from bot.events import BotEvent, CharterLabelled, CommentPosted, DeploymentFinished, PullRequestMerged
from bot.github.markers import comment_marker
from bot.handlers.charter import on_charter
from bot.handlers.command import on_comment
from bot.handlers.deployment import on_deployment
from bot.handlers.fix import on_merged
from bot.log import bound
from bot.reasons import Outcome
from bot.render import replies
from bot.render.markdown import Md
from bot.store import deliveries, effects

Handler = Callable[[Any, Context], Awaitable[Outcome]]
HANDLERS: Mapping[type[BotEvent], Handler] = {
    CharterLabelled: on_charter,
    CommentPosted: on_comment,
    PullRequestMerged: on_merged,
    DeploymentFinished: on_deployment,
}
PAUSE = timedelta(seconds=20)

log = structlog.get_logger()


async def handle_delivery(context: Context, delivery_id: str, handlers: Mapping[type[BotEvent], Handler]) -> None:
    """Act on a delivery, unless that was done before. Never raises because of what is in it."""
    async with context.db.read() as tx:
        delivery = await deliveries.get(tx, delivery_id)
    if delivery is None or delivery.state in ("done", "failed") or not delivery.payload:
        return
    event = events.from_json(delivery.payload)
    ids = {"delivery_id": delivery_id, "event_name": type(event).__name__, "repo": event.repo.full_name}
    with bound(**ids, actor=event.actor.login):
        await _act(event, replace(context, delivery_id=delivery_id), handlers)


async def _act(event: BotEvent, context: Context, handlers: Mapping[type[BotEvent], Handler]) -> None:
    try:
        outcome = await handlers[type(event)](event, context)
    except BadInput as error:
        log.info("delivery_refused", reason=str(error))
        await _end(context, "done", event, replies.sorry(str(error)))
    except RateLimited as error:
        await _postpone(context, error.until, error)
    except Unavailable as error:
        await _postpone(context, context.clock() + PAUSE, error)
    except Exception as error:
        log.exception("delivery_failed")
        await _end(context, "failed", event, replies.broke(context.delivery_id), f"{type(error).__name__}: {error}")
    else:
        log.info("delivery_handled", outcome=outcome.kind, reason=str(outcome.reason))
        await _end(context, "done", event)


async def _end(
    context: Context, state: deliveries.State, event: BotEvent, reply: Md | None = None, error: str = ""
) -> None:
    """Close the delivery and, in the same transaction, intend what the person who waits will read."""
    now, key = context.clock(), f"sorry:{context.delivery_id}"
    async with context.db.begin() as tx:
        await deliveries.mark(tx, context.delivery_id, state, now, error)
        if reply is not None and isinstance(event, CharterLabelled | CommentPosted):
            comment = PostComment(event.issue, f"{comment_marker(key)}\n{reply}", key)
            await effects.add(tx, event.repo, event.installation_id, key, to_json(comment), now)
    if reply is not None:
        await context.queue.kick_outbox()


async def _postpone(context: Context, until: datetime, error: Exception) -> None:
    """The database waits, not the queue: the sweep takes it up again, also when Redis forgot everything."""
    log.warning("delivery_postponed", until=until.isoformat(), error=str(error))
    async with context.db.begin() as tx:
        await deliveries.postpone(tx, context.delivery_id, until, str(error))
