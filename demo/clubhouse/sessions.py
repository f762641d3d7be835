"""Sessions outlive a deployment: the build that goes writes them down, the build that comes reads them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from fastapi import FastAPI

from demo.clubhouse.web import House, Session


def keep_sessions(house: House, path: Path) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """A lifespan that takes over the sessions in `path` and leaves its own there."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            house.sessions.update({token: _session(values) for token, values in kept.items()})
        yield
        own = {token: asdict(session) for token, session in house.sessions.items()}
        path.write_text(json.dumps(own), encoding="utf-8")

    return lifespan


def _session(values: dict) -> Session:
    # JSON knows only texts as keys.
    return Session(**{**values, "seen_status": {int(key): status for key, status in values["seen_status"].items()}})
