"""What people tell a run while it goes on, kept until it is over. The run's journal says what was taken up."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.steering import Note
from bot.store.database import Database, insert_once
from bot.store.leases import for_the_agent
from bot.store.tables import notes


async def add(tx: AsyncConnection, run_id: str, note: Note, now: datetime) -> bool:
    """False, and nothing changed, when this note was given before."""
    values = {"run_id": run_id, "id": note.id, "order": note.order, "text": note.text, "by": note.by, "at": now}
    return await insert_once(tx, notes, values)


class StoredInbox:
    """The notes of one run, as the explorer reads them."""

    def __init__(self, db: Database, run_id: str):
        self._db = db
        self._run_id = run_id

    async def read(self) -> tuple[Note, ...]:
        """Oldest first. Raises JournalDown."""
        query = select(notes.c.id, notes.c.order, notes.c.text, notes.c.by).where(notes.c.run_id == self._run_id)
        with for_the_agent():
            async with self._db.read() as tx:
                rows = await tx.execute(query.order_by(notes.c.at, notes.c.id))
                return tuple(Note(*row) for row in rows)
