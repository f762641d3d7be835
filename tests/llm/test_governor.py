"""The governor at a provider that refuses, on a virtual clock: hours of waiting take no time."""

from collections.abc import Awaitable, Callable
from itertools import pairwise
from random import Random

import pytest
from virtual_clock import VirtualClock

from agent.charter import Pace
from agent.llm.base import Effort, ModelReply
from agent.llm.errors import ContextOverflow, CoolDown, Fault, Interrupted, ModelBusy, ModelFailure
from agent.llm.governor import Governor, MemoryBucket

FAST = Pace(requests_per_minute=6000, burst=100)
DONE = ModelReply("said", "done")


class Provider:
    """Answers with the scripted troubles first, then with replies. Knows when it was asked."""

    def __init__(self, clock: VirtualClock, *troubles: Exception):
        self._clock = clock
        self._troubles = list(troubles)
        self.asked: list[float] = []

    async def __call__(self) -> ModelReply:
        self.asked.append(self._clock() - 1000)
        if self._troubles:
            raise self._troubles.pop(0)
        return DONE

    @property
    def gaps(self) -> list[float]:
        return [after - before for before, after in pairwise(self.asked)]


class WatchedBucket(MemoryBucket):
    """Knows when it was asked."""

    def __init__(self, pace: Pace, clock: VirtualClock):
        super().__init__(pace, clock)
        self._now = clock
        self.asked: list[float] = []

    async def take(self) -> float:
        self.asked.append(self._now() - 1000)
        return await super().take()


class Desk:
    """A governor with its bucket on one clock."""

    def __init__(self, pace: Pace = FAST, clock: VirtualClock | None = None, bucket: MemoryBucket | None = None):
        self.clock = clock or VirtualClock()
        self.bucket = bucket or MemoryBucket(pace, self.clock)
        self.governor = Governor(pace, self.bucket, self.clock.sleep, Random(7))

    async def call(self, provider: Provider, give_up: Callable[[], Awaitable[bool]] | None = None):
        job = self.governor.call(provider, give_up) if give_up else self.governor.call(provider)
        return (await self.clock.run(job))[0]


def busy(fault: Fault = "overloaded", retry_after: float | None = None) -> ModelBusy:
    return ModelBusy("The server is busy; try later.", fault, retry_after)


async def test_a_reply_at_once_took_one_try_and_no_wait() -> None:
    desk = Desk()
    provider = Provider(desk.clock)
    reply = await desk.call(provider)
    assert (reply.text, reply.effort) == ("done", Effort(1, 0.0, ()))
    assert provider.asked == [0.0]


async def test_what_was_met_on_the_way_is_counted() -> None:
    desk = Desk()
    provider = Provider(desk.clock, busy("timeout"), busy("rate_limit", 7), busy("protocol"))
    reply = await desk.call(provider)
    assert reply.effort.tries == 4
    assert reply.effort.faults == ("timeout", "rate_limit", "protocol")
    assert reply.effort.waited == pytest.approx(desk.clock.now - 1000)
    assert reply.effort.waited > 2 + 7 + 2


async def test_the_wait_for_a_token_is_counted_too() -> None:
    desk = Desk(Pace(requests_per_minute=6, burst=1))
    provider = Provider(desk.clock)
    first, second = [await desk.call(provider) for _ in range(2)]
    assert first.effort.waited == 0
    assert 10 <= second.effort.waited == pytest.approx(desk.clock.now - 1000)
    assert second.effort.tries == 1


async def test_ten_tries_then_a_cool_down_that_says_what_was_met() -> None:
    desk = Desk()
    provider = Provider(desk.clock, *[busy("timeout")] * 9, ModelBusy("The last word.", "overloaded"))
    down = await desk.call(provider)
    assert isinstance(down, CoolDown)
    assert len(provider.asked) == down.tries == 10
    assert down.faults == ("timeout",) * 9 + ("overloaded",)
    assert down.waited == pytest.approx(sum(provider.gaps))
    assert desk.clock.now - 1000 == pytest.approx(provider.asked[-1]), "nobody waits after the last try"
    assert str(down) == "The last word."


async def test_back_off_doubles_up_to_the_longest_wait_with_full_jitter() -> None:
    gaps: list[list[float]] = []
    for seed in range(100):
        clock = VirtualClock()
        governor = Governor(FAST, MemoryBucket(FAST, clock), clock.sleep, Random(seed))
        provider = Provider(clock, *[busy()] * 10)
        await clock.run(governor.call(provider))
        gaps.append(provider.gaps)
    for number, waits in enumerate(zip(*gaps, strict=True), start=1):
        highest = min(60, 2 * 2**number)
        assert min(waits) >= 2 - 1e-6 and max(waits) <= highest + 1e-6
        assert min(waits) < 2 + 0.1 * (highest - 2) and max(waits) > 2 + 0.9 * (highest - 2)


@pytest.mark.parametrize("fault", ["rate_limit", "overloaded"])
async def test_a_delay_that_the_server_names_is_obeyed_with_little_jitter(fault: Fault) -> None:
    desk = Desk()
    provider = Provider(desk.clock, *[busy(fault, 7.5)] * 9)
    reply = await desk.call(provider)
    assert reply.effort.tries == 10
    # Behind a drained bucket the first token takes its time.
    most = 7.5 + 0.5 + (0.2 if fault == "rate_limit" else 1e-6)
    assert all(7.5 <= gap <= most for gap in provider.gaps), provider.gaps
    assert max(provider.gaps) - min(provider.gaps) > 0.2


async def test_a_named_delay_of_nothing_is_none() -> None:
    desk = Desk()
    provider = Provider(desk.clock, busy("rate_limit", 0.0), busy("overloaded", -1.0))
    await desk.call(provider)
    assert all(gap >= 2 for gap in provider.gaps)


@pytest.mark.parametrize(
    ("fault", "delay", "words"),
    [
        ("rate_limit", 7300, "in 2.0 h only, so its quota is used up"),
        ("overloaded", 301, "in 5 min only, so it is out"),
    ],
)
async def test_a_delay_too_long_to_wait_for_ends_the_call_with_a_remedy(fault: Fault, delay: float, words: str) -> None:
    desk = Desk()
    provider = Provider(desk.clock, busy(fault, delay))
    failure = await desk.call(provider)
    assert isinstance(failure, ModelFailure) and not isinstance(failure, ModelBusy | CoolDown)
    assert words in str(failure) and "CHARTERBOT_LLM_API_KEY" in str(failure)
    assert str(failure).startswith("The server is busy; try later. ")
    assert "pace.longest_server_wait" in str(failure) and "300 s" in str(failure)
    assert provider.asked == [0.0] and desk.clock.now == 1000


async def test_the_longest_delay_is_still_waited_for() -> None:
    desk = Desk()
    reply = await desk.call(Provider(desk.clock, busy("rate_limit", 300)))
    assert reply.effort.waited >= 300


@pytest.mark.parametrize("failure", [ModelFailure("Wrong key."), ContextOverflow("Too long."), ValueError("A bug.")])
async def test_what_no_try_can_mend_passes_at_once(failure: Exception) -> None:
    desk = Desk()
    provider = Provider(desk.clock, failure)
    assert await desk.call(provider) is failure
    assert provider.asked == [0.0] and desk.clock.now == 1000


async def test_a_refusal_of_one_role_keeps_all_others_back_until_it_is_over() -> None:
    desk = Desk()
    other_key = Desk(clock=desk.clock)
    refused = Provider(desk.clock, busy("rate_limit", 30))
    others = [Provider(desk.clock) for _ in range(5)]
    elsewhere = Provider(desk.clock)

    async def role(desk: Desk, provider: Provider, start: float, turns: int) -> None:
        await desk.clock.sleep(start)
        for _ in range(turns):
            await desk.governor.call(provider)
            await desk.clock.sleep(1)

    roles = [role(desk, provider, 0.3 + number / 10, 40) for number, provider in enumerate(others)]
    await desk.clock.run(role(desk, refused, 2.5, 5), role(other_key, elsewhere, 0.3, 40), *roles)
    over = 2.5 + 30
    for provider in others:
        assert len(provider.asked) == 40
        assert [at for at in provider.asked if 2.5 < at < over] == []
        assert any(over <= at < over + 1 for at in provider.asked)
    assert len([at for at in elsewhere.asked if 2.5 < at < over]) >= 29, "another key is another quota"


async def test_a_fault_that_is_no_refusal_keeps_nobody_back() -> None:
    desk = Desk()
    other = Provider(desk.clock)
    await desk.clock.run(desk.governor.call(Provider(desk.clock, busy("overloaded", 30))), desk.governor.call(other))
    assert other.asked == [0.0]


async def test_the_last_try_drains_as_well() -> None:
    desk = Desk()
    provider = Provider(desk.clock, *[busy("overloaded")] * 9, busy("rate_limit", 40))
    assert isinstance(await desk.call(provider), CoolDown)
    assert desk.bucket.drained > 39
    reply = await desk.call(Provider(desk.clock))
    assert reply.effort.waited >= 40


async def test_those_who_waited_do_not_all_come_at_once() -> None:
    pace = Pace(requests_per_minute=120, burst=10)
    clock = VirtualClock()
    bucket = WatchedBucket(pace, clock)
    desk = Desk(pace, clock, bucket)
    providers = [Provider(desk.clock) for _ in range(30)]
    await desk.bucket.drain(60)
    await desk.clock.run(*(desk.governor.call(provider) for provider in providers))
    asked = sorted(provider.asked[0] for provider in providers)
    assert asked[0] >= 60
    assert all(after - before >= 0.001 for before, after in pairwise(asked))
    waited = [at for at in bucket.asked if at > 0]
    assert len(set(waited)) == len(waited), "not even to ask"
    for at in asked:
        assert len([each for each in asked if at <= each < at + 1]) <= 3, "two a second, and no burst out of nothing"
    assert asked[-1] < 60 + 30 / 2 + 3, "and no time is wasted"


async def test_giving_up_ends_a_wait_within_a_second() -> None:
    for patience in (0.0, 0.3, 3.7, 29.9):
        desk = Desk()
        provider = Provider(desk.clock, busy("timeout"), busy("rate_limit", 200))

        async def give_up(desk: Desk = desk, patience: float = patience, provider: Provider = provider) -> bool:
            return len(provider.asked) == 2 and desk.clock.now - 1000 - provider.asked[1] >= patience

        given_up = await desk.call(provider, give_up)
        assert isinstance(given_up, Interrupted)
        assert patience <= desk.clock.now - 1000 - provider.asked[1] <= patience + 1
        assert given_up.waited == pytest.approx(desk.clock.now - 1000)
        assert given_up.faults == ("timeout", "rate_limit")
        assert len(provider.asked) == 2


async def test_giving_up_ends_the_wait_for_a_drained_bucket() -> None:
    desk = Desk()
    await desk.bucket.drain(100)
    provider = Provider(desk.clock)

    async def give_up() -> bool:
        return desk.clock.now >= 1010

    given_up = await desk.call(provider, give_up)
    assert isinstance(given_up, Interrupted) and given_up.waited == pytest.approx(10, abs=1)
    assert provider.asked == []


async def test_a_request_under_way_is_not_given_up() -> None:
    desk = Desk()

    async def slow() -> ModelReply:
        await desk.clock.sleep(90)
        return DONE

    async def give_up() -> bool:
        return True

    reply = (await desk.clock.run(desk.governor.call(slow, give_up)))[0]
    assert reply.text == "done" and desk.clock.now == 1090


async def test_a_thousand_calls_keep_to_the_pace() -> None:
    desk = Desk(Pace(requests_per_minute=60, burst=10))
    provider = Provider(desk.clock)

    async def role() -> None:
        for _ in range(100):
            await desk.governor.call(provider)

    await desk.clock.run(*(role() for _ in range(10)))
    assert len(provider.asked) == 1000
    asked = provider.asked
    assert all(asked[number + 10] - asked[number] >= 1 - 1e-6 for number in range(990))
    assert 989 <= asked[-1] <= 995
