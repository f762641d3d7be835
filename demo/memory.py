"""Peak memory of the whole demo: proportional set size (PSS) summed over this process and all its descendants."""

import asyncio
import contextlib

import psutil

INTERVAL_SECONDS = 3.0


class MemoryWatch:
    """Samples while it is entered. `peak_mib` is the highest sum seen, in MiB."""

    def __init__(self) -> None:
        self.peak_mib = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "MemoryWatch":
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _sample(self) -> None:
        while True:
            self.peak_mib = max(self.peak_mib, await asyncio.to_thread(_tree_mib))
            await asyncio.sleep(INTERVAL_SECONDS)


def _tree_mib() -> float:
    me = psutil.Process()
    total = 0
    for process in [me, *me.children(recursive=True)]:
        with contextlib.suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total / 2**20
