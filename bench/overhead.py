"""What our layer adds to a model call: the same request through the bare SDK and through adapter, governor, account
and cost log, turn about, against an emulator in a process of its own that answers after a fixed time.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import httpx2

from agent.charter import Budgets, Limit, Pace
from agent.llm.base import Message, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.choose import LlmSettings, choose_adapter
from agent.llm.costs import CostLog
from agent.llm.governed import Engine, GovernedModel, Seat
from agent.llm.governor import Governor, MemoryBucket
from agent.llm.spending import Account, MemoryDay
from agent.llm.testing import GEMINI, OPENAI
from agent.llm.tokens import Gauge
from agent.tools.surface import ToolCall, ToolSpec

ANSWER_SECONDS = 0.02
WARM_UP = 10
KEY = "test-key"
MODEL = "gemini-emulated"
TRAITS = Traits(context=200_000, max_output=4_096)
TURNS = 20
"""Of history in the request, as in the middle of a run."""

Protocol = Literal["openai", "gemini"]


@dataclass(frozen=True, slots=True)
class OverheadFigures:
    """Medians in milliseconds; `ratio` is layer to bare."""

    protocol: str
    calls: int
    bare_ms: float
    layer_ms: float
    ratio: float


async def measure(protocol: Protocol, calls: int = 150) -> OverheadFigures:
    request = _request()
    async with _emulator(protocol) as url:
        with tempfile.TemporaryDirectory(prefix="charterbot-bench-") as folder:
            layer = _layer(protocol, url, Path(folder))
            async with _bare(protocol, url, request) as bare:
                times = await _turn_about(bare, lambda: layer.generate(request), calls)
            await layer.engine.adapter.close()
    bare_ms, layer_ms = (statistics.median(each) * 1000 for each in times)
    return OverheadFigures(protocol, calls, round(bare_ms, 2), round(layer_ms, 2), round(layer_ms / bare_ms, 3))


async def _turn_about(
    first: Callable[[], Awaitable[Any]], second: Callable[[], Awaitable[Any]], calls: int
) -> tuple[list[float], list[float]]:
    """In one run and by turns, so that whatever else the machine does meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(calls + WARM_UP):
        for call, kept in zip((first, second), times, strict=True):
            began = time.perf_counter()
            await call()
            if number >= WARM_UP:
                kept.append(time.perf_counter() - began)
    return times


class _Layer(GovernedModel):
    """A governed model whose adapter can be closed."""

    def __init__(self, engine: Engine, account: Account, costs: CostLog):
        super().__init__(engine, Seat("bench", "bench/bench", "member", "bench"), account, costs)
        self.engine = engine


def _layer(protocol: Protocol, url: str, folder: Path) -> _Layer:
    pace = Pace(requests_per_minute=1e6, burst=1000)
    adapter = choose_adapter(LlmSettings(protocol, url, KEY, MODEL), MODEL, TRAITS)
    engine = Engine(adapter, TRAITS, Governor(pace, MemoryBucket(pace)), Gauge())
    budgets = Budgets(run=Limit(tokens=10**9), role=Limit(tokens=10**9), day=Limit(tokens=10**9))
    return _Layer(engine, Account(budgets, MemoryDay()), CostLog(folder / "usage.ndjson"))


@asynccontextmanager
async def _bare(protocol: Protocol, url: str, request: ModelRequest) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """The SDK as anybody would call it, with the same body."""
    http = httpx2.AsyncClient()
    if protocol == "openai":
        import openai

        from agent.llm.openai.habits import Habits
        from agent.llm.openai.wire import request_body

        client = openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0, http_client=http)
        body = request_body(request, MODEL, TRAITS, Habits())
        yield lambda: client.chat.completions.create(**body)
    else:
        yield _bare_gemini(url, request, http)
    await http.aclose()


def _bare_gemini(url: str, request: ModelRequest, http: httpx2.AsyncClient) -> Callable[[], Awaitable[Any]]:
    from google import genai
    from google.genai import types

    from agent.llm.gemini.wire import contents_of, prefix_of

    options = types.HttpOptions(base_url=url, api_version="v1beta", httpx_async_client=http)
    models = genai.Client(api_key=KEY, vertexai=False, http_options=options).aio.models
    contents = [types.Content.model_validate_json(json.dumps(each)) for each in contents_of(request.messages, MODEL)]
    settings = {**prefix_of(request.system, request.tools, "AUTO"), "automaticFunctionCalling": {"disable": True}}
    config = types.GenerateContentConfig.model_validate({**settings, "automaticContinuation": False})
    return lambda: models.generate_content(model=MODEL, contents=contents, config=config)


def _request() -> ModelRequest:
    schema = {
        "type": "object",
        "properties": {"target": {"type": "string"}, "text": {"type": "string"}, "submit": {"type": "boolean"}},
        "required": ["target", "text"],
    }
    tools = tuple(
        ToolSpec(f"browser_{number}", "Does something. " * 5, schema, True, "browser") for number in range(16)
    )
    messages = [Message("user", "Explore. " * 300)]
    for number in range(TURNS):
        call = ToolCall(f"call_{number}", "browser_1", {"target": "e5", "text": "O'Brien", "submit": True})
        messages.append(Message("assistant", "I type.", calls=(call,)))
        page = "\n".join(f'- button "Cancel booking {row}" [ref=e{row}]' for row in range(40))
        messages.append(Message("tool", page, call_id=call.id, tool="browser_1"))
    return ModelRequest("You are a tester. " * 100, tuple(messages), tools)


@asynccontextmanager
async def _emulator(protocol: Protocol) -> AsyncIterator[str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.overhead", protocol, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None and child.stdin is not None
    try:
        yield (await child.stdout.readline()).decode().strip()
    finally:
        child.stdin.close()  # it ends with its standard input
        await child.wait()


def _serve(protocol: Protocol) -> None:
    wire = {"openai": OPENAI, "gemini": GEMINI}[protocol]
    answer = wire.called(("browser_1", {"target": "e5", "text": "O'Brien", "submit": True}))
    with wire.emulator(key=KEY, policy=lambda body: replace(answer, delay=ANSWER_SECONDS)) as emulator:
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _serve("gemini" if sys.argv[1:] == ["gemini"] else "openai")
