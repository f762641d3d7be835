"""Explicit caches of the stable prefix: system instruction, tools and tool config live there once, for all roles that
share them. Knows no SDK: how a cache is made and deleted is handed in. Caching is best effort and never an error.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.llm.tokens import estimate

TTL_SECONDS = 600
MARGIN_SECONDS = 15
"""A cache this close to its end could be gone before the server reads the request."""
CLOSE_SECONDS = 5.0

Create = Callable[[Mapping[str, Any]], Awaitable[str]]
"""From a prefix to the new cache's name, empty when the server refused or could not be reached."""
Delete = Callable[[str], Coroutine[Any, Any, None]]
"""By name; raises nothing."""


@dataclass
class _Entry:
    """`name` is empty while there is no cache; `until` is when that has to be looked at again."""

    name: str = ""
    until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class PrefixCaches:
    """`minimum` is in tokens, 0 for models that take no caches; `clock` is in seconds."""

    def __init__(self, create: Create, delete: Delete, minimum: int, clock: Callable[[], float]):
        self._create = create
        self._delete = delete
        self._minimum = minimum
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    async def name_for(self, prefix: Mapping[str, Any], make: bool = True) -> str:
        """The cache to name in a request, made when there is none and `make`; empty: send the prefix itself."""
        if not self._minimum:
            return ""
        key, entry = self._entry(prefix)
        async with entry.lock:
            # The server keeps time from when it made the cache, which is after we asked.
            now = self._clock()
            if now < entry.until:
                return entry.name
            if estimate(key) < self._minimum:
                entry.name, entry.until = "", float("inf")
            if entry.until == float("inf") or not make:
                return ""
            entry.name = await self._create(prefix)
            entry.until = now + TTL_SECONDS - (MARGIN_SECONDS if entry.name else 0)
            return entry.name

    def forget(self, prefix: Mapping[str, Any], name: str) -> None:
        """The server no longer knows `name`. Another caller may have made a new one since."""
        _, entry = self._entry(prefix)
        if entry.name == name:
            entry.name, entry.until = "", 0.0

    def refuse(self, prefix: Mapping[str, Any]) -> None:
        """The server makes caches but does not take them: go without for as long as one would have lived."""
        _, entry = self._entry(prefix)
        entry.name, entry.until = "", self._clock() + TTL_SECONDS

    async def close(self) -> None:
        """Storage is billed by the hour. What cannot be deleted now ends by itself within TTL_SECONDS."""
        names = [entry.name for entry in self._entries.values() if entry.name]
        self._entries.clear()
        try:
            async with asyncio.timeout(CLOSE_SECONDS), asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(self._delete(name))
        except TimeoutError:
            pass

    def _entry(self, prefix: Mapping[str, Any]) -> tuple[str, _Entry]:
        text = json.dumps(prefix, ensure_ascii=False)
        return text, self._entries.setdefault(hashlib.sha256(text.encode()).hexdigest(), _Entry())
