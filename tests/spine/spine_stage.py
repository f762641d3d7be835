"""The spine's stage: a database file, a Redis of one's own, the web process over real HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

from agent.charter import Charter
from bot.config import Settings
from bot.context import Context
from bot.events import RepoRef
from bot.queue import Queue
from bot.redis import PrivateRedis
from bot.store.database import Database
from bot.store.ids import new_id
from bot.store.runs import Run
from webhooks.app import create_app
from webhooks.signature import sign

SECRET = "between-us"
REPO = RepoRef(id=41, owner="acme", name="clubhouse")


def a_run(issue: int = 7, **changes: Any) -> Run:
    charter = Charter("Book a court twice", "Clubhouse", "local", roles=("member", "coach"), iterations=12)
    values: dict[str, Any] = {
        "id": new_id(),
        "repo": REPO,
        "installation_id": 5,
        "issue": issue,
        "charter": charter,
        "requested_by": "pat",
        "trigger": f"delivery:{uuid4()}",
        "state": "queued",
        "created_at": datetime.now(UTC),
    }
    return Run(**{**values, **changes})


@dataclass
class Door:
    """The web process as GitHub sees it."""

    url: str
    client: httpx.AsyncClient

    async def deliver(
        self, event: str, payload: Any, id: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sent = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": id or str(uuid4()),
            "X-Hub-Signature-256": sign(SECRET.encode(), body),
            "Content-Type": "application/json",
            **(headers or {}),
        }
        kept = [(name.encode(), value.encode("latin-1")) for name, value in sent.items() if value]
        return await self.client.post(f"{self.url}/webhooks/github", content=body, headers=kept)


@dataclass
class Spine:
    """What a test works with: the stores as the processes see them."""

    settings: Settings
    db: Database
    redis: PrivateRedis
    queue: Queue

    @property
    def context(self) -> Context:
        return Context(self.db, self.settings, self.queue)

    @asynccontextmanager
    async def door(self) -> AsyncIterator[Door]:
        listener = socket.create_server(("127.0.0.1", 0))
        app = create_app(self.settings, self.db, self.queue)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        async with asyncio.TaskGroup() as group, httpx.AsyncClient(timeout=30, trust_env=False) as client:
            group.create_task(server._serve(sockets=[listener]))  # serve() would take the signals of the test run
            try:
                yield Door(f"http://127.0.0.1:{listener.getsockname()[1]}", client)
            finally:
                server.should_exit = True

    async def jobs(self, queue: str = "charterbot:events") -> list[str]:
        """The names of the jobs that wait in a queue."""
        return [item.decode() for item in await self.queue._redis.zrange(queue, 0, -1)]
