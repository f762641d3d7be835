"""The messages of one role: append-only, with old page texts masked in blocks. Knows no provider and no page.

Masking happens rarely and for many turns at once: every rewrite costs the provider's cache of the whole prefix.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.llm.base import Message, ModelReply

MASK_AT = 40
KEPT = 20
MASKED = "(page text left out; look again if you need it)"


@dataclass(frozen=True, slots=True)
class Turn:
    """A reply and what was answered to it."""

    messages: tuple[Message, ...]
    masked: bool = False

    def mask(self) -> "Turn":
        return Turn(tuple(_masked(message) for message in self.messages), masked=True)


class Conversation:
    """`opening` is kept verbatim for good."""

    def __init__(self, opening: str):
        self._opening = Message("user", opening)
        self._turns: list[Turn] = []

    def add_turn(self, reply: ModelReply, answers: Sequence[str]) -> None:
        """A reply with calls, and one answer to each of them, in order."""
        said = Message("assistant", reply.text, calls=reply.calls, state=reply.state)
        told = (Message("tool", text, call_id=call.id) for call, text in zip(reply.calls, answers, strict=True))
        self._add(Turn((said, *told)))

    def add_repair(self, reply: ModelReply, advice: str) -> None:
        """A reply that could not be used: what was said of it stays, with the advice that follows."""
        said = (Message("assistant", reply.text, state=reply.state),) if reply.text else ()
        self._add(Turn((*said, Message("user", advice))))

    def messages(self, tail: str) -> tuple[Message, ...]:
        """All of it, with `tail` as a last message that is not kept."""
        return (self._opening, *(message for turn in self._turns for message in turn.messages), Message("user", tail))

    def _add(self, turn: Turn) -> None:
        self._turns.append(turn)
        if sum(not turn.masked for turn in self._turns) >= MASK_AT:
            self._turns = [turn.mask() for turn in self._turns[:-KEPT]] + self._turns[-KEPT:]


def _masked(message: Message) -> Message:
    first, newline, _ = message.text.partition("\n")
    if message.role != "tool" or not newline:
        return message
    return replace(message, text=f"{first} {MASKED}" if MASKED not in first else first)
