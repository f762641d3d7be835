"""What becomes of a delivery whose signature is right: stored, queued, answered. It never acts on one itself.

The delivery is in the database before Redis hears of it, so that neither's failure loses it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError

from bot.events import BotEvent, to_json
from bot.queue import Queue
from bot.store import deliveries
from bot.store.database import UNAVAILABLE, Database
from bot.store.deliveries import Claim, NewDelivery
from webhooks.translate import Ignored, is_used, translate

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of a delivery. `id` survives a redelivery."""

    id: str
    event: str
    signature: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub's delivery log shows: the HTTP code, a word and a sentence."""

    code: int
    status: str
    reason: str


DATABASE_DOWN = Answer(503, "unavailable", "The database cannot be reached; redeliver this later.")
REDIS_DOWN = Answer(503, "unavailable", "Stored, but the queue cannot be reached; it will be taken up again.")
DUPLICATE = Answer(200, "duplicate", "This delivery was taken before.")


@dataclass(frozen=True, slots=True)
class Intake:
    db: Database
    queue: Queue
    own_login: str
    clock: Callable[[], datetime]

    async def take(self, envelope: Envelope, data: Mapping[str, Any]) -> Answer:
        """Decide on a genuine delivery. Every path ends in an answer, also when a store is down."""
        action = data.get("action")
        action = action if isinstance(action, str) else ""
        if envelope.event == "ping":
            return Answer(200, "pong", "The webhook works.")
        if not is_used(envelope.event, action):
            name = f"{envelope.event}.{action}" if action else envelope.event
            return Answer(200, "ignored", f"{name} is not used here.")
        try:
            return await self._take_used(envelope, action, data)
        except UNAVAILABLE as error:
            log.error("database_down", error=type(error).__name__)
            return DATABASE_DOWN

    async def _take_used(self, envelope: Envelope, action: str, data: Mapping[str, Any]) -> Answer:
        try:
            event = translate(envelope.event, action, data, self.own_login)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            reason = f"This payload cannot be read: {place}: {first['msg']}."
            log.error("delivery_unreadable", reason=reason)
            return await self._file_away(envelope, action, "failed", Answer(422, "unreadable", reason))
        if isinstance(event, Ignored):
            return await self._file_away(envelope, action, "done", Answer(202, "accepted", event.reason))
        return await self._queue(envelope, action, event)

    async def _file_away(self, envelope: Envelope, action: str, state: deliveries.State, answer: Answer) -> Answer:
        """Record a delivery on which nobody has to act."""
        now = self.clock()
        async with self.db.begin() as tx:
            claim = await deliveries.claim(tx, NewDelivery(envelope.id, envelope.event, action), now)
            if claim is Claim.DUPLICATE:
                return DUPLICATE
            await deliveries.mark(tx, envelope.id, state, now, answer.reason)
        return answer

    async def _queue(self, envelope: Envelope, action: str, event: BotEvent) -> Answer:
        async with self.db.begin() as tx:
            new = NewDelivery(envelope.id, envelope.event, action, to_json(event))
            claim = await deliveries.claim(tx, new, self.clock())
            stored = await deliveries.get(tx, envelope.id)
        if claim is Claim.DUPLICATE or stored is None:
            return DUPLICATE
        queued = await self.queue.kick_event(envelope.id, stored.attempts)
        async with self.db.begin() as tx:
            await deliveries.hand_over(tx, envelope.id, queued, self.clock())
        if not queued:
            return REDIS_DOWN
        return Answer(202, "accepted", "Queued again." if claim is Claim.AGAIN else "Queued.")
