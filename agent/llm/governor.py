"""How hard a provider is asked and what is done when it refuses: a token bucket for all who share its quota, a bounded
number of tries for a call. Knows no provider and no Redis; clock, sleep and randomness are handed in.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random, SystemRandom
from typing import Protocol

from agent.charter import Pace
from agent.llm.base import Effort, ModelReply, never
from agent.llm.errors import CoolDown, Interrupted, ModelBusy, ModelFailure

GIVE_UP_POLL = 0.5
"""Seconds of waiting between two questions whether to give up: the promise is one second, and asking takes time."""
JITTER = 0.5
"""Seconds by which those who wait for the same moment are spread at most."""
SHORTEST_WAIT = 0.001
"""A bucket never answers with less: fractions of a token would be waited for in steps too small for any clock."""

Sleep = Callable[[float], Awaitable[None]]


class Bucket(Protocol):
    """What all who share a quota take from before each request. Holds fractions of tokens."""

    async def take(self) -> float:
        """Take one token. Returns 0.0 when it was taken, else the seconds after which to ask again."""
        ...

    async def drain(self, seconds: float) -> None:
        """Nothing is handed out for so long, to anybody; then the bucket fills from empty."""
        ...


class MemoryBucket:
    """The bucket of one process: `burst` tokens at most, refilled by `requests_per_minute`."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic):
        self._rate = pace.requests_per_minute / 60
        self._burst = float(pace.burst)
        self._clock = clock
        self._tokens = self._burst
        self._since = clock()

    @property
    def drained(self) -> float:
        """Seconds for which nothing is handed out."""
        return max(0.0, self._since - self._clock())

    async def take(self) -> float:
        if self.drained:
            return max(SHORTEST_WAIT, self.drained)
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate)
        self._since = now
        if self._tokens < 1:
            return max(SHORTEST_WAIT, (1 - self._tokens) / self._rate)
        self._tokens -= 1
        return 0.0

    async def drain(self, seconds: float) -> None:
        """The time from which the tokens grow lies ahead, which is what being drained means."""
        self._tokens = 0.0
        self._since = max(self._since, self._clock() + seconds)


def bucket_key(provider: str, base_url: str, api_key: str, model: str) -> str:
    """Who shares a quota: same provider, address, key and model. Neither the key nor the address can be read from it,
    since an address may hold a password."""
    secret = hashlib.sha256(f"{base_url.rstrip('/')}\0{api_key}".encode()).hexdigest()
    return f"{provider}:{model}:{secret[:16]}"


class Governor:
    """Paces and retries the calls of all roles that share a bucket."""

    def __init__(self, pace: Pace, bucket: Bucket, sleep: Sleep = asyncio.sleep, random: Random = SystemRandom()):
        self._pace = pace
        self._bucket = bucket
        self._sleep = sleep
        self._random = random

    # Not tenacity: every wait is cut into pieces with a question between them, the bucket is drained also after the
    # last try, and a named delay can be too long to try again. As its callbacks that is longer than this loop.
    async def call(
        self, attempt: Callable[[], Awaitable[ModelReply]], give_up: Callable[[], Awaitable[bool]] = never
    ) -> ModelReply:
        """The reply of `attempt`, with its effort filled in. Only ModelBusy is tried again.

        Raises CoolDown when the tries ran out, Interrupted when `give_up` ended a wait (a request under way is never
        cancelled), ModelFailure when the server names a delay longer than `longest_server_wait`, and what else
        `attempt` raises.
        """
        wait = _Wait(self._sleep, give_up)
        tries = 0
        try:
            while True:
                await self._admission(wait)
                tries += 1
                try:
                    reply = await attempt()
                    return replace(reply, effort=Effort(tries, wait.waited, wait.faults))
                except ModelBusy as busy:
                    wait.faults += (busy.fault,)
                    await wait.spend(await self._refused(busy, tries))
        except ModelFailure as failure:
            failure.tries, failure.waited, failure.faults = tries, wait.waited, wait.faults
            raise

    async def _refused(self, busy: ModelBusy, tries: int) -> float:
        """Seconds until the next try. Raises CoolDown after the last one."""
        seconds = self._pause(busy, tries)
        if busy.fault == "rate_limit":
            await self._bucket.drain(seconds)
        if tries >= self._pace.tries:
            raise CoolDown(str(busy))
        return seconds

    async def _admission(self, wait: "_Wait") -> None:
        """Wait for a token. Those who are refused at the same moment come back at different ones."""
        while seconds := await self._bucket.take():
            await wait.spend(seconds + self._random.uniform(0, min(JITTER, seconds)))

    def _pause(self, busy: ModelBusy, tries: int) -> float:
        """Seconds until the next try. Raises ModelFailure."""
        named, pace = busy.retry_after, self._pace
        # "0 s" is what servers send that round down: no delay to rely on.
        if named is None or named <= 0:
            return self._random.uniform(pace.shortest_wait, min(pace.longest_wait, pace.shortest_wait * 2.0**tries))
        if named > pace.longest_server_wait:
            raise ModelFailure(_too_long(busy, named, pace))
        return named + self._random.uniform(0, JITTER)


class _Wait:
    """The waiting of one call, with what led to it."""

    def __init__(self, sleep: Sleep, give_up: Callable[[], Awaitable[bool]]):
        self._sleep = sleep
        self._give_up = give_up
        self.waited = 0.0
        self.faults: tuple[str, ...] = ()

    async def spend(self, seconds: float) -> None:
        """Raises Interrupted."""
        while seconds > 0:
            if await self._give_up():
                raise Interrupted(self.waited, self.faults)
            piece = min(GIVE_UP_POLL, seconds)
            await self._sleep(piece)
            self.waited += piece
            seconds -= piece


def _too_long(busy: ModelBusy, named: float, pace: Pace) -> str:
    why = "its quota is used up" if busy.fault == "rate_limit" else "it is out of service"
    return (
        f"{str(busy).rstrip('.')}. The provider wants to be asked again in {_length(named)} only, so {why}: start a "
        "new run later, give CHARTERBOT_LLM_API_KEY a larger quota, or name another model in CHARTERBOT_LLM_MODEL. "
        f"Delays up to {pace.longest_server_wait:g} s are waited for (pace.longest_server_wait in settings.json)."
    )


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
