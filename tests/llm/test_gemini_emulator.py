"""The Gemini emulator against what others publish: Google's own protos read every request and answer, a foreign client
holds a conversation with it.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from any_llm import AnyLLM
from any_llm.exceptions import RateLimitError
from google.ai import generativelanguage_v1beta as published
from google.genai import types
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.emulators.gemini import (
    FAULT_EFFECT,
    FAULTS,
    GeminiEmulator,
    called,
    failed,
    gemini_emulator,
    prompt_blocked,
    quota_failure,
    replied,
    retry_info,
    said,
    wrong_key,
)
from agent.llm.emulators.server import Answer
from agent.llm.errors import ModelBusy, ModelFailure
from agent.llm.gemini.adapter import Gemini
from agent.tools.surface import Image, ToolSpec

MODEL = "gemini-3.8-flash"
NEWER_FINISHES = frozenset({"MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "MODEL_ARMOR"})
"""Finish reasons of the SDK that Google's proto package does not have yet."""
DETAILS = (error_details_pb2.RetryInfo, error_details_pb2.QuotaFailure, error_details_pb2.ErrorInfo)
"""Imported, so that `Any` can be read."""

CLICK = ToolSpec(
    "browser_click",
    "Click",
    {"$schema": "x", "type": "object", "properties": {"target": {"type": "string"}}, "additionalProperties": False},
    True,
    "browser",
)
LOOK = ToolSpec("browser_snapshot", "Look", {"type": "object", "properties": {}}, False, "browser")
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK, LOOK))


def parse(body: Any, kind: Any) -> None:
    """As the server reads it: unknown fields and wrong types raise ParseError."""
    json_format.ParseDict(body, kind.pb(kind()))


def parse_request(path: str, body: Any) -> None:
    parse(body, published.CachedContent if "cachedContents" in path else published.GenerateContentRequest)


def parse_answer(answer: Answer, kind: Any = published.GenerateContentResponse) -> None:
    """Raises ParseError; AssertionError for what has not even the outline of an answer."""
    assert isinstance(answer.body, dict)
    if answer.status == 200:
        return parse(answer.body, kind)
    assert answer.body.keys() == {"error"} and isinstance(answer.body["error"], dict)
    error = dict(answer.body["error"])
    assert error["code"] == answer.status
    # REST adds the name of the code, which google.rpc.Status has not.
    assert error.pop("status") in dict(code_pb2.Code.items())
    json_format.ParseDict(error, status_pb2.Status())


async def whole_conversation(server: GeminiEmulator) -> None:
    """Everything that the adapter can send: pictures, signatures, caches, a demanded call, a foreign history."""
    model = Gemini(server.key, MODEL, Traits(cache_minimum=16), server.url, 5, "run-7")
    messages: tuple[Message, ...] = REQUEST.messages
    for force in (False, False, True):
        reply = await model.generate(replace(REQUEST, messages=messages, force=force, temperature=0.5))
        messages += (Message("assistant", reply.text, reply.calls, state=reply.state), *_answers(reply))
        messages += (Message("assistant", "", reply.calls), *_answers(reply), Message("user", "On."))
    await model.close()


def _answers(reply: ModelReply) -> Iterator[Message]:
    picture = Image("image/png", b"\x89PNG")
    return (Message("tool", "Done.", call_id=call.id, tool=call.tool, images=(picture,)) for call in reply.calls)


async def test_googles_protos_read_every_request_and_every_answer():
    both = called(("browser_click", {"target": "e1"}), ("browser_snapshot", {}))
    with gemini_emulator(both, both, both, cache_minimum=16) as server:
        await whole_conversation(server)
    assert [asked.method for asked in server.asked] == ["POST"] * 4 + ["DELETE"]
    for asked, answer in zip(server.asked, server.answered, strict=True):
        cache = "cachedContents" in asked.path
        if asked.raw:
            parse_request(asked.path, asked.json())
        parse_answer(answer, published.CachedContent if cache else published.GenerateContentResponse)


ANSWERS = {
    "said": said("x"),
    "called": called(("browser_click", {"target": "e1"})),
    "thoughts": replied({"text": "hm", "thought": True}),
    "prompt blocked": prompt_blocked("BLOCKLIST"),
    "wrong key": wrong_key(),
    "limit": failed(429, "x", quota_failure("PerDay", "20"), retry_info(7.5)),
    "not found": failed(404, "x"),
    **{
        reason.value: replied(finish=reason.value, message="why")
        for reason in types.FinishReason
        if reason.value in published.Candidate.FinishReason.__members__
    },
}


@pytest.mark.parametrize("name", ANSWERS)
def test_googles_protos_read_what_scripts_are_made_of(name: str):
    parse_answer(ANSWERS[name])


def test_the_protos_still_lag_behind_where_we_say_so():
    for reason in NEWER_FINISHES:
        assert types.FinishReason(reason)
        with pytest.raises(json_format.ParseError):
            parse_answer(replied(finish=reason))


BROKEN = {
    "html_502": "no JSON",
    "html_200": "no JSON",
    "rate_limit_html": "no JSON",
    "empty_200": "no JSON",
    "no_content_204": "no JSON",
    "cut_json": "half a JSON",
    "error_in_200": "a gateway's way",
    "error_in_list": "the way of streams",
    "error_as_text": "a gateway's way",
    "list_200": "the way of streams",
    "malformed_response": "a newer finish reason",
    "unknown_finish": "a finish reason to come",
    "unknown_fields": "fields to come",
    "malformed_arguments": "arguments that are no object, as gateways send them",
    "args_as_text": "arguments that are no object, as gateways send them",
}
"""Faults that are no answers of the API by design."""


@pytest.mark.parametrize("kind", FAULTS)
def test_googles_protos_read_every_fault_that_claims_to_be_of_the_api(kind: str):
    answer = FAULTS[kind](ANSWERS["called"])
    if kind in BROKEN:
        with pytest.raises((json_format.ParseError, AssertionError)):
            parse_answer(answer)
    else:
        parse_answer(answer)


def test_there_are_faults_enough_and_each_has_an_effect():
    assert len(FAULTS) >= 20
    assert FAULT_EFFECT.keys() == FAULTS.keys()
    assert set(FAULT_EFFECT.values()) == {"none", "retry", "reask"}


FOREIGN_TOOL = {
    "type": "function",
    "function": {
        "name": "browser_click",
        "description": "Click",
        "parameters": {"type": "object", "properties": {"target": {"type": "string"}}, "required": ["target"]},
    },
}


def foreign(server: GeminiEmulator) -> AnyLLM:
    options = types.HttpOptions(base_url=server.url, api_version="v1beta")
    return AnyLLM.create("gemini", api_key=server.key, http_options=options, unified_exceptions=True)


async def test_a_foreign_client_completes_a_round_trip_with_a_tool():
    with gemini_emulator(called(("browser_click", {"target": "e1"})), said("Clicked.")) as server:
        client = foreign(server)
        messages: list[Any] = [{"role": "system", "content": "You test."}, {"role": "user", "content": "Go."}]
        first: Any = await client.acompletion(model=MODEL, messages=messages, tools=[FOREIGN_TOOL])
        message = first.choices[0].message
        [call] = message.tool_calls
        assert (call.function.name, json.loads(call.function.arguments)) == ("browser_click", {"target": "e1"})
        messages += [message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": "Done."}]
        second: Any = await client.acompletion(model=MODEL, messages=messages, tools=[FOREIGN_TOOL])
        assert second.choices[0].message.content == "Clicked."
        assert second.usage.prompt_tokens == 100
    for asked in server.asked:
        parse_request(asked.path, asked.json())


async def test_a_foreign_client_sees_the_limit():
    limit = failed(429, "You exceeded your current quota.", retry_info(7.5))
    with gemini_emulator(limit) as server, pytest.raises(RateLimitError, match="current quota"):
        await foreign(server).acompletion(model=MODEL, messages=[{"role": "user", "content": "Go."}])


async def test_our_client_meets_the_wrong_key_and_the_unknown_model_of_the_emulator():
    with gemini_emulator() as server:
        for key, name, variable in (("x", MODEL, "API_KEY"), (server.key, "gpt-5", "MODEL")):
            model = Gemini(key, name, Traits(), server.url)
            with pytest.raises(ModelFailure, match=f"CHARTERBOT_LLM_{variable}") as caught:
                await model.generate(REQUEST)
            await model.close()
            assert not isinstance(caught.value, ModelBusy)
