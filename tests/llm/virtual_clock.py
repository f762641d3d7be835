"""A clock for many waiters at once, whose waits take no time."""

import asyncio
import heapq
from collections.abc import Awaitable


class VirtualClock:
    """Stands still until everybody sleeps, then jumps to the first who wakes."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, future))
        await future

    async def run(self, *jobs: Awaitable) -> list:
        """What the jobs returned or raised."""
        tasks = [asyncio.ensure_future(job) for job in jobs]
        while not all(task.done() for task in tasks):
            for _ in range(3):
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, future = heapq.heappop(self._sleepers)
                future.set_result(None)
        return await asyncio.gather(*tasks, return_exceptions=True)
