"""Fixtures of the spine's tests; what they hand out stands in spine_stage.py."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from spine_stage import SECRET, Spine

from bot.config import Settings
from bot.queue import Queue
from bot.redis import PrivateRedis, find_redis, redis_settings
from bot.store.database import Database, migrate


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'charterbot.db'}"
    await migrate(url)
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture
async def redis() -> AsyncIterator[PrivateRedis]:
    program = find_redis(os.environ)
    assert program is not None, "no redis-server: charterbot doctor --fix"
    server = PrivateRedis(program)
    async with server:
        yield server


@pytest.fixture
async def spine(tmp_path: Path, db: Database, redis: PrivateRedis) -> AsyncIterator[Spine]:
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "database_url": db.url, "redis_url": redis.url, "webhook_secret": SECRET}
    )
    queue = Queue(redis_settings(redis.url, patient=False))
    yield Spine(settings, db, redis, queue)
    await queue.close()
