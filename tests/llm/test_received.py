"""What a provider sent is fit to be kept: halves of characters become `?`, what is nested too deeply is unreadable."""

import json
from dataclasses import replace

import pytest

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.choose import LlmSettings, choose_adapter
from agent.llm.emulators.server import serve
from agent.llm.errors import ModelBusy
from agent.llm.received import parsed, whole, whole_data
from agent.llm.testing import GEMINI, OPENAI, Answer
from agent.tools.surface import ToolSpec

CLICK = ToolSpec(
    "click", "Click", {"type": "object", "properties": {"t": {"type": "string"}}, "required": ["t"]}, True, "browser"
)
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK,))
HALF = "ok \ud83d"
CALL = {"id": f"a{HALF}", "function": {"name": f"click{HALF}", "arguments": '{"t": "x"}'}}
PARTS = [
    {"text": HALF},
    {"text": HALF, "thought": True},
    {"functionCall": {"id": f"a{HALF}", "name": "click", "args": {"t": "x"}}},
]
REPLIES = {
    "openai": {
        "choices": [
            {
                "finish_reason": "tool_calls",
                "message": {
                    "content": HALF,
                    "reasoning_content": HALF,
                    "reasoning_details": [{"text": HALF}],
                    "tool_calls": [{**CALL, "function": {**CALL["function"], "name": "click"}}],
                },
            }
        ]
    },
    "gemini": {"candidates": [{"finishReason": "STOP", "content": {"role": "model", "parts": PARTS}}]},
}
BAD_NAME = {
    "openai": {"choices": [{"finish_reason": "tool_calls", "message": {"content": HALF, "tool_calls": [CALL]}}]},
    "gemini": {"candidates": [{"content": {"parts": [{"text": HALF}, {"functionCall": {"name": f"click{HALF}"}}]}}]},
}
GOOD = {"openai": OPENAI.said("fine"), "gemini": GEMINI.said("fine")}


async def talk(
    provider: str, *answers: Answer, request: ModelRequest = REQUEST
) -> tuple[list[ModelReply], list[bytes]]:
    """Goes on after every reply with its message and its answers; the bodies are as they were sent."""
    rest, replies = list(answers), []
    with serve(lambda _: rest.pop(0)) as server:
        url = server.url + ("/v1" if provider == "openai" else "")
        adapter = choose_adapter(LlmSettings(provider, url, "test-key", "m"), "m", Traits())
        try:
            for _ in answers:
                reply = await adapter.generate(request)
                replies.append(reply)
                said = Message("assistant", reply.text, reply.calls, state=reply.state)
                done = (Message("tool", "ok", call_id=call.id, tool=call.tool) for call in reply.calls)
                request = replace(request, messages=(*request.messages, said, *done))
        finally:
            await adapter.close()
        return replies, [asked.raw for asked in server.asked]


@pytest.mark.parametrize("provider", ["openai", "gemini"])
async def test_half_a_character_goes_neither_into_the_journal_nor_back(provider: str) -> None:
    (reply, _), bodies = await talk(provider, Answer(REPLIES[provider]), GOOD[provider])
    assert (reply.outcome, reply.text) == ("called", "ok ?")
    kept = (reply.text, reply.detail, [call.id for call in reply.calls], reply.state)
    json.dumps(kept, ensure_ascii=False).encode()
    assert b"ok ?" in bodies[1] and b"\\ud83d" not in bodies[1]


@pytest.mark.parametrize("provider", ["openai", "gemini"])
async def test_half_a_character_in_the_name_of_a_tool_is_told_in_words_that_can_be_kept(provider: str) -> None:
    [reply], _ = await talk(provider, Answer(BAD_NAME[provider]))
    assert reply.outcome == "malformed"
    f"{reply.text} {reply.detail} {reply.state}".encode()


@pytest.mark.parametrize("provider", ["openai", "gemini"])
async def test_half_a_character_of_a_page_is_sent_as_a_question_mark(provider: str) -> None:
    request = replace(REQUEST, messages=(Message("user", f"The page: {HALF}"),))
    _, [body] = await talk(provider, GOOD[provider], request=request)
    assert b"ok ?" in body


@pytest.mark.parametrize("provider", ["openai", "gemini"])
@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("depth", [300, 200_000])
async def test_an_answer_that_is_nested_too_deeply_is_worth_another_try(provider: str, status: int, depth: int) -> None:
    with pytest.raises(ModelBusy):
        await talk(provider, Answer('{"a":' * depth + "1" + "}" * depth, status))


def test_whole_characters_stay_as_they_are() -> None:
    assert whole("Ä 😀 \ud83d!") == "Ä 😀 ?!"
    value = {"ä": [1, None, "😀"], "b": {"c": True}}
    assert whole_data(value) == value == parsed(json.dumps(value))
    assert whole_data({HALF: [HALF]}) == {"ok ?": ["ok ?"]}
