"""A model server on its bad days, over real HTTP: what the loop gets to see of each of them."""

import json
import socket
from dataclasses import replace

import pytest

from agent.errors import BadInput
from agent.ledger import Ledger
from agent.llm.base import Message, ModelReply, ModelRequest, Situation
from agent.llm.choose import LlmSettings, choose_model
from agent.llm.errors import ModelFailure
from agent.llm.openai_compatible import OpenAICompatible, retry_after
from agent.llm.testing import Answer, Step, called, completion, emulator, failed, said
from agent.tools.surface import ToolCall, ToolSpec

CLICK = ToolSpec(
    "browser_click",
    "Click",
    {"type": "object", "properties": {"target": {"type": "string"}}, "required": ["target"], "$schema": "x"},
    True,
    "browser",
)
SITUATION = Situation("member", "http://app", "/", None, Ledger(), (), 1, 10)
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK,), SITUATION)


class Clock:
    """Waits in no time and remembers how long."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


async def ask(*steps: Step, request: ModelRequest = REQUEST, clock: Clock | None = None) -> ModelReply:
    with emulator(*steps) as server:
        model = OpenAICompatible(server.url, server.key, "m1", 5, (clock or Clock()).sleep)
        try:
            return await model.generate(request)
        finally:
            await model.close()


def raw(message: dict, finish: str = "stop", **top: object) -> Answer:
    answer = completion(message, finish)
    return replace(answer, body={**answer.body, **top})


def tool_call(arguments: object, **fields: object) -> dict:
    return {"function": {"name": "browser_click", "arguments": arguments}, **fields}


async def test_a_call_comes_back_with_its_arguments_and_the_tokens_it_cost():
    reply = await ask(called(("browser_click", {"target": "e1"})))
    assert reply.outcome == "called"
    assert reply.calls == (ToolCall("call_1", "browser_click", {"target": "e1"}),)
    assert (reply.usage.input, reply.usage.output, reply.usage.cached) == (100, 20, 0)
    assert reply.usage.seconds > 0


async def test_a_whole_conversation_goes_out_to_the_letter_of_the_protocol():
    history = (
        Message("user", "Go."),
        Message("assistant", "", (ToolCall("a", "browser_click", {"target": "e1"}),), state={"reasoning": "hm"}),
        Message("tool", "Done.", call_id="a"),
        Message("user", "Turn 2"),
    )
    with emulator(said("fine")) as server:
        model = OpenAICompatible(server.url, server.key, "m1")
        await model.generate(replace(REQUEST, messages=history))
        await model.close()
        body = server.requests[0]
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "user"]
    assert json.loads(body["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"target": "e1"}
    assert "$schema" not in body["tools"][0]["function"]["parameters"]


ODD = {
    "text": (said("hello"), "said", "hello"),
    "content as parts": (raw({"content": [{"type": "text", "text": "he"}, {"text": "llo"}]}), "said", "hello"),
    "no choices": (Answer({"choices": None}), "empty", ""),
    "empty choices": (Answer({"choices": []}), "empty", ""),
    "no message": (Answer({"choices": [{"finish_reason": "stop"}]}), "empty", ""),
    "nothing said": (said("  "), "empty", ""),
    "no usage": (raw({"content": "x"}, usage=None), "said", "x"),
    "half a usage": (raw({"content": "x"}, usage={"prompt_tokens": None}), "said", "x"),
    "length": (completion({"content": "I wi"}, "length"), "truncated", "I wi"),
    "length with a call": (completion({"tool_calls": [tool_call('{"tar')]}, "length"), "truncated", ""),
    "content filter": (completion({"content": ""}, "content_filter"), "blocked", ""),
    "refusal": (raw({"content": None, "refusal": "I will not"}), "blocked", ""),
    "arguments as an object": (raw({"tool_calls": [tool_call({"target": "e1"}, id="x")]}), "called", ""),
    "no id and no type": (raw({"tool_calls": [tool_call('{"target": "e1"}')]}), "called", ""),
    "calls that finish as stop": (raw({"content": "", "tool_calls": [tool_call('{"target": "e1"}')]}), "called", ""),
    "legacy call": (raw({"function_call": {"name": "browser_click", "arguments": '{"target":"e1"}'}}), "called", ""),
    "repairable arguments": (raw({"tool_calls": [tool_call("{'target': 'e1',}")]}), "called", ""),
    "arguments of nothing": (raw({"tool_calls": [tool_call(None)]}), "malformed", ""),
    "arguments that miss a field": (raw({"tool_calls": [tool_call('{"ref": "e1"}')]}), "malformed", ""),
    "arguments as a list": (raw({"tool_calls": [tool_call("[1]")]}), "malformed", ""),
    "custom call": (raw({"tool_calls": [{"type": "custom", "custom": {"name": "x"}}]}), "malformed", ""),
    "unknown tool": (raw({"tool_calls": [{"function": {"name": "rm", "arguments": "{}"}}]}), "malformed", ""),
}


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_reply_has_its_place_in_the_closed_set(name: str):
    answer, outcome, text = ODD[name]
    reply = await ask(answer)
    assert (reply.outcome, reply.text) == (outcome, text)
    assert bool(reply.detail) == (outcome not in ("said", "called"))
    if outcome == "called":
        assert reply.calls[0].args == {"target": "e1"}
        assert reply.calls[0].id in ("x", "call_1")


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
async def test_reasoning_is_carried_in_the_state(name: str):
    reply = await ask(said("x", **{name: "because"}))
    assert reply.state == {name: "because"}


async def test_a_limited_server_is_asked_again_after_the_time_it_names():
    clock = Clock()
    busy = failed(429, "slow down", "rate_limit_exceeded", Retry_After="7")
    reply = await ask(busy, failed(503, "overloaded", retry_after_ms="250"), said("here"), clock=clock)
    assert reply.text == "here"
    assert clock.waits == [7.0, 0.25]


async def test_an_unreadable_answer_and_a_cut_one_are_asked_for_again():
    reply = await ask(Answer('{"choices": [{'), Answer(""), said("here"))
    assert reply.text == "here"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([failed(401, "bad key test-key")], "CHARTERBOT_LLM_API_KEY"),
        ([failed(404, "The model `m1` does not exist", "model_not_found")], "CHARTERBOT_LLM_MODEL"),
        ([Answer({"error": 'model "m1" not found, try pulling it first'}, 404)], "CHARTERBOT_LLM_MODEL"),
        ([failed(404, "Not Found")], "CHARTERBOT_LLM_BASE_URL"),
        ([failed(400, "m1 does not support tools")], "cannot call tools"),
        ([failed(400, "this model's maximum context length", "context_length_exceeded")], "CHARTERBOT_LLM_MODEL"),
        ([failed(429, "no money", "insufficient_quota")], "CHARTERBOT_LLM_API_KEY"),
        (
            [Answer("<html>Welcome</html>", headers={"content-type": "text/html"})],
            "web page, not as a model server; CHARTERBOT_LLM",
        ),
        ([Answer({"error": {"message": "unknown model", "code": 400}})], "CHARTERBOT_LLM_MODEL"),
        ([Answer("", 302, {"location": "/elsewhere"})], "CHARTERBOT_LLM_BASE_URL"),
        ([failed(500, "boom")] * 5, "overloaded"),
    ],
)
async def test_what_cannot_be_helped_is_one_sentence_that_names_the_remedy(answers: list[Answer], words: str):
    with pytest.raises(ModelFailure) as failure:
        await ask(*answers)
    assert words in str(failure.value)
    assert "test-key" not in str(failure.value)
    assert "\n" not in str(failure.value)


async def test_a_server_that_is_not_there_is_named_with_its_variable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        model = OpenAICompatible(f"http://127.0.0.1:{free.getsockname()[1]}/v1", "", "m1", 5, Clock().sleep)
        with pytest.raises(ModelFailure, match="CHARTERBOT_LLM_BASE_URL"):
            await model.generate(REQUEST)
        await model.close()


async def test_a_server_that_never_answers_is_given_up():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        model = OpenAICompatible(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", "", "m1", 0.2, Clock().sleep)
        with pytest.raises(ModelFailure, match=r"no answer in 0\.2 s|cannot be reached"):
            await model.generate(REQUEST)
        await model.close()


def test_the_date_form_of_retry_after_is_understood():
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


async def test_a_script_that_is_left_over_or_exhausted_fails():
    with pytest.raises(AssertionError, match="never asked"):
        await ask(said("x"), said("y"))
    with pytest.raises(AssertionError, match="exhausted"), emulator() as server:
        model = OpenAICompatible(server.url, server.key, "m1")
        with pytest.raises(ModelFailure):
            await model.generate(REQUEST)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (LlmSettings("gemini"), "later version"),
        (LlmSettings("gpt"), "scout, openai, gemini"),
        (LlmSettings("openai", model="m", api_key=""), "CHARTERBOT_LLM_API_KEY"),
        (LlmSettings("openai", api_key="k"), "CHARTERBOT_LLM_MODEL"),
        (LlmSettings("openai", "localhost:1", "k", "m"), "CHARTERBOT_LLM_BASE_URL"),
        (LlmSettings("openai", "http://x/v1", "k k", "m"), "CHARTERBOT_LLM_API_KEY"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_starts(settings: LlmSettings, words: str):
    with pytest.raises(BadInput, match=words):
        choose_model(settings)


def test_choosing_the_scout_loads_no_sdk():
    import subprocess
    import sys

    code = (
        "import sys; from agent.llm.choose import *; choose_model(LlmSettings());"
        "print([name for name in ('openai', 'google.genai') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
