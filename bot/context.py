"""What a job works with: the stores, the settings, the clock, and GitHub where this process may see it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.buckets import RedisBuckets
from bot.config import Settings
from bot.github.port import GitHubPort
from bot.queue import Queue
from bot.store.database import Database


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """`github` is None in the process that explores, `buckets` in the one that does not. `stopping` is set once the
    process was asked to end."""

    db: Database
    settings: Settings
    queue: Queue
    clock: Callable[[], datetime] = utc_now
    github: GitHubPort | None = None
    buckets: RedisBuckets | None = None
    delivery_id: str = ""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
