"""The emulator of chat completions against OpenAI's schemas and a foreign client, and the layer against its faults."""

import json
from dataclasses import replace
from typing import Any

import any_llm
import pytest
from any_llm.exceptions import RateLimitError
from openai_published import error_faults, request_faults, response_faults
from openai_words import ASKED, BODY, CALL, CLICK, REQUEST, TOOL

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.emulators.openai import called, completion, failed, said
from agent.llm.emulators.server import Answer
from agent.llm.errors import ModelBusy
from agent.llm.openai.adapter import OpenAICompatible
from agent.llm.testing import OPENAI, openai_emulator
from agent.tools.surface import Image, ToolCall

PICTURED = (
    Message("user", "Go."),
    Message("user", "The page."),
    Message("assistant", "", (ToolCall("a", "browser_click", {"target": "é"}),), state={"provider": "openai"}),
    Message("tool", "Done.", call_id="a", tool="browser_click", images=(Image("image/png", b"\x89PNG"),)),
    Message("assistant", "Well.", state={"provider": "openai", "reasoning_content": "hm"}),
    Message("user", "Turn 2"),
)


@pytest.mark.parametrize("vision", [True, False])
async def test_every_request_of_the_adapter_is_one_by_openai_s_own_schema(vision: bool):
    refusals = [
        failed(400, "Unsupported parameter: 'max_tokens'"),
        failed(400, "Function tools with reasoning_effort are not supported; set reasoning_effort to 'none'"),
        failed(500, "Conversation roles must alternate"),
        failed(400, "'temperature' is not supported"),
        failed(400, "tool_choice is not supported"),
    ]
    request = ModelRequest("You test.", PICTURED, (CLICK,), force=True, temperature=0.5)
    ends = replace(request, messages=(*PICTURED[:4], Message("user", "Turn 2")))
    with openai_emulator(*refusals, policy=lambda body: said("x")) as server:
        model = OpenAICompatible(server.url, server.key, "m1", Traits(vision=vision), 5)
        await model.generate(ends)
        await model.generate(request)
        await model.generate(replace(REQUEST, tools=()))
        await model.close()
    assert len(server.bodies) == 8
    assert [fault for body in server.bodies for fault in request_faults(body)] == []


def test_the_published_schemas_do_refuse_what_is_wrong():
    for wrong in (
        {**BODY, "max_output": 1},
        {**BODY, "messages": [{"role": "tool", "content": "x"}]},
        {**BODY, "messages": [{**ASKED, "tool_calls": [{**CALL, "function": {"name": "a", "arguments": {}}}]}]},
        {**BODY, "messages": [{"role": "user", "content": "x", "state": {}}]},
        {**BODY, "temperature": 3},
        {**BODY, "tools": [{"type": "function", "function": {"name": "x", "schema": {}}}]},
    ):
        assert request_faults(wrong) != []
    assert request_faults(BODY) == []
    good = said("x").body
    assert response_faults({**good, "tomorrow": 1}) != []
    assert response_faults({**good, "choices": [{**good["choices"][0], "finish_reason": "tomorrow"}]}) != []
    assert error_faults({"error": "text"}) != []


@pytest.mark.parametrize(
    "answer",
    [
        said("x"),
        called(("a", {"x": 1}), ("b", "{}")),
        completion({"role": "assistant", "content": None, "refusal": "no"}, "stop"),
        completion({"role": "assistant", "content": "x", "refusal": None}, "length"),
        completion({"role": "assistant", "content": "", "refusal": None}, "content_filter"),
    ],
)
def test_every_good_answer_of_the_emulator_is_one_by_openai_s_own_schema(answer: Answer):
    assert response_faults(answer.body) == []


GOOD = called(("browser_click", {"target": "e1"}))


async def bear(answer: Answer) -> ModelReply:
    with openai_emulator(answer) as server:
        model = OpenAICompatible(server.url, server.key, "m1", Traits(), 0.8)
        try:
            return await model.generate(REQUEST)
        finally:
            await model.close()


@pytest.mark.parametrize("kind", OPENAI.faults)
async def test_the_layer_bears_every_fault_as_foreseen(kind: str):
    """Nothing to do: the call is there, unharmed. To be asked again: no call ran."""
    broken = OPENAI.faults[kind](GOOD)
    assert broken != GOOD
    effect = OPENAI.effects[kind]
    if effect == "retry":
        with pytest.raises(ModelBusy):
            await bear(broken)
        return
    reply = await bear(broken)
    assert (reply.outcome == "called") == (effect == "none")
    if effect == "none":
        assert [(call.tool, call.args) for call in reply.calls] == [("browser_click", {"target": "e1"})]


@pytest.mark.parametrize("kind", OPENAI.faults)
async def test_a_fault_can_be_had_of_an_answer_without_calls_too(kind: str):
    try:
        reply = await bear(OPENAI.faults[kind](said("hello")))
    except ModelBusy:
        assert OPENAI.effects[kind] == "retry"
    else:
        assert OPENAI.effects[kind] != "retry" and not reply.calls


def test_there_are_kinds_of_fault_enough_and_each_has_its_effect():
    assert len(OPENAI.faults) >= 20
    assert set(OPENAI.faults) == set(OPENAI.effects)
    assert set(OPENAI.effects.values()) == {"none", "retry", "reask"}


async def test_a_foreign_client_makes_a_round_trip_and_meets_the_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANY_LLM_UNIFIED_EXCEPTIONS", "1")
    messages: list[Any] = [{"role": "user", "content": "Go."}]
    limit = failed(429, "Rate limit reached.", "rate_limit_exceeded", Retry_After="1")

    async def ask(base: str) -> Any:
        args: dict[str, Any] = {"provider": "openai", "api_base": base, "api_key": "test-key", "tools": [TOOL]}
        return await any_llm.acompletion("m1", messages, client_args={"max_retries": 0}, **args)

    with openai_emulator(GOOD, said("done"), limit) as server:
        first = await ask(server.url)
        call = first.choices[0].message.tool_calls[0]
        assert json.loads(call.function.arguments) == {"target": "e1"}
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [CALL | {"id": call.id}]},
            {"role": "tool", "tool_call_id": call.id, "content": "Clicked."},
        ]
        second = await ask(server.url)
        assert second.choices[0].message.content == "done"
        assert second.usage.prompt_tokens == 100
        with pytest.raises(RateLimitError, match="Rate limit reached"):
            await ask(server.url)
    assert [fault for body in server.bodies for fault in request_faults(body)] == []
