"""The governor and the shared bucket at a server that refuses: two processes, one Redis, real HTTP.

The emulated server has a quota of its own, answers 429 with a delay to whoever exceeds it, and stops serving twice: the
first time it names the delay with its 429, the second time it does not.
"""

import asyncio
import json
import math
import multiprocessing
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field

import httpx2

from agent.charter import Pace
from agent.errors import BadInput
from agent.llm.base import ModelReply
from agent.llm.emulators.server import Answer, Asked, serve
from agent.llm.errors import CoolDown, ModelBusy
from agent.llm.governor import Bucket, Governor, bucket_key
from bot.buckets import RedisBuckets
from bot.queue import connect
from bot.redis import PrivateRedis, find_redis, redis_settings

PROCESSES = 2
CALLS = 200
ROLES = 4
"""Calling at the same time in each process."""
PACE = Pace(requests_per_minute=1200, burst=10)
SERVER_RATE, SERVER_BURST = 24.0, 12.0
"""Requests a second: a sixth more than our pace, as a user would set it."""
BLOCK_SECONDS = 2.5
ANSWER_SECONDS = 0.02
TOLERANCE = 0.01
"""Seconds: a request whose token was taken before the drain may reach its first line so much after it."""


@dataclass(frozen=True, slots=True)
class LimiterFigures:
    """`refused` of `requests` were answered 429, their share is bound to 2 %. `sent_while_drained` is bound to 0, with
    TOLERANCE at both ends of a drain. `succeeded` counts calls."""

    requests: int
    refused: int
    share_refused: float
    sent_while_drained: int
    succeeded: int
    drains: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is to do."""

    server: str
    redis: str
    calls: int


@dataclass(slots=True)
class Diary:
    """What a process did, on the monotonic clock that all processes share: when it sent, and from when (the answer of
    the bucket) until when (counted from the question) the bucket was drained."""

    sent: list[float] = field(default_factory=list)
    drained: list[tuple[float, float]] = field(default_factory=list)
    succeeded: int = 0


async def measure(calls: int = CALLS) -> LimiterFigures:
    """`calls` is a multiple of PROCESSES * ROLES. Raises BadInput when there is no Redis to start."""
    program = find_redis(os.environ)
    if program is None:
        raise BadInput("The limiter is measured with a real Redis: install redis-server.")
    server = LimitedServer((calls // 3, calls * 2 // 3))
    started = time.monotonic()
    async with PrivateRedis(program) as redis:
        with serve(server.decide) as served:
            diaries = await _in_processes(Job(served.url, redis, calls // PROCESSES))
    seconds = time.monotonic() - started
    requests = server.answered.total()
    refused = server.answered[429]
    return LimiterFigures(
        requests=requests,
        refused=refused,
        share_refused=round(refused / requests, 4),
        sent_while_drained=_sent_while_drained(diaries),
        succeeded=sum(diary.succeeded for diary in diaries),
        drains=sum(len(diary.drained) for diary in diaries),
        seconds=round(seconds, 2),
    )


class LimitedServer:
    """A token-limited server. `blocks`: the numbers of the two requests at which it stops serving for a while."""

    def __init__(self, blocks: tuple[int, int]):
        self._blocks = blocks
        self._tokens = SERVER_BURST
        self._since = time.monotonic()
        self._blocked_until = 0.0
        self.answered: Counter[int] = Counter()

    def decide(self, asked: Asked) -> Answer:
        answer = self._answer(asked.at)
        self.answered[answer.status] += 1
        return answer

    def _answer(self, now: float) -> Answer:
        number = self.answered.total() + 1
        if number in self._blocks:
            self._blocked_until = now + BLOCK_SECONDS
        if now < self._blocked_until:
            named = number < self._blocks[1]
            return Answer({}, 429, _retry_after(self._blocked_until - now) if named else {})
        self._tokens = min(SERVER_BURST, self._tokens + (now - self._since) * SERVER_RATE)
        self._since = now
        if self._tokens < 1:
            return Answer({}, 429, _retry_after((1 - self._tokens) / SERVER_RATE))
        self._tokens -= 1
        return Answer({"text": "done"}, delay=ANSWER_SECONDS)


def _retry_after(seconds: float) -> dict[str, str]:
    """In whole seconds, as the header has it."""
    return {"retry-after": str(math.ceil(seconds))}


async def _in_processes(job: Job) -> list[Diary]:
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        return await asyncio.gather(*(loop.run_in_executor(pool, work, job) for _ in range(PROCESSES)))


def work(job: Job) -> Diary:
    """One of the processes."""
    return asyncio.run(_work(job))


async def _work(job: Job) -> Diary:
    diary = Diary()
    redis = connect(redis_settings(job.redis, patient=False))
    key = bucket_key("emulated", job.server, "test-key", "limited")
    governor = Governor(PACE, _Watched(RedisBuckets(redis).bucket(key, PACE), diary))
    try:
        async with httpx2.AsyncClient() as http, asyncio.TaskGroup() as group:
            for _ in range(ROLES):
                group.create_task(_role(governor, http, job, diary))
    finally:
        await redis.aclose(close_connection_pool=True)
    return diary


async def _role(governor: Governor, http: httpx2.AsyncClient, job: Job, diary: Diary) -> None:
    async def attempt() -> ModelReply:
        diary.sent.append(time.monotonic())
        response = await http.post(f"{job.server}/limited", json={})
        if response.status_code == 429:
            named = response.headers.get("retry-after")
            raise ModelBusy("The server is busy.", "rate_limit", float(named) if named else None)
        return ModelReply("said", response.json()["text"])

    for _ in range(job.calls // ROLES):
        try:
            await governor.call(attempt)
        except CoolDown:
            continue
        diary.succeeded += 1


class _Watched:
    """A bucket whose drains are written down."""

    def __init__(self, bucket: Bucket, diary: Diary):
        self._bucket = bucket
        self._diary = diary

    async def take(self) -> float:
        return await self._bucket.take()

    async def drain(self, seconds: float) -> None:
        asked = time.monotonic()
        await self._bucket.drain(seconds)
        self._diary.drained.append((time.monotonic(), asked + seconds))


def _sent_while_drained(diaries: list[Diary]) -> int:
    drained = [span for diary in diaries for span in diary.drained]
    sent = [at for diary in diaries for at in diary.sent]
    return sum(any(start + TOLERANCE < at < end - TOLERANCE for start, end in drained) for at in sent)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(asyncio.run(measure()))) + "\n")
