"""What goes to a chat-completions server and how every odd reply is read, over real HTTP."""

import json
from dataclasses import replace

import pytest
from openai_story import HISTORY, REQUEST, ask, asked

from agent.llm.base import Message, Usage
from agent.llm.catalogue import Traits
from agent.llm.emulators.openai import called, completion, failed, said
from agent.llm.testing import Answer
from agent.tools.surface import ToolCall


def raw(message: dict, finish: str | None = "stop", **top: object) -> Answer:
    answer = completion(message, finish)
    return replace(answer, body={**answer.body, **top})


def tool_call(arguments: object, **fields: object) -> dict:
    return {"function": {"name": "browser_click", "arguments": arguments}, **fields}


async def test_a_call_comes_back_with_its_arguments_and_the_tokens_it_cost():
    reply = await ask(called(("browser_click", {"target": "e1"})))
    assert reply.outcome == "called"
    assert reply.calls == (ToolCall("call_1", "browser_click", {"target": "e1"}),)
    assert replace(reply.usage, seconds=0.0) == Usage(input=100, cached=40, output=20, reasoning=5)
    assert reply.usage.seconds > 0
    assert reply.repairs == ()


async def test_a_whole_conversation_goes_out_to_the_letter_of_the_protocol():
    (body,) = await asked(said("fine"), requests=(replace(REQUEST, messages=HISTORY),))
    messages = body["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "tool", "user"]
    assert messages[1]["content"] == "Go.\n\nThe page."
    assert messages[2]["content"] is None
    assert json.loads(messages[2]["tool_calls"][0]["function"]["arguments"]) == {"target": "e1"}
    assert messages[5]["content"] == "Turn 2"
    assert "$schema" not in body["tools"][0]["function"]["parameters"]
    assert "tool_choice" not in body and "temperature" not in body


async def test_a_picture_follows_the_last_answer_of_its_turn_for_a_model_that_sees():
    (body,) = await asked(said("fine"), requests=(replace(REQUEST, messages=HISTORY),), traits=Traits(vision=True))
    last = body["messages"][-1]
    assert [message["role"] for message in body["messages"]][-3:] == ["tool", "tool", "user"]
    assert [part["type"] for part in last["content"]] == ["text", "image_url", "text"]
    assert last["content"][1]["image_url"]["url"] == "data:image/png;base64,iVBORw=="
    assert last["content"][2]["text"] == "Turn 2"


async def test_a_model_that_sees_nothing_is_told_that_a_picture_was_left_out():
    (body,) = await asked(said("fine"), requests=(replace(REQUEST, messages=HISTORY),))
    assert body["messages"][3]["content"] == "Done.\n(A picture was left out: this model reads none.)"
    assert "picture" not in body["messages"][4]["content"]


async def test_a_call_can_be_demanded_and_the_temperature_and_length_set():
    request = replace(REQUEST, force=True, temperature=0.0)
    (body,) = await asked(said("fine"), requests=(request,), traits=Traits(max_output=777))
    assert (body["tool_choice"], body["temperature"], body["max_tokens"]) == ("required", 0.0, 777)
    (body,) = await asked(said("fine"), requests=(replace(request, tools=()),))
    assert "tool_choice" not in body and "tools" not in body


ODD = {
    "text": (said("hello"), "said", "hello"),
    "content as parts": (raw({"content": [{"type": "text", "text": "he"}, {"text": "llo"}]}), "said", "hello"),
    "no choices": (Answer({"choices": None}), "empty", ""),
    "empty choices": (Answer({"choices": []}), "empty", ""),
    "no message": (Answer({"choices": [{"finish_reason": "stop"}]}), "empty", ""),
    "nothing said": (said("  "), "empty", ""),
    "only thoughts": (said("", reasoning="hm"), "empty", ""),
    "no usage": (raw({"content": "x"}, usage=None), "said", "x"),
    "half a usage": (raw({"content": "x"}, usage={"prompt_tokens": None, "total_tokens": "9"}), "said", "x"),
    "a finish of tomorrow": (raw({"content": "x"}, "tomorrow"), "said", "x"),
    "no finish": (raw({"content": "x"}, None), "said", "x"),
    "length": (completion({"content": "I wi"}, "length"), "truncated", "I wi"),
    "length with a cut call": (completion({"tool_calls": [tool_call('{"target": "e')]}, "length"), "truncated", ""),
    "length behind a whole call": (completion({"tool_calls": [tool_call('{"target": "e1"}')]}, "length"), "called", ""),
    "content filter": (completion({"content": "I wi"}, "content_filter"), "blocked", "I wi"),
    "content filter beside a call": (
        completion({"tool_calls": [tool_call('{"target": "e1"}')]}, "content_filter"),
        "blocked",
        "",
    ),
    "a filter before the model": (failed(400, "The prompt was filtered", "content_filter"), "blocked", ""),
    "refusal": (raw({"content": None, "refusal": "I will not"}), "blocked", ""),
    "arguments as an object": (raw({"tool_calls": [tool_call({"target": "e1"}, id="x")]}), "called", ""),
    "no id and no type": (raw({"tool_calls": [tool_call('{"target": "e1"}')]}), "called", ""),
    "one call that is no list": (raw({"tool_calls": tool_call('{"target": "e1"}')}), "called", ""),
    "calls that finish as stop": (raw({"content": "", "tool_calls": [tool_call('{"target": "e1"}')]}), "called", ""),
    "legacy call": (raw({"function_call": {"name": "browser_click", "arguments": '{"target":"e1"}'}}), "called", ""),
    "a call without a function": (
        raw({"tool_calls": [{"id": "x", "name": "browser_click", "arguments": {"target": "e1"}}]}),
        "called",
        "",
    ),
    "a custom call of a tool of ours": (
        raw({"tool_calls": [{"type": "custom", "custom": {"name": "browser_click", "input": '{"target":"e1"}'}}]}),
        "called",
        "",
    ),
    "repairable arguments": (raw({"tool_calls": [tool_call("{'target': 'e1',}")]}), "called", ""),
    "a call as text": (
        said('<tool_call>\n{"name": "browser_click", "arguments": {"target": "e1"}}\n</tool_call>'),
        "called",
        "",
    ),
    "arguments of nothing": (raw({"tool_calls": [tool_call(None)]}), "malformed", ""),
    "arguments that miss a field": (raw({"tool_calls": [tool_call('{"ref": "e1"}')]}), "malformed", ""),
    "arguments as a list": (raw({"tool_calls": [tool_call("[1]")]}), "malformed", ""),
    "custom call": (raw({"tool_calls": [{"type": "custom", "custom": {"name": "x"}}]}), "malformed", ""),
    "a call of nothing": (raw({"tool_calls": [None]}), "malformed", ""),
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


async def test_ids_that_repeat_are_told_apart_and_so_are_their_answers():
    twice = [tool_call('{"target": "e1"}', id="c"), tool_call('{"target": "e2"}', id="c")]
    reply = await ask(raw({"tool_calls": twice}))
    assert len({call.id for call in reply.calls}) == 2
    assert [call.args["target"] for call in reply.calls] == ["e1", "e2"]


async def test_arguments_that_lost_something_never_run_a_tool_that_writes():
    lossy = await ask(raw({"tool_calls": [tool_call('{"target": "e')]}))
    assert lossy.outcome == "malformed" and "browser_click" in lossy.detail
    loose = await ask(raw({"tool_calls": [tool_call("{'target': 'e1',}")]}))
    assert loose.repairs and "browser_click" in loose.repairs[0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 170}, Usage(100, 0, 70, 0)),
        ({"prompt_tokens": 100, "prompt_cache_hit_tokens": 64, "completion_tokens": 1}, Usage(100, 64, 1, 0)),
        ({"prompt_tokens": -5, "completion_tokens": True, "prompt_tokens_details": []}, Usage()),
        ({"prompt_tokens": float("nan"), "completion_tokens": float("inf"), "total_tokens": 50}, Usage()),
        ([], Usage()),
    ],
)
async def test_usage_is_whole_with_zeros_where_the_server_was_silent(given: object, expected: Usage):
    reply = await ask(raw({"content": "x"}, usage=given))
    assert replace(reply.usage, seconds=0.0) == expected


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content", "reasoning_details"])
async def test_thoughts_are_carried_in_the_state_and_sent_back_as_they_came(name: str):
    thought = [{"type": "reasoning.text", "text": "hm"}] if name == "reasoning_details" else "because\n "
    reply = await ask(said("x", **{name: thought}))
    assert reply.state == {"provider": "openai", name: thought}
    again = replace(REQUEST, messages=(*REQUEST.messages, Message("assistant", "x", state=reply.state)))
    (body,) = await asked(said("y"), requests=(again,))
    assert body["messages"][-1][name] == thought


async def test_the_state_of_another_provider_is_not_shown_to_this_one():
    state = {"provider": "gemini", "reasoning": "secret", "parts": []}
    request = replace(REQUEST, messages=(*REQUEST.messages, Message("assistant", "x", state=state)))
    (body,) = await asked(said("y"), requests=(request,))
    assert set(body["messages"][-1]) == {"role", "content"}
