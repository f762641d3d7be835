"""A role's calls end to end: adapter, governor, budgets and cost lines over real HTTP, for both protocols."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from agent.charter import Budgets, Limit, Pace, Profile, Role
from agent.llm.base import Message, Model, ModelRequest
from agent.llm.choose import LlmSettings
from agent.llm.costs import CostLog, read_costs
from agent.llm.emulators import gemini as testing_gemini
from agent.llm.emulators import openai as testing_openai
from agent.llm.errors import BudgetSpent, ContextOverflow, CoolDown, Interrupted, ModelFailure
from agent.llm.models import Metering, Models
from agent.llm.spending import Account, MemoryDay
from agent.llm.testing import OPENAI
from agent.tools.surface import ToolSpec

LOOK = ToolSpec("look", "Looks.", {"type": "object", "properties": {}}, False, "browser")
REQUEST = ModelRequest("You are a tester.", (Message("user", "Look at the page."),), (LOOK,))
OPENAI_SILENT = OPENAI.faults["no_usage"]
DOORS: dict[str, Any] = {"openai": testing_openai, "gemini": testing_gemini}
EMULATORS: dict[str, Callable[..., AbstractContextManager[Any]]] = {
    "openai": testing_openai.openai_emulator,
    "gemini": testing_gemini.gemini_emulator,
}


class Bench:
    """Models of one run against an emulator, with sleeps that take no time."""

    def __init__(self, provider: str, url: str, folder: Path, budgets: Budgets = Budgets(), context: int = 32_768):
        self.slept: list[float] = []
        self.folder = folder
        prices = {"context": context, "max_output": 1000, "price": {"input": 1.0, "cached": 0.5, "output": 10.0}}
        file = folder / "models.json"
        file.write_text(json.dumps({"models": {provider: {"gemini-emulated*": prices}}}))
        pace = Pace(tries=3, requests_per_minute=60_000, burst=100)
        profile = Profile("Site", "local", folder, "http://x", "local", (), pace=pace, budgets=budgets)
        self.account = Account(budgets, MemoryDay())
        metering = Metering("run-1", self.account, CostLog(folder / "usage.ndjson"), sleep=self._sleep)
        settings = LlmSettings(provider, url, "test-key", "gemini-emulated-1", models_file=file)
        self.models = Models(settings, profile, metering)

    def of(self, role: str) -> Model:
        return self.models.of(Role(role, None))

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture(params=["openai", "gemini"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


async def test_a_call_is_retried_priced_and_written_down(provider, tmp_path):
    door = DOORS[provider]
    with EMULATORS[provider](door.failed(503, "overloaded"), door.called(("look", {}))) as emulator:
        bench = Bench(provider, emulator.url, tmp_path)
        reply = await bench.of("member").generate(REQUEST)
        await bench.models.close()

    assert (reply.outcome, [call.tool for call in reply.calls]) == ("called", ["look"])
    assert (reply.effort.tries, reply.effort.faults) == (2, ("overloaded",))
    assert reply.effort.waited == pytest.approx(sum(bench.slept)) and reply.effort.waited > 0
    usage = reply.usage
    assert reply.price == pytest.approx(
        ((usage.input - usage.cached) * 1.0 + usage.cached * 0.5 + usage.output * 10.0) / 1e6
    )
    (line,) = read_costs(tmp_path)
    assert (line.run, line.app, line.role, line.model) == ("run-1", "Site/local", "member", "gemini-emulated-1")
    assert (line.outcome, line.tries, line.price, line.provider) == ("called", 2, reply.price, provider)
    assert (line.input, line.output) == (usage.input, usage.output)


async def test_calls_that_come_to_nothing_are_written_down_too(provider, tmp_path):
    door = DOORS[provider]
    refused = {"openai": door.failed(401, "Incorrect API key", "invalid_api_key")} if provider == "openai" else {}
    steps = [*[door.failed(500, "boom")] * 3, refused.get(provider) or door.wrong_key(), door.failed(500, "boom")]
    with EMULATORS[provider](*steps) as emulator:
        bench = Bench(provider, emulator.url, tmp_path)
        model = bench.of("member")
        with pytest.raises(CoolDown) as down:
            await model.generate(REQUEST)
        with pytest.raises(ModelFailure, match="CHARTERBOT_LLM_API_KEY"):
            await model.generate(REQUEST)

        async def at_once() -> bool:
            return True

        with pytest.raises(Interrupted):
            await model.generate(ModelRequest("", REQUEST.messages, REQUEST.tools, give_up=at_once))
        await bench.models.close()
    assert (down.value.tries, down.value.faults) == (3, ("overloaded",) * 3)
    assert [line.outcome for line in read_costs(tmp_path)] == ["busy", "failed", "interrupted"]


async def test_a_budget_ends_with_room_for_the_closing_turn_of_each_role(provider, tmp_path):
    door = DOORS[provider]
    with EMULATORS[provider](policy=lambda body: door.called(("look", {}))) as emulator:
        bench = Bench(provider, emulator.url, tmp_path, Budgets(run=Limit(tokens=8_000)))
        roles = {name: bench.of(name) for name in ("member", "guest")}
        ended = set()
        while len(ended) < 2:
            for name, model in roles.items():
                if name not in ended:
                    try:
                        await model.generate(REQUEST)
                    except BudgetSpent as spent:
                        ended.add(name)
                        assert "budgets.run.tokens" in str(spent)
        for model in roles.values():
            closing = ModelRequest(REQUEST.system, REQUEST.messages, REQUEST.tools, closing=True)
            assert (await model.generate(closing)).outcome == "called"
            await model.close()
        await bench.models.close()
    used = sum(line.input + line.output for line in read_costs(tmp_path))
    assert 4_000 < used <= 8_000
    # A refused call was never sent.
    assert len(read_costs(tmp_path)) == len(emulator.bodies)


async def test_a_request_that_cannot_fit_is_not_sent(provider, tmp_path):
    with EMULATORS[provider]() as emulator:
        bench = Bench(provider, emulator.url, tmp_path, context=4_096)
        long = ModelRequest("", (Message("user", "A long page of words. " * 2_000),), (LOOK,))
        with pytest.raises(ContextOverflow, match="4096 tokens that gemini-emulated-1 reads"):
            await bench.of("member").generate(long)
        await bench.models.close()
    assert emulator.bodies == []


async def test_a_full_disk_loses_the_line_and_not_the_reply(provider, tmp_path):
    with EMULATORS[provider](DOORS[provider].called(("look", {}))) as emulator:
        bench = Bench(provider, emulator.url, tmp_path)
        (tmp_path / "usage.ndjson").mkdir()
        reply = await bench.of("member").generate(REQUEST)
        await bench.models.close()
    assert reply.outcome == "called" and reply.price


async def test_a_server_that_reports_no_tokens_is_counted_by_our_own_estimate(tmp_path):
    silent = OPENAI_SILENT(testing_openai.called(("look", {})))
    with EMULATORS["openai"](policy=lambda body: silent) as emulator:
        bench = Bench("openai", emulator.url, tmp_path, Budgets(run=Limit(tokens=5_000)))
        model = bench.of("member")
        reply = await model.generate(REQUEST)
        with pytest.raises(BudgetSpent):
            for _ in range(200):
                await model.generate(REQUEST)
        await bench.models.close()
    assert (reply.usage.input, reply.price) == (0, None) and reply.estimated > 10
    assert all(line.price is None for line in read_costs(tmp_path))
