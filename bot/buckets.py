"""The token bucket that all workers share, in Redis. While Redis is away each process goes on with a bucket of its own.

What is kept here may be lost at any time: then a bucket is full. Knows no model.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from agent.charter import Pace
from agent.llm.governor import MemoryBucket

PREFIX = "charterbot:bucket:"
ANSWER_SECONDS = 1.0
PROBE_SECONDS = 1.0
"""How long Redis is not asked again after it failed to answer."""

# Both count in the time of Redis, which is the same for all. `since` is the moment from which the tokens grow; while a
# bucket is drained it lies ahead. A key outlives the moment at which its bucket is full again. Numbers are formatted,
# because Lua's own notation drops what is finer than a tenth of a millisecond.
_START = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'since')
local tokens, since = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
local function keep(tokens, since)
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens), 'since', string.format('%.6f', since))
  redis.call('EXPIRE', KEYS[1], math.max(3600, math.ceil(since - now + burst / rate) + 1))
end
"""
TAKE = (
    _START
    + """
local wait = since - now
if wait <= 0 then
  tokens = math.min(burst, tokens - wait * rate)
  if tokens >= 1 then
    keep(tokens - 1, now)
    return '0'
  end
  keep(tokens, now)
  wait = (1 - tokens) / rate
end
return string.format('%.6f', math.max(0.001, wait))
"""
)
DRAIN = _START + "keep(0, math.max(since, now + tonumber(ARGV[3])))"

log = structlog.get_logger()


class RedisBuckets:
    """The buckets of one process, on a client that does not insist (`redis_settings(url, patient=False)`).

    Keeps the in-memory twins, which all runs of the process share, and whether Redis is away.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._take = redis.register_script(TAKE)
        self._drain = redis.register_script(DRAIN)
        self._twins: dict[str, MemoryBucket] = {}
        self._away = False
        self._probe_at = 0.0

    def bucket(self, key: str, pace: Pace) -> "RedisBucket":
        twin = self._twins.setdefault(key, MemoryBucket(pace, self._clock))
        return RedisBucket(self, key, pace, twin)

    async def take(self, key: str, pace: Pace) -> float | None:
        """Seconds to wait, 0.0 for a token; None when Redis is away."""
        answer = await self._ask(self._take, key, _growth(pace))
        return None if answer is None else float(answer)

    async def drain(self, key: str, pace: Pace, seconds: float) -> None:
        await self._ask(self._drain, key, [*_growth(pace), seconds])

    async def _ask(self, script: Callable, key: str, args: list[float]) -> bytes | None:
        if self._away and self._clock() < self._probe_at:
            return None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await script(keys=[PREFIX + key], args=args)
        except (RedisError, OSError) as error:  # OSError holds time-outs, too
            if not self._away:
                log.warning("buckets_without_redis", error=type(error).__name__)
            self._away = True
            self._probe_at = self._clock() + PROBE_SECONDS
            return None
        self._away = False
        return answer or b""


class RedisBucket:
    """An agent.llm.governor.Bucket. Whatever Redis says its twin is told, so that an outage begins with what this
    process knows: a drained bucket stays drained when Redis forgets it."""

    def __init__(self, buckets: RedisBuckets, key: str, pace: Pace, twin: MemoryBucket):
        self._buckets = buckets
        self._key = key
        self._pace = pace
        self._twin = twin

    async def take(self) -> float:
        if self._twin.drained:
            return await self._twin.take()
        wait = await self._buckets.take(self._key, self._pace)
        if wait is None:
            return await self._twin.take()
        if wait:
            await self._twin.drain(wait)
            return wait
        # Somebody may have been refused while Redis was on its way to answer.
        left = self._twin.drained
        if not left:
            await self._twin.take()
        return left

    async def drain(self, seconds: float) -> None:
        await self._twin.drain(seconds)
        await self._buckets.drain(self._key, self._pace, seconds)


def _growth(pace: Pace) -> list[float]:
    """Tokens a second, and the most there are."""
    return [pace.requests_per_minute / 60, pace.burst]
