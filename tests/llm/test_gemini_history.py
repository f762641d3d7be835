"""What Gemini itself sent and would not take again: written otherwise, and what was paid for in vain is counted."""

from dataclasses import replace
from typing import Any

import pytest

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.emulators.gemini import failed, gemini_emulator, replied, said
from agent.llm.emulators.server import Answer, serve
from agent.llm.errors import ModelFailure
from agent.llm.gemini.adapter import Gemini
from agent.llm.gemini.wire import DUMMY
from agent.tools.surface import ToolCall, ToolSpec

SCHEMA = {"type": "object", "properties": {"t": {"type": "string"}}, "required": ["t"]}
CLICK = ToolSpec("click", "Click", SCHEMA, True, "browser")
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK,))
CALL: dict[str, Any] = {"functionCall": {"name": "click", "args": {"t": "x"}}}
ODD = {
    "a signature that is no base64": [{**CALL, "thoughtSignature": "not base64!!"}],
    "a thought that is no truth value": [{"text": "a", "thought": "maybe"}, CALL],
    "a text that is a number": [{"text": 7}, CALL],
    "a part that is no object": ["a", CALL],
}


def after(reply: ModelReply) -> ModelRequest:
    said = Message("assistant", reply.text, reply.calls, state=reply.state)
    done = (Message("tool", "ok", call_id=call.id, tool=call.tool) for call in reply.calls)
    return replace(REQUEST, messages=(*REQUEST.messages, said, *done))


@pytest.mark.parametrize("name", ODD)
async def test_content_that_cannot_be_sent_again_is_sent_as_that_of_another_model(name: str) -> None:
    odd = Answer({"candidates": [{"finishReason": "STOP", "content": {"role": "model", "parts": ODD[name]}}]})
    answers = [odd, said("fine")]
    with serve(lambda _: answers.pop(0)) as server:
        model = Gemini("test-key", "m", Traits(), server.url, 5)
        first = await model.generate(REQUEST)
        assert first.outcome == "called"
        assert (await model.generate(after(first))).text == "fine"
        await model.close()
    *_, part = server.asked[1].json()["contents"][1]["parts"]
    assert (part["functionCall"]["name"], part["functionCall"]["args"]) == ("click", {"t": "x"})
    assert part["thoughtSignature"].rstrip("=") == DUMMY.rstrip("=")


async def test_a_request_that_cannot_be_written_is_said_once_and_sent_never() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"t": deep}
    old = replace(REQUEST, messages=(*REQUEST.messages, Message("assistant", "", (ToolCall("a", "click", deep),))))
    with serve(lambda _: said("x")) as server:
        model = Gemini("test-key", "m", Traits(), server.url, 5)
        with pytest.raises(ModelFailure, match="nothing was sent") as failure:
            await model.generate(old)
        await model.close()
    assert type(failure.value) is ModelFailure and server.asked == []


VAIN = {"promptTokenCount": 9_000, "cachedContentTokenCount": 8_000, "thoughtsTokenCount": 700}


@pytest.mark.parametrize("refusal", ["status", "finish"])
async def test_signatures_that_were_refused_are_not_sent_again_and_the_refusal_is_counted(refusal: str) -> None:
    unsigned = replied(finish="MISSING_THOUGHT_SIGNATURE")
    unsigned = replace(unsigned, body={**unsigned.body, "usageMetadata": VAIN})
    refused = failed(400, "Corrupted thought signature.") if refusal == "status" else unsigned
    good = replied(CALL)
    steps = (good, refused, said("fine"), said("fine"))
    with gemini_emulator(*steps) as server:
        model = Gemini(server.key, "gemini-3.8-flash", Traits(), server.url, 5)
        history = after(await model.generate(REQUEST))
        replies = [await model.generate(history) for _ in range(2)]
        await model.close()
        signatures = [body["contents"][1]["parts"][0]["thoughtSignature"] for body in server.bodies[1:]]
    once, alone = replies[0].usage, replies[1].usage
    assert len(signatures) == 3 and signatures[1] == signatures[2] != signatures[0]
    more = (9_000, 8_000, 700) if refusal == "finish" else (0, 0, 0)
    assert (once.input - alone.input, once.cached - alone.cached, once.reasoning - alone.reasoning) == more
    assert once.output - alone.output == more[2]


async def test_signatures_stay_where_leaving_them_out_was_no_cure() -> None:
    unsigned = replied(finish="MISSING_THOUGHT_SIGNATURE")
    with gemini_emulator(replied(CALL), unsigned, unsigned, said("fine")) as server:
        model = Gemini(server.key, "gemini-3.8-flash", Traits(), server.url, 5)
        history = after(await model.generate(REQUEST))
        assert (await model.generate(history)).outcome == "malformed"
        assert (await model.generate(history)).text == "fine"
        await model.close()
        signatures = [body["contents"][1]["parts"][0]["thoughtSignature"] for body in server.bodies[1:]]
    assert len(signatures) == 3 and signatures[0] == signatures[2] != signatures[1]
