"""The fixtures of the bot's tests; everything else is in bot_stage.py."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from bot_stage import Stage, staged

from bot.redis import find_redis
from bot.store.database import migrate


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = find_redis(os.environ)
    assert program is not None, "no redis-server: charterbot doctor --fix"
    socket = tmp_path_factory.mktemp("redis") / "s"
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
        cwd=socket.parent,
    )
    yield f"unix://{socket}"
    server.terminate()
    server.wait(10)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables and nothing in them."""
    file = tmp_path_factory.mktemp("db") / "empty.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
async def stage(tmp_path: Path, template: Path, redis_url: str) -> AsyncIterator[Stage]:
    """Ends with the check that nothing was asked for which the local GitHub does not have."""
    async with staged(tmp_path, template, redis_url) as stage:
        yield stage
        assert stage.world.unexpected == []
