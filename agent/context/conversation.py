"""The messages of one role: append-only, with old page texts masked in blocks. Knows no provider and no page.

Masking happens rarely and for many turns at once: every rewrite costs the provider's cache of the whole prefix.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.llm.base import Message, ModelReply
from agent.tools.surface import ToolResult

MASK_AT = 40
KEPT = 20
KEPT_SHORT = 4
MASKED = "(page text left out; look again if you need it)"
WITHHELD = "(page text taken away: the provider's filter refused it)"
FENCED = re.compile(r"<page-(\w+)>\n(.*?)\n</page-\1>", re.S)
FACTS = ("URL: ", "HTTP status: ")
LEFT_OUT = "(The turns before this were left out for want of room.)"


@dataclass(frozen=True, slots=True)
class Turn:
    """A reply and what was answered to it; the very first one has only the page on which the role began."""

    messages: tuple[Message, ...]
    masked: bool = False

    @property
    def shows_a_page(self) -> bool:
        return any(
            message.images or any(MASKED not in page[0] for page in FENCED.finditer(message.text))
            for message in self.messages
        )

    def mask(self, words: str = MASKED) -> "Turn":
        return Turn(tuple(_masked(message, words) for message in self.messages), masked=True)

    def without_images(self) -> "Turn":
        return Turn(tuple(replace(message, images=()) for message in self.messages), self.masked)


class Conversation:
    """`opening` is kept verbatim for good, `arrival` is masked in time like all pages."""

    def __init__(self, opening: str, arrival: str):
        self._opening = Message("user", opening)
        self._turns: list[Turn] = [Turn((Message("user", arrival),))]
        self._dropped = False

    def add_turn(self, reply: ModelReply, answers: Sequence[str], results: Sequence[ToolResult]) -> None:
        """A reply with calls; one answer and one result to each of them, in order."""
        said = Message("assistant", reply.text, calls=reply.calls, state=reply.state)
        told = (
            Message("tool", text, call_id=call.id, tool=call.tool, images=result.images)
            for call, text, result in zip(reply.calls, answers, results, strict=True)
        )
        turn = Turn((said, *told))
        if any(message.images for message in turn.messages):
            # A picture is worth its tokens only while it shows the page as it is.
            self._turns = [earlier.without_images() for earlier in self._turns]
        self._turns.append(turn)
        if sum(not turn.masked for turn in self._turns) >= MASK_AT:
            self._mask_before(KEPT)

    def messages(self, *tail: Message) -> tuple[Message, ...]:
        """All of it, with `tail` as last messages that are not kept."""
        note = (Message("user", LEFT_OUT),) if self._dropped else ()
        return (self._opening, *note, *(message for turn in self._turns for message in turn.messages), *tail)

    def withhold(self) -> None:
        """Takes away the newest page text or picture that is still there: the filter of a provider refused it."""
        for index in range(len(self._turns) - 1, -1, -1):
            if self._turns[index].shows_a_page:
                self._turns[index] = self._turns[index].mask(WITHHELD)
                return

    def shrink(self) -> bool:
        """Makes it markedly shorter: masks all but the newest pages, then drops the older half of the turns. False
        when nothing is left that could go."""
        if any(not turn.masked for turn in self._turns[:-KEPT_SHORT]):
            self._mask_before(KEPT_SHORT)
            return True
        if len(self._turns) < 2:
            return False
        self._turns = self._turns[len(self._turns) // 2 :]
        self._dropped = True
        return True

    def _mask_before(self, kept: int) -> None:
        old = [turn if turn.masked else turn.mask() for turn in self._turns[:-kept]]
        self._turns = old + self._turns[-kept:]


def _masked(message: Message, words: str) -> Message:
    """What pages wrote stands between fences and goes; the host's own words and the model's stay. Of a page that is
    only old, its address and status stay between its fences."""

    def shorter(page: re.Match[str]) -> str:
        if words != MASKED:
            return words
        kept = [line for line in page[2].splitlines() if line.startswith(FACTS)]
        return "\n".join((f"<page-{page[1]}>", *kept, MASKED, f"</page-{page[1]}>"))

    return replace(message, text=FENCED.sub(shorter, message.text), images=())
