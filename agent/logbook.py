"""One run's journal with what is known from it: every event goes through here, the ledger follows by itself.

Shared by the roles and the prover of a run. It decides nothing.
"""

import asyncio
from collections.abc import Callable, Sequence

from agent.events import Event, Payload
from agent.journal import Journal
from agent.ledger import Ledger, fold


class Logbook:
    """`events` and `ledger` are what was journalled so far; `listen` hears each event once it is safe; `grown` is set
    with each event, for the one task that waits for news."""

    def __init__(self, journal: Journal, listen: Callable[[Event], None] | None = None):
        self.events: list[Event] = []
        self.ledger = Ledger()
        self.grown = asyncio.Event()
        self._journal = journal
        self._listen = listen
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Take over what earlier segments of the run journalled."""
        self._take(await self._journal.read())

    async def append(self, role: str, *payloads: Payload) -> tuple[Event, ...]:
        """Journal all of them or none. Raises LeaseLost."""
        return await self.append_all(role, payloads)

    async def append_all(self, role: str, payloads: Sequence[Payload]) -> tuple[Event, ...]:
        async with self._turn:  # events are folded in the order of their numbers
            events = await self._journal.append(role, payloads)
            self._take(events)
        for event in events if self._listen else ():
            assert self._listen is not None
            self._listen(event)
        return events

    def _take(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        self.ledger = fold(self.ledger, events)
        self.grown.set()
