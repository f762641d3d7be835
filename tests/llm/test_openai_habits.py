"""What a server does not take is learnt from its refusal, once for each client."""

import asyncio
from dataclasses import replace

import pytest
from openai_story import HISTORY, REQUEST, ask, asked

from agent.llm.base import Message
from agent.llm.catalogue import Traits
from agent.llm.emulators.openai import failed, said
from agent.llm.errors import ModelFailure
from agent.llm.openai.adapter import OpenAICompatible
from agent.llm.testing import Answer, openai_emulator

THOUGHTFUL = replace(
    REQUEST,
    messages=(*REQUEST.messages, Message("assistant", "x", state={"provider": "openai", "reasoning_content": "hm"})),
    force=True,
    temperature=0.5,
)
QUIRKS = {
    "thoughts that must not come back": (
        "messages.2.assistant.reasoning_content: property 'messages.2.assistant.reasoning_content' is unsupported",
        lambda body: "reasoning_content" not in body["messages"][-1],
    ),
    "another name of the limit": (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        lambda body: "max_tokens" not in body and body["max_completion_tokens"] == 4096,
    ),
    "no temperature": (
        "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) is supported.",
        lambda body: "temperature" not in body,
    ),
    "no tool_choice": (
        "deepseek-reasoner does not support this tool_choice",
        lambda body: "tool_choice" not in body and "tools" in body,
    ),
    "no thinking with tools": (
        "Function tools with reasoning_effort are not supported for m1 in /v1/chat/completions. To use function tools, "
        "use /v1/responses or set reasoning_effort to 'none'.",
        lambda body: body.get("reasoning_effort") == "none",
    ),
}


@pytest.mark.parametrize("name", QUIRKS)
async def test_what_a_server_does_not_take_is_left_out_once_learnt(name: str):
    words, heeded = QUIRKS[name]
    bodies = await asked(failed(400, words), said("a"), said("b"), requests=(THOUGHTFUL, THOUGHTFUL))
    assert [heeded(body) for body in bodies] == [False, True, True]


async def test_a_server_that_wants_roles_to_alternate_gets_the_user_s_words_in_the_tool_s_answer():
    request = replace(REQUEST, messages=HISTORY)
    words = "After the optional system message, conversation roles must alternate user/assistant/user/assistant/..."
    bodies = await asked(failed(500, words), said("a"), requests=(request,))
    assert [message["role"] for message in bodies[1]["messages"]][-2:] == ["tool", "tool"]
    assert bodies[1]["messages"][-1]["content"] == "A table.\n\nTurn 2"


async def test_a_refusal_that_repeats_is_not_asked_about_for_ever():
    words = "Unsupported parameter: 'max_tokens' and 'max_completion_tokens' are not supported"
    with openai_emulator(*[failed(400, words)] * 3) as server:
        model = OpenAICompatible(server.url, server.key, "m1", Traits(), 5)
        with pytest.raises(ModelFailure, match="refused the request"):
            await model.generate(REQUEST)
        await model.close()
        limits = [{name for name in body if name.startswith("max_")} for body in server.bodies]
    assert limits == [{"max_tokens"}, {"max_completion_tokens"}, set()]
    with pytest.raises(ModelFailure, match="refused the request"):
        await ask(failed(400, "temperature is not supported"))


async def test_two_roles_that_meet_the_same_quirk_at_once_both_get_their_answer():
    def picky(body: dict) -> Answer:
        if "max_tokens" in body:
            return replace(failed(400, "Unsupported parameter: 'max_tokens'"), delay=0.05)
        return said("fine")

    with openai_emulator(policy=picky) as server:
        model = OpenAICompatible(server.url, server.key, "m1", Traits(), 5)
        replies = await asyncio.gather(*(model.generate(REQUEST) for _ in range(3)))
        await model.close()
    assert [reply.text for reply in replies] == ["fine"] * 3
    assert len(server.bodies) == 6


async def test_the_limit_has_the_name_that_openai_gave_it_on_openai_s_own_host_only():
    own = OpenAICompatible("https://api.openai.com/v1", "sk-x", "m1", Traits())
    other = OpenAICompatible("http://localhost:11434/v1", "", "m1", Traits())
    assert (own._habits.limit, other._habits.limit) == ("max_completion_tokens", "max_tokens")
    await own.close()
    await other.close()
