"""What a role's model is told besides the answers to its calls: the opening, people's orders, what became of its
claims, the memory at the end of an epoch, the tail. Makes no call and knows no provider.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from agent.asking import replied
from agent.assignment import Assignment
from agent.budget import Budget
from agent.context import observation
from agent.context.compaction import RESUMED
from agent.context.conversation import Conversation
from agent.context.ledger_text import memory_of
from agent.context.note import ask_note, usable
from agent.context.recall import recall
from agent.host_tools import HostTools
from agent.llm.base import Message, ModelReply, ModelRequest
from agent.tools.surface import PageView, ToolResult


class Briefing:
    """The conversation of one role with its host. `show` words a page; `begin` comes first."""

    def __init__(self, work: Assignment, host: HostTools, show: Callable[[PageView], str]):
        self._work = work
        self._host = host
        self._show = show
        self._told_orders = 0
        self._heard = 0

    async def begin(self, view: PageView, now: datetime, resumed: bool) -> Conversation:
        """The opening, or for a role that goes on the opening and all that is known. Raises LeaseLost."""
        work, events = self._work, self._work.logbook.events
        opening = observation.opening(work.charter, work.profile, work.role, now)
        arrival = self._arrival(view)
        remember = memory_of(work.role, events, work.fence)
        closed = recall(events, work.role.name).epochs
        self.talk = Conversation(opening, arrival, work.profile.compaction, remember, closed)
        if resumed:
            # The memory tells all orders and verdicts so far.
            self._told_orders, self._heard = len(work.logbook.ledger.orders), len(events)
            await work.logbook.append(work.role.name, self.talk.close(RESUMED, arrival))
        return self.talk

    @property
    def closes(self) -> bool:
        """The epoch ends with this turn boundary, and the page is shown anew."""
        return self.talk.due() is not None

    async def renew(self, view: PageView, request_of: Callable[[tuple[Message, ...]], ModelRequest]) -> None:
        """At a turn boundary: passes on what people ordered, and ends the epoch when it is due. Raises LeaseLost."""
        work = self._work
        orders = work.logbook.ledger.orders
        for order in orders[self._told_orders :]:
            if order.order == "focus":
                self.talk.add_order(order.text)
        self._told_orders = len(orders)
        if plan := self.talk.due():
            wanted = work.profile.compaction.note and not plan.masked
            note = await self._note(request_of(self.talk.messages())) if wanted else ""
            await work.logbook.append(work.role.name, self.talk.close(plan, self._arrival(view), note))

    async def _note(self, request: ModelRequest) -> str:
        reply = await ask_note(self._work.model, request)
        if reply is None:
            return ""
        await self._work.logbook.append(self._work.role.name, replied(reply, "note"))
        return usable(reply)

    def add_turn(self, reply: ModelReply, answers: Sequence[str], results: Sequence[ToolResult]) -> None:
        """News of proofs are said once, at the end of the turn's last answer, where they stay for good."""
        told = [*answers[:-1], "\n".join((answers[-1], *self._news()))] if answers else answers
        self.talk.add_turn(reply, told, results)

    def tail(self, budget: Budget, nudge: str, leads: Sequence[str]) -> Message:
        offered = observation.leads(leads, self._work.fence)
        untested = self._host.untested()
        return Message("user", observation.tail(budget.used + 1, budget.remaining, untested, nudge, offered))

    def closing(self, sentence: str) -> Message:
        return Message("user", observation.closing(sentence, self._host.untested()))

    def _arrival(self, view: PageView) -> str:
        return observation.arrival(self._show(view), self._work.fence)

    def _news(self) -> tuple[str, ...]:
        """What the proofs brought since the last time."""
        events = self._work.logbook.events
        since, self._heard = self._heard, len(events)
        return self._host.news(events, since)
