"""What people tell a run while it goes on: focus on something, or stop. Where it comes from, and how it is taken up.

Orders are read at turn boundaries only, journalled once, and stay verbatim in all that a role is told later.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agent import events as ev
from agent.logbook import Logbook

Order = Literal["focus", "stop"]
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Note:
    """One order. `id` is unique within the run, so that reading it twice obeys it once; `by` is who gave it."""

    id: str
    order: Order
    text: str = ""
    by: str = ""


class Inbox(Protocol):
    async def read(self) -> Sequence[Note]:
        """All notes of the run so far, oldest first. Raises JournalDown."""
        ...


class MemoryInbox:
    """For programs that use the library: `focus` and `stop` may be called at any time from the same event loop."""

    def __init__(self) -> None:
        self._notes: list[Note] = []

    def focus(self, text: str, by: str = "operator") -> None:
        """Raises ValueError when there is no text, or more than can be kept in every request."""
        words = text.strip()
        if not 0 < len(words) <= LONGEST:
            raise ValueError(f"Say in 1 to {LONGEST} characters what to look at.")
        self._add("focus", words, by)

    def stop(self, by: str = "operator") -> None:
        self._add("stop", "", by)

    async def read(self) -> Sequence[Note]:
        return tuple(self._notes)

    def _add(self, order: Order, text: str, by: str) -> None:
        self._notes.append(Note(str(len(self._notes) + 1), order, text, by))


class Helm:
    """Takes up the notes of one run, for all of its roles: each becomes one event, whoever looks first."""

    def __init__(self, inbox: Inbox, logbook: Logbook):
        self._inbox = inbox
        self._logbook = logbook
        self._turn = asyncio.Lock()

    async def stop(self) -> bool:
        """Whether people want the run to end. Looks for news. Raises LeaseLost and JournalDown."""
        async with self._turn:
            notes = await self._inbox.read()
            known = {order.note for order in self._logbook.ledger.orders}
            fresh = [ev.Steered(n.id, n.order, n.text, n.by) for n in notes if n.id not in known]
            if fresh:
                await self._logbook.append_all("", fresh)
        return any(order.order == "stop" for order in self._logbook.ledger.orders)
