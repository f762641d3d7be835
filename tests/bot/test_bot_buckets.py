"""The token bucket in a real Redis: shared, drained, forgotten, and away."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from agent.charter import Pace
from agent.llm.base import ModelReply
from agent.llm.errors import ModelBusy
from agent.llm.governor import Bucket, Governor
from bench.limiter import measure
from bot.buckets import PREFIX, RedisBuckets
from bot.queue import connect
from bot.redis import PrivateRedis, find_redis, redis_settings

PACE = Pace(requests_per_minute=600, burst=5)
SLOW = Pace(requests_per_minute=0.6, burst=3)
"""A token in 100 s: nothing grows back during a test."""


@dataclass
class Shelf:
    """A Redis of the test's own, and two clients that share it as two processes do."""

    server: PrivateRedis
    redis: Redis
    mine: RedisBuckets
    yours: RedisBuckets


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    program = find_redis(os.environ)
    assert program is not None, "no redis-server: charterbot doctor --fix"
    server = PrivateRedis(program)
    async with server:
        settings = redis_settings(server.url, patient=False)
        clients = [connect(settings) for _ in range(2)]
        yield Shelf(server, clients[0], *(RedisBuckets(client) for client in clients))
        for client in clients:
            await client.aclose(close_connection_pool=True)


async def taken(*buckets: Bucket, most: int = 20) -> int:
    """How many tokens there are for them, asked in turn."""
    count = 0
    for number in range(most):
        if await buckets[number % len(buckets)].take():
            break
        count += 1
    return count


async def test_all_take_from_one_bucket_and_each_key_has_its_own(shelf: Shelf) -> None:
    mine, yours = shelf.mine.bucket("a", SLOW), shelf.yours.bucket("a", SLOW)
    assert await taken(mine, yours) == 3
    assert 90 < await yours.take() <= 100 and 90 < await mine.take() <= 100
    assert await taken(shelf.yours.bucket("b", SLOW)) == 3


async def test_tokens_grow_in_fractions_up_to_the_burst(shelf: Shelf) -> None:
    mine, yours = shelf.mine.bucket("a", PACE), shelf.yours.bucket("a", PACE)
    assert await taken(mine) == 5
    wait = await yours.take()
    assert 0.05 < wait <= 0.1
    await asyncio.sleep(wait / 2)
    assert 0 < await RedisBuckets(shelf.redis).bucket("a", PACE).take() <= wait / 2 + 0.01
    await asyncio.sleep(wait / 2 + 0.005)
    assert await yours.take() == 0.0
    await asyncio.sleep(0.8)
    assert await taken(yours) == 5


async def test_a_drain_holds_for_all_and_ends_in_an_empty_bucket(shelf: Shelf) -> None:
    mine, yours = shelf.mine.bucket("a", PACE), shelf.yours.bucket("a", PACE)
    asked = time.monotonic()
    await mine.drain(0.5)
    over = time.monotonic() + 0.5
    await mine.drain(0.1)
    wait = await yours.take()
    assert asked + 0.5 - time.monotonic() - 0.001 <= wait <= 0.5
    promised: list[float] = []
    while True:
        asked = time.monotonic()
        if not (wait := await yours.take()):
            break
        promised += [asked + wait] if asked > over else []
        await asyncio.sleep(0.002)
    assert time.monotonic() - over > 0.095 and min(promised, default=over) < over + 0.2, (
        "a token needs its time after the drain"
    )
    total = 1 + await taken(mine)
    assert total <= (time.monotonic() - over) * PACE.requests_per_minute / 60 + 0.1, "it began empty"


async def test_keys_expire_and_not_while_they_matter(shelf: Shelf) -> None:
    await shelf.mine.bucket("a", PACE).take()
    assert 3590 < await shelf.redis.ttl(f"{PREFIX}a") <= 3600
    await shelf.mine.bucket("a", PACE).drain(7000)
    assert await shelf.redis.ttl(f"{PREFIX}a") >= 7000


async def test_a_wiped_redis_is_a_full_bucket(shelf: Shelf) -> None:
    yours = shelf.yours.bucket("a", SLOW)
    assert await taken(shelf.mine.bucket("a", SLOW)) == 3
    await shelf.redis.flushall()
    await shelf.redis.script_flush()
    assert await taken(yours) == 3


async def test_a_drain_of_ones_own_outlives_a_wiped_redis(shelf: Shelf) -> None:
    refused, told = shelf.mine.bucket("a", PACE), shelf.yours.bucket("a", PACE)
    await refused.drain(60)
    await told.take()
    await shelf.redis.flushall()
    assert await refused.take() > 59 and await told.take() > 59


async def test_without_redis_each_process_goes_on_alone_and_comes_back(shelf: Shelf) -> None:
    for outage in range(2):
        mine, yours = (buckets.bucket(f"a{outage}", SLOW) for buckets in (shelf.mine, shelf.yours))
        drained = shelf.mine.bucket(f"b{outage}", SLOW)
        assert await mine.take() == 0.0
        await shelf.server.stop()
        with capture_logs() as logs:
            started = time.monotonic()
            assert await taken(yours) == 3
            assert await taken(mine, shelf.mine.bucket(f"a{outage}", SLOW)) == 2, "one was taken before"
            await drained.drain(30)
            assert time.monotonic() - started < 1, "nobody waits for a server that is not there"
            await asyncio.sleep(1.1)
            assert await mine.take() > 0
        assert [line["event"] for line in logs] == ["buckets_without_redis"] * 2, "one for each process"
        await shelf.server.start()
        await asyncio.sleep(1.1)
        for buckets in (shelf.mine, shelf.yours):
            assert await buckets.bucket(f"c{outage}", SLOW).take() == 0.0
        assert await taken(shelf.yours.bucket(f"c{outage}", SLOW)) == 1, "it is one bucket again"
        assert await drained.take() > 25, "what was drained meanwhile is not forgotten"


async def test_a_redis_that_hangs_costs_one_second_not_one_for_each_call(shelf: Shelf) -> None:
    bucket = shelf.mine.bucket("a", PACE)
    await bucket.take()
    process = shelf.server._server
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert await taken(bucket, most=4) == 4
        assert 0.9 < time.monotonic() - started < 1.5
    finally:
        process.send_signal(signal.SIGCONT)


async def test_calls_go_on_through_an_outage_in_the_middle(shelf: Shelf) -> None:
    pace = Pace(requests_per_minute=3000, burst=5)
    governors = [Governor(pace, buckets.bucket("a", pace)) for buckets in (shelf.mine, shelf.yours)]
    troubles = [ModelBusy("Busy.", "rate_limit", 0.3)]
    sent = 0

    async def attempt() -> ModelReply:
        nonlocal sent
        sent += 1
        if sent == 60 and troubles:
            raise troubles.pop()
        return ModelReply("said", "done")

    async def outage() -> None:
        await asyncio.sleep(0.4)
        await shelf.server.stop()
        await asyncio.sleep(0.8)
        await shelf.server.start()

    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(outage())
        calls = [group.create_task(governors[number % 2].call(attempt)) for number in range(160)]
    assert all(call.result().text == "done" for call in calls) and sent == 161
    assert time.monotonic() - started > 160 / (2 * 50) - 0.5, "two buckets of the pace were all there was"
    # What was waited for, not how long it took: a busy machine fills the bucket meanwhile.
    assert max(call.result().effort.waited for call in calls) < 160 / 50 + 3


async def test_two_processes_at_a_limited_server_send_nothing_while_the_bucket_is_drained() -> None:
    figures = await measure(calls=80)
    assert figures.succeeded == 80
    assert figures.sent_while_drained == 0 and figures.drains >= 2
    assert figures.requests == 80 + figures.refused
    # Two blocks, each met by one request or by the few that were under way.
    assert figures.refused <= 5
