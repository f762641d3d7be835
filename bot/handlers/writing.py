"""Puts effects into the outbox, in the transaction of the decision that wants them."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.context import Context
from bot.domain import effects as kinds
from bot.events import RepoRef
from bot.github.markers import comment_marker
from bot.render.markdown import Md
from bot.store import effects


class Desk:
    """The outbox as seen from one repository within one transaction."""

    def __init__(self, tx: AsyncConnection, repo: RepoRef, installation_id: int, context: Context):
        self._tx = tx
        self._repo = repo
        self._installation_id = installation_id
        self._context = context

    async def add(self, key: str, effect: kinds.Effect) -> bool:
        """False when the same intent was there before."""
        now = self._context.clock()
        return await effects.add(self._tx, self._repo, self._installation_id, key, kinds.to_json(effect), now)

    async def comment(self, issue: int, key: str, text: Md) -> bool:
        """A new comment; its key is also the marker by which it is found again."""
        body = f"{comment_marker(key)}\n{text}"
        return await self.add(key, kinds.PostComment(issue, body, key))
