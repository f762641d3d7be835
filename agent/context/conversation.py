"""What one role's model is sent: [opening][what the host remembers][turns of the epoch][tail]. Knows no provider, no
page and no journal.

Within an epoch it only grows. Pictures are shown with the newest turn alone and are no part of what is stored: a
picture is worth its tokens only while it shows the page as it is, and taking it away later would change what was sent.
Two rewrites are forced from outside and may come at any time: `shrink` (the window is full) and `withhold` (a filter).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.charter import Compaction
from agent.context import compaction
from agent.context.compaction import WITHHELD, Plan, Turn, turn_of
from agent.events import EpochClosed
from agent.llm.base import Message, ModelReply
from agent.tools.surface import ToolResult

ROOM = 6_000
"""Characters for what may be left out of the host's memory; see ledger_text.py."""
ORDERED = "Order of the people who run this test. Follow it from now on:"
LEFT_OUT = "(The turns before this were left out for want of room.)"
AGAIN = "Also known:"


@dataclass(frozen=True, slots=True)
class Memory:
    """What stands for the turns that were dropped. Each of `facts` is a piece of `text` that must not be lost."""

    text: str = ""
    facts: tuple[str, ...] = ()


def nothing(room: int, note: str) -> Memory:
    return Memory(LEFT_OUT)


class Conversation:
    """`opening` is kept verbatim for good, `arrival` is masked in time like all pages. `remember` writes down what is
    known now, with so many characters for what may be cut, and with the model's note if there is one; `closed` epochs
    were before this one."""

    def __init__(
        self,
        opening: str,
        arrival: str,
        limits: Compaction | None = None,
        remember: Callable[[int, str], Memory] = nothing,
        closed: int = 0,
    ):
        self._opening = Message("user", opening)
        self._limits = limits or Compaction()
        self._remember = remember
        self._closed = closed
        self._memory: tuple[Message, ...] = ()
        self._turns: tuple[Turn, ...] = (turn_of(Message("user", arrival)),)
        self._orders: tuple[str, ...] = ()
        self._room = ROOM

    def add_turn(self, reply: ModelReply, answers: Sequence[str], results: Sequence[ToolResult]) -> None:
        """A reply with calls; one answer and one result to each of them, in order."""
        said = Message("assistant", reply.text, calls=reply.calls, state=reply.state)
        told = (
            Message("tool", text, call_id=call.id, tool=call.tool, images=result.images)
            for call, text, result in zip(reply.calls, answers, results, strict=True)
        )
        self._add(turn_of(said, *told))

    def add_order(self, text: str) -> None:
        """What people tell the run, word for word: here at its place, later in what the host remembers."""
        self._orders = (*self._orders, text)
        self._add(turn_of(Message("user", f"{ORDERED}\n{text}"), verbatim=True))

    def messages(self, *tail: Message) -> tuple[Message, ...]:
        """All of it, with `tail` as last messages that are not kept."""
        return (self._opening, *self._memory, *(message for turn in self._turns for message in turn.messages), *tail)

    def due(self) -> Plan | None:
        """The closing that is to be made now, at a turn boundary."""
        return compaction.due(self._limits, self._turns)

    def close(self, plan: Plan, page: str = "", note: str = "") -> EpochClosed:
        """Ends the epoch as planned. `page` is the page as it is now, shown after what is kept, because its first view
        may be gone; `note` what the model thinks."""
        turns = compaction.replies(self._turns)
        self._closed += 1
        self._turns = plan.kept
        if not plan.masked:
            self._memory = (Message("user", self._remembered(note)),)
        if page:
            self._turns = (*self._turns, turn_of(Message("user", page)))
        kept = compaction.replies(plan.kept)
        return EpochClosed(self._closed, plan.why, turns, kept, plan.masked, "" if plan.masked else note)

    def withhold(self) -> None:
        """Takes away the newest page text or picture that is still there: the filter of a provider refused it."""
        for index in range(len(self._turns) - 1, -1, -1):
            if self._turns[index].shows_a_page:
                masked = self._turns[index].mask(WITHHELD)
                self._turns = (*self._turns[:index], masked, *self._turns[index + 1 :])
                return

    def shrink(self) -> EpochClosed | None:
        """Closes the epoch because the window is full, markedly shorter each time; None when nothing is left that
        could go."""
        plan = compaction.in_need(self._turns)
        if plan is None and self._memory and self._room:
            plan, self._room = Plan("window", self._turns), 0
        elif plan is not None and not plan.masked:
            self._room //= 2
        return self.close(plan) if plan else None

    def _add(self, turn: Turn) -> None:
        self._turns = (*(earlier.without_pictures() for earlier in self._turns), turn)

    def _remembered(self, note: str) -> str:
        memory = self._remember(self._room, note)
        lost = [fact for fact in (*memory.facts, *self._orders) if fact not in memory.text]
        return "\n".join((memory.text, AGAIN, *lost)) if lost else memory.text
