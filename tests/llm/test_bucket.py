"""The token bucket of one process, and the key under which quotas are told apart."""

import pytest

from agent.charter import Pace
from agent.llm.governor import MemoryBucket, bucket_key


class Clock:
    """Moved by hand."""

    def __init__(self, now: float = 1000.0):
        self.now = now

    def __call__(self) -> float:
        return self.now


async def test_a_bucket_hands_out_fractions_in_time() -> None:
    clock = Clock()
    bucket = MemoryBucket(Pace(requests_per_minute=30, burst=2), clock)
    assert [await bucket.take() for _ in range(2)] == [0.0, 0.0]
    assert await bucket.take() == pytest.approx(2.0)
    clock.now += 1.5
    assert await bucket.take() == pytest.approx(0.5)
    clock.now += 0.5
    assert await bucket.take() == 0.0
    await bucket.drain(10)
    await bucket.drain(3)
    assert await bucket.take() == pytest.approx(10.0), "a shorter drain does not end a longer one"
    clock.now += 10
    assert await bucket.take() == pytest.approx(2.0), "it fills from empty"
    clock.now += 1000
    assert [await bucket.take() for _ in range(3)] == [0.0, 0.0, pytest.approx(2.0)]


async def test_waits_are_never_too_small_for_the_clock() -> None:
    clock = Clock(1e9)  # where a float knows no nanoseconds
    bucket = MemoryBucket(Pace(requests_per_minute=7, burst=3), clock)
    taken = asks = 0
    while taken < 200:
        asks += 1
        wait = await bucket.take()
        assert wait == 0 or wait >= 0.001
        clock.now += wait
        taken += wait == 0
    assert asks < 700


def test_a_bucket_key_tells_quotas_apart_and_tells_no_secret() -> None:
    parts = ("openai", "https://me:hunter2@host/v1", "sk-secret", "small")
    key = bucket_key(*parts)
    assert key == bucket_key("openai", "https://me:hunter2@host/v1/", "sk-secret", "small")
    others = [("gemini", *parts[1:]), ("openai", "https://host/v1", *parts[2:]), (*parts[:3], "large")]
    others += [("openai", parts[1], "sk-other", "small"), ("openai", parts[1] + "sk", "-secret", "small")]
    assert len({key, *(bucket_key(*other) for other in others)}) == 6
    assert "sk-secret" not in key and "hunter2" not in key
