"""Explicit caches over real HTTP: one for all roles with the same prefix, renewed, lost, refused, deleted."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.emulators.gemini import GeminiEmulator, called, failed, gemini_emulator, said
from agent.llm.emulators.server import Answer, serve
from agent.llm.errors import ModelFailure
from agent.llm.gemini import cache as gemini_cache
from agent.llm.gemini.adapter import Gemini
from agent.llm.gemini.cache import MARGIN_SECONDS, TTL_SECONDS
from agent.tools.surface import ToolSpec

MODEL = "gemini-3.8-flash"
TRAITS = Traits(cache_minimum=1024)
LOOK = ToolSpec("browser_snapshot", "Look", {"type": "object", "properties": {}}, False, "browser")
LONG = "You test a web application with care, and you write down what you saw. " * 120
REQUEST = ModelRequest(LONG, (Message("user", "Go."),), (LOOK,))


class Clock:
    """Stands still until it is told to go on."""

    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def serving(clock: Clock, **given: Any) -> Iterator[GeminiEmulator]:
    with gemini_emulator(policy=lambda body: said("fine"), clock=clock, **given) as server:
        yield server


@asynccontextmanager
async def client(server: GeminiEmulator, clock: Clock, traits: Traits = TRAITS) -> AsyncIterator[Gemini]:
    model = Gemini(server.key, MODEL, traits, server.url, 5.0, "run-7", clock)
    try:
        yield model
    finally:
        await model.close()


async def together(model: Gemini, count: int, request: ModelRequest = REQUEST) -> list[ModelReply]:
    return list(await asyncio.gather(*(model.generate(request) for _ in range(count))))


def cached_bodies(server: GeminiEmulator) -> list[bool]:
    return ["cachedContent" in body for body in server.bodies]


async def test_ten_roles_that_begin_together_share_one_cache():
    with serving(clock := Clock()) as server:
        async with client(server, clock) as model:
            replies = await together(model, 10)
        assert cached_bodies(server) == [True] * 10
        assert all("tools" not in body and "systemInstruction" not in body for body in server.bodies)
    assert len(server.made) == 1
    made = server.made[0]
    assert made["systemInstruction"] == {"parts": [{"text": LONG}]}
    assert made["tools"][0]["functionDeclarations"][0]["name"] == "browser_snapshot"
    assert made["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}
    assert (made["ttl"], made["displayName"], made["model"]) == ("600s", "run-7", f"models/{MODEL}")
    assert {reply.usage.cached for reply in replies} == {server.cached_tokens[0]}


async def test_another_prefix_has_a_cache_of_its_own():
    with serving(clock := Clock()) as server:
        async with client(server, clock) as model:
            await together(model, 2)
            await together(model, 2, replace(REQUEST, system=f"{LONG} And be quick."))
    assert len(server.made) == 2
    assert [body["cachedContent"] for body in server.bodies] == ["cachedContents/c1"] * 2 + ["cachedContents/c2"] * 2


async def test_a_demanded_call_goes_without_the_cache_and_leaves_it_alone():
    with serving(clock := Clock()) as server:
        async with client(server, clock) as model:
            await model.generate(REQUEST)
            await model.generate(replace(REQUEST, force=True))
            await model.generate(REQUEST)
    assert cached_bodies(server) == [True, False, True]
    assert server.bodies[1]["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert len(server.made) == 1


async def test_a_last_turn_uses_the_cache_that_is_there_and_makes_none():
    last = replace(REQUEST, closing=True)
    with serving(clock := Clock()) as server:
        async with client(server, clock) as model:
            await model.generate(last)
            await model.generate(REQUEST)
            await model.generate(last)
            await model.generate(replace(last, tools=()))
            await model.generate(replace(last, force=True))
            clock.now += TTL_SECONDS
            await model.generate(last)
    assert cached_bodies(server) == [False, True, True, False, False, False]
    assert len(server.made) == 1


async def test_a_cache_near_its_end_is_made_anew_before_it_can_fail():
    with serving(clock := Clock()) as server:
        async with client(server, clock) as model:
            await model.generate(REQUEST)
            clock.now += TTL_SECONDS - MARGIN_SECONDS - 1
            await together(model, 3)
            assert len(server.made) == 1
            clock.now += 2
            await together(model, 3)
    assert len(server.made) == 2
    assert {answer.status for answer in server.answered} == {200}


async def test_an_evicted_cache_is_made_anew_once_for_all_who_miss_it():
    with serving(clock := Clock()) as server:
        async with client(server, clock) as model:
            await model.generate(REQUEST)
            server.caches.clear()
            replies = await together(model, 5)
    assert {reply.text for reply in replies} == {"fine"}
    assert len(server.made) == 2
    assert cached_bodies(server) == [True] * len(server.bodies)


@pytest.mark.parametrize("code", [403, 404])
async def test_a_server_that_takes_no_cache_is_asked_without_one(code: int):
    def refuse(body: dict[str, Any]) -> Answer:
        return failed(code, "CachedContent not found") if "cachedContent" in body else said("fine")

    clock = Clock()
    with gemini_emulator(policy=refuse, clock=clock) as server:
        async with client(server, clock) as model:
            assert (await model.generate(REQUEST)).text == "fine"
            assert (await model.generate(REQUEST)).text == "fine"
    assert cached_bodies(server) == [True, True, False, False]


async def test_a_key_that_is_not_permitted_is_still_told_apart():
    clock = Clock()
    with gemini_emulator(policy=lambda body: failed(403, "Denied"), clock=clock) as server:
        async with client(server, clock) as model:
            with pytest.raises(ModelFailure, match="CHARTERBOT_LLM_API_KEY"):
                await model.generate(REQUEST)


REFUSALS = {
    "too small": None,
    "limit of nothing": failed(429, "TotalCachedContentStorageTokensPerModelFreeTier limit exceeded, limit: 0"),
    "not there": failed(404, "Not found."),
    "internal": failed(500, "Internal error."),
    "a page": Answer("<html></html>"),
    "nothing": Answer(manner="reset"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refused_cache_is_silently_absent_until_its_time_is_over(name: str):
    clock, refusal = Clock(), REFUSALS[name]
    with serving(clock, cache_minimum=1024 if refusal else 100_000) as server:
        server.cache_answers += [refusal] if refusal else []
        async with client(server, clock) as model:
            await together(model, 3)
            clock.now += TTL_SECONDS - 1
            await model.generate(REQUEST)
            assert cached_bodies(server) == [False] * 4
            assert len(server.made) == 1
            clock.now += 2
            server.cache_minimum = 1024
            await model.generate(REQUEST)
    assert cached_bodies(server)[-1]
    assert len(server.made) == 2


@pytest.mark.parametrize("traits", [Traits(cache_minimum=4096), Traits()], ids=["short prefix", "no caches"])
async def test_below_the_threshold_nobody_asks_for_a_cache(traits: Traits):
    with serving(clock := Clock()) as server:
        async with client(server, clock, traits) as model:
            await together(model, 2)
    assert server.made == [] and cached_bodies(server) == [False, False]


async def test_caches_are_deleted_at_the_end():
    with serving(clock := Clock()) as server:
        async with client(server, clock) as model:
            await model.generate(REQUEST)
            await model.generate(replace(REQUEST, system=LONG * 2))
            assert len(server.caches) == 2
        assert server.caches == {}
        assert [asked.method for asked in server.asked].count("DELETE") == 2


GOODBYES = {"reset": Answer(manner="reset"), "hang": Answer(manner="hang"), "refusal": failed(500, "Internal error.")}


@pytest.mark.parametrize("name", GOODBYES)
async def test_an_end_is_not_held_up_by_a_server_that_deletes_nothing(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gemini_cache, "CLOSE_SECONDS", 0.3)
    emulator = GeminiEmulator(policy=lambda body: said("fine"))
    with serve(lambda asked: GOODBYES[name] if asked.method == "DELETE" else emulator.decide(asked)) as served:
        model = Gemini(emulator.key, MODEL, TRAITS, served.url)
        await model.generate(REQUEST)
        async with asyncio.timeout(3):
            await model.close()
        assert [asked.method for asked in served.asked] == ["POST", "POST", "DELETE"]


async def test_signatures_and_calls_pass_through_a_cached_turn():
    clock = Clock()
    with gemini_emulator(called(("browser_snapshot", {})), said("done"), clock=clock) as server:
        async with client(server, clock) as model:
            reply = await model.generate(REQUEST)
            answers = tuple(Message("tool", "Seen.", call_id=call.id) for call in reply.calls)
            history = (*REQUEST.messages, Message("assistant", "", reply.calls, state=reply.state), *answers)
            assert (await model.generate(replace(REQUEST, messages=history))).outcome == "said"
    assert cached_bodies(server) == [True, True]
