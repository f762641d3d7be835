"""When a role's history is made short, and what stays of it. Pure decisions over turns.

An epoch is the stretch between two closings: in it nothing that was sent once is ever changed, so that providers can
serve its whole beginning from their cache. A closing masks old page texts first and drops turns only where that is not
enough; what was dropped is told by a text of the host's (ledger_text.py). It must not know pages, models or events.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent.charter import Compaction
from agent.llm.base import Message
from agent.llm.tokens import written_tokens

Why = Literal["entries", "tokens", "window", "resumed"]
SMALLER = 0.7
"""A closing that leaves more than this share of the history is not worth its price: then all of it goes."""
PAGES_IN_NEED = 4
MASKED = "(page text left out; look again if you need it)"
WITHHELD = "(page text taken away: the provider's filter refused it)"
FENCED = re.compile(r"<page-(\w+)>\n(.*?)\n</page-\1>", re.S)
FACTS = re.compile(r"URL: |HTTP status: |(?:GET|HEAD) \S+: HTTP ")


@dataclass(frozen=True, slots=True)
class Turn:
    """A reply and what was answered to it, or what the host said by itself: a page that was come to, an order of
    people (`verbatim`: it is never masked). `tokens` are an estimate, without pictures."""

    messages: tuple[Message, ...]
    tokens: int
    masked: bool = False
    verbatim: bool = False

    @property
    def replied(self) -> bool:
        return self.messages[0].role == "assistant"

    @property
    def shows_a_page(self) -> bool:
        return not self.verbatim and any(
            message.images or any(MASKED not in page[2] for page in FENCED.finditer(message.text))
            for message in self.messages
        )

    def mask(self, words: str = MASKED) -> "Turn":
        """Without what pages wrote and without pictures; the host's own words and the model's stay."""
        if self.verbatim:
            return self
        return turn_of(*(_masked(message, words) for message in self.messages), masked=True)

    def without_pictures(self) -> "Turn":
        if not any(message.images for message in self.messages):
            return self
        return replace(self, messages=tuple(replace(message, images=()) for message in self.messages))


def turn_of(*messages: Message, masked: bool = False, verbatim: bool = False) -> Turn:
    return Turn(messages, sum(map(written_tokens, messages)), masked, verbatim)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a closing leaves. `masked`: only page texts go, no turn is dropped, so nothing must be told anew."""

    why: Why
    kept: tuple[Turn, ...] = ()
    masked: bool = False


RESUMED = Plan("resumed")
"""A role that is taken up again has no turns, only what the journal knows."""


def replies(turns: Sequence[Turn]) -> int:
    return sum(turn.replied for turn in turns)


def tokens(turns: Sequence[Turn]) -> int:
    return sum(turn.tokens for turn in turns)


def due(limits: Compaction, turns: Sequence[Turn]) -> Plan | None:
    """The closing that is to be made at this turn boundary, if any."""
    if replies(turns) >= limits.entries:
        return _dropped("entries", limits, turns)
    if tokens(turns) <= limits.tokens or not turns[-1].replied:
        return None
    masked = _masked_but(turns, limits.pages)
    if tokens(masked) < limits.tokens / 2:
        return Plan("tokens", masked, masked=True)
    return _dropped("tokens", limits, turns)


def in_need(turns: Sequence[Turn]) -> Plan | None:
    """What to do when the model's window is full, however well the limits are kept: page texts first, then the older
    half of the turns. None when nothing is left that could go."""
    if any(not turn.masked and turn.shows_a_page for turn in turns[: _cut(turns, PAGES_IN_NEED)]):
        return Plan("window", _masked_but(turns, PAGES_IN_NEED), masked=True)
    if len(turns) < 2:
        return None
    return Plan("window", tuple(turns[len(turns) // 2 :]))


def _dropped(why: Why, limits: Compaction, turns: Sequence[Turn]) -> Plan:
    newest = min(limits.keep, limits.entries - 1)
    kept = _masked_but(turns, limits.pages)[_cut(turns, newest) :]
    if tokens(kept) > min(SMALLER * tokens(turns), limits.tokens):
        return Plan(why)
    return Plan(why, kept)


def _masked_but(turns: Sequence[Turn], newest: int) -> tuple[Turn, ...]:
    cut = _cut(turns, newest)
    return (*(turn if turn.masked else turn.mask() for turn in turns[:cut]), *turns[cut:])


def _cut(turns: Sequence[Turn], newest: int) -> int:
    """The index at which the newest replies begin, a call and its answers never parted."""
    found = [index for index, turn in enumerate(turns) if turn.replied]
    if not newest:
        return len(turns)
    return found[-newest] if len(found) >= newest else 0


def _masked(message: Message, words: str) -> Message:
    """Of a page that is only old, its address and status stay between its fences."""

    def shorter(page: re.Match[str]) -> str:
        if words != MASKED:
            return words
        kept = [line for line in page[2].splitlines() if FACTS.match(line)]
        return "\n".join((f"<page-{page[1]}>", *kept, MASKED, f"</page-{page[1]}>"))

    return replace(message, text=FENCED.sub(shorter, message.text), images=())
