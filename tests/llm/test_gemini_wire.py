"""Gemini over real HTTP: what the adapter sends, and how it reads every ending."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.emulators.gemini import (
    FAULTS,
    Step,
    called,
    failed,
    gemini_emulator,
    prompt_blocked,
    replied,
    said,
)
from agent.llm.emulators.server import Answer
from agent.llm.gemini.adapter import Gemini
from agent.llm.gemini.wire import contents_of, model_family
from agent.tools.surface import Image, ToolCall, ToolSpec

MODEL = "gemini-3.8-flash"
KEY = "test-key"
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "target": {"type": "string", "description": "Which"},
        "button": {"anyOf": [{"const": "left"}, {"type": ["string", "null"]}]},
        "times": {"type": "number", "exclusiveMinimum": 0},
    },
    "required": ["target"],
    "additionalProperties": False,
}
CLICK = ToolSpec("browser_click", "Click", SCHEMA, True, "browser")
LOOK = ToolSpec("browser_snapshot", "Look", {"type": "object", "properties": {}}, False, "browser")
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK, LOOK))
GOOD = called(("browser_click", {"target": "e1"}))


async def ask(
    *steps: Step, request: ModelRequest = REQUEST, traits: Traits = Traits(), timeout: float = 5.0
) -> ModelReply:
    with gemini_emulator(*steps) as server:
        model = Gemini(KEY, MODEL, traits, server.url, timeout)
        try:
            return await model.generate(request)
        finally:
            await model.close()


async def converse(*steps: Step, then: Callable[[ModelReply], Sequence[Message]]) -> list[dict[str, Any]]:
    """Goes on after every reply with what `then` makes of it; gives what was asked, as it was sent."""
    messages: tuple[Message, ...] = REQUEST.messages
    with gemini_emulator(*steps) as server:
        model = Gemini(KEY, MODEL, Traits(), server.url, 5)
        for _ in steps:
            reply = await model.generate(replace(REQUEST, messages=messages))
            messages += (Message("assistant", reply.text, reply.calls, state=reply.state), *then(reply))
        await model.close()
        return [asked.json() for asked in server.asked]


def done(reply: ModelReply) -> list[Message]:
    return [Message("tool", f"Did {call.id}.", call_id=call.id, tool=call.tool) for call in reply.calls]


async def test_a_call_comes_back_with_its_arguments_and_the_tokens_it_cost():
    reply = await ask(called(("browser_click", {"target": "e1", "times": 2})))
    assert reply.outcome == "called"
    assert reply.calls == (ToolCall("fc_1", "browser_click", {"target": "e1", "times": 2}),)
    assert (reply.usage.input, reply.usage.output, reply.usage.reasoning) == (100, 25, 5)
    assert reply.usage.seconds > 0
    assert reply.repairs == ()


async def test_schemas_go_out_as_they_are_but_for_their_dialect():
    with gemini_emulator(said("fine")) as server:
        model = Gemini(KEY, MODEL, Traits(max_output=777), server.url)
        await model.generate(replace(REQUEST, temperature=0.25))
        await model.close()
        body = server.bodies[0]
    declared = body["tools"][0]["functionDeclarations"]
    assert declared[0]["parametersJsonSchema"] == {key: value for key, value in SCHEMA.items() if key != "$schema"}
    assert [tool["name"] for tool in declared] == ["browser_click", "browser_snapshot"]
    assert body["systemInstruction"]["parts"] == [{"text": "You test."}]
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}
    assert body["generationConfig"] == {"temperature": 0.25, "maxOutputTokens": 777}


async def test_a_demanded_call_is_a_mode_and_no_tools_need_none():
    with gemini_emulator(GOOD, said("x")) as server:
        model = Gemini(KEY, MODEL, Traits(), server.url)
        await model.generate(replace(REQUEST, force=True))
        await model.generate(replace(REQUEST, tools=(), force=True))
        await model.close()
        forced, bare = server.bodies
    assert forced["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert "tools" not in bare and "toolConfig" not in bare


async def test_parallel_calls_are_answered_in_one_content_in_their_order():
    calls = (("browser_click", {"target": "e1"}), ("browser_snapshot", {}), ("browser_click", {"target": "e2"}))
    bodies = await converse(called(*calls), said("done"), then=lambda reply: done(reply)[::-1])
    *_, model_turn, answers = bodies[1]["contents"]
    assert [part["functionCall"]["id"] for part in model_turn["parts"]] == ["fc_1", "fc_2", "fc_3"]
    assert answers["role"] == "user"
    assert [part["functionResponse"] for part in answers["parts"]] == [
        {"id": f"fc_{n}", "name": name, "response": {"output": f"Did fc_{n}."}} for n, (name, _) in enumerate(calls, 1)
    ]


async def test_calls_without_ids_are_answered_without_ids():
    bodies = await converse(FAULTS["missing_ids"](called(("browser_snapshot", {}))), said("done"), then=done)
    answer = bodies[1]["contents"][-1]["parts"][0]["functionResponse"]
    assert answer == {"name": "browser_snapshot", "response": {"output": "Did call_1."}}


async def test_pictures_travel_inside_the_answer_of_their_tool():
    picture = Image("image/png", b"\x89PNG\xfb\xef\xbe")
    bodies = await converse(
        called(("browser_snapshot", {})),
        said("seen"),
        then=lambda reply: [replace(message, images=(picture,)) for message in done(reply)],
    )
    parts = bodies[1]["contents"][-1]["parts"]
    assert len(parts) == 1
    data = next(iter(parts[0]["functionResponse"]["parts"][0].values()))
    assert base64.urlsafe_b64decode(data["data"]) == picture.data
    assert "image/png" in data.values()


async def test_several_user_messages_in_a_row_are_one_content():
    messages = (Message("user", "Charter"), Message("user", "Page"), Message("assistant", "Hm."), Message("user", "On"))
    with gemini_emulator(said("fine")) as server:
        model = Gemini(KEY, MODEL, Traits(), server.url)
        await model.generate(replace(REQUEST, messages=messages))
        await model.close()
        contents = server.bodies[0]["contents"]
    assert [(item["role"], [part["text"] for part in item["parts"]]) for item in contents] == [
        ("user", ["Charter", "Page"]),
        ("model", ["Hm."]),
        ("user", ["On"]),
    ]


async def test_thought_signatures_return_byte_for_byte_over_a_long_turn():
    parts = (
        {"text": "Let me see.", "thought": True},
        {"text": "Looking."},
        {"functionCall": {"name": "browser_snapshot"}},
    )
    bodies = await converse(replied(*parts), GOOD, GOOD, said("done"), then=done)
    sent = [part for item in bodies[-1]["contents"] if item["role"] == "model" for part in item["parts"]]
    signatures = [base64.urlsafe_b64decode(part["thoughtSignature"]) for part in sent if "thoughtSignature" in part]
    assert signatures == [b"\xfb\xef\xbe\xff" + f"signature {n}".encode() for n in (1, 2, 3)]
    assert sent[0] == parts[0]


@pytest.mark.parametrize("kind", ["unknown_fields", "args_as_text"])
async def test_the_state_of_an_odd_reply_survives_a_journal_and_the_way_back(kind: str):
    def journalled(reply: ModelReply) -> list[Message]:
        assert json.loads(json.dumps(reply.state)) == reply.state
        return done(reply)

    bodies = await converse(FAULTS[kind](GOOD), said("done"), then=journalled)
    [part] = bodies[1]["contents"][1]["parts"]
    assert part["functionCall"] == {"id": "fc_1", "name": "browser_click", "args": {"target": "e1"}}


OTHERS = {"parts": [{"functionCall": {"name": "x"}, "thoughtSignature": "AAAA"}] * 2}
FOREIGN = {
    "another provider": {"provider": "openai", "reasoning": "hm"},
    "another family": {"provider": "gemini", "family": "gemini-2.5-pro", "content": OTHERS},
    "another number of calls": {"provider": "gemini", "family": MODEL, "content": {"parts": [{"text": "hm"}]}},
    "nothing": None,
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_calls_that_the_model_did_not_make_itself_get_the_documented_dummy(name: str):
    calls = (ToolCall("a", "browser_click", {"target": "e1"}), ToolCall("b", "browser_snapshot"))
    history = (
        *REQUEST.messages,
        Message("assistant", "Hm.", calls, state=FOREIGN[name]),
        Message("tool", "1", call_id="a"),
        Message("tool", "2", call_id="b"),
    )
    with gemini_emulator(said("fine")) as server:
        model = Gemini(KEY, MODEL, Traits(), server.url)
        await model.generate(replace(REQUEST, messages=history))
        await model.close()
        text, *parts = server.bodies[0]["contents"][1]["parts"]
    assert text == {"text": "Hm."}
    assert [part.get("thoughtSignature") for part in parts] == [b"skip_thought_signature_validator", None]
    assert [part["functionCall"]["id"] for part in parts] == ["a", "b"]


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("models/gemini-3.1-pro-preview-09-2026", "gemini-3.1-pro"),
        ("gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("gemini-2.5-flash-lite", "gemini-2.5-flash-lite"),
        ("gemini-flash-latest", "gemini-flash"),
    ],
)
def test_releases_of_a_model_are_one_family(model: str, family: str):
    assert model_family(model) == family


@pytest.mark.parametrize(
    "refusal",
    [failed(400, "Corrupted thought signature."), replied(finish="MISSING_THOUGHT_SIGNATURE")],
    ids=["status", "finish"],
)
async def test_a_refused_signature_is_replaced_by_the_dummy_once(refusal: Answer):
    with gemini_emulator(GOOD, refusal, said("fine")) as server:
        model = Gemini(KEY, MODEL, Traits(), server.url)
        first = await model.generate(REQUEST)
        history = (*REQUEST.messages, Message("assistant", "", first.calls, state=first.state), *done(first))
        reply = await model.generate(replace(REQUEST, messages=history))
        await model.close()
        sent = [body["contents"][1]["parts"][0]["thoughtSignature"] for body in server.bodies[1:]]
    assert reply.outcome == "said"
    assert sent[0].endswith(b"signature 1") and sent[1] == b"skip_thought_signature_validator"


CALL = {"functionCall": {"id": "x", "name": "browser_click", "args": {"target": "e1"}}}
ENDINGS = {
    "text": (said("hello"), "said", ""),
    "text and a call": (replied({"text": "I click."}, CALL), "called", ""),
    "thoughts and text": (replied({"text": "hm", "thought": True}, {"text": "hello"}), "said", ""),
    "thoughts only": (replied({"text": "hm", "thought": True}), "empty", "neither text nor calls"),
    "blanks": (said("  "), "empty", "neither text nor calls"),
    "no candidates": (Answer({"candidates": []}), "empty", "no candidates"),
    "nothing": (Answer({}), "empty", "no candidates"),
    "odd candidates": (Answer('{"candidates": ["x"], "usageMetadata": []}'), "empty", "neither"),
    "odd content": (
        Answer('{"candidates": [{"content": {"parts": [7, {"functionCall": 1}]}}]}'),
        "malformed",
        "no tool",
    ),
    "prompt block": (prompt_blocked("SAFETY"), "blocked", "SAFETY"),
    **{
        reason: (replied(finish=reason), "blocked", reason)
        for reason in ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "MODEL_ARMOR")
    },
    "RECITATION": (replied({"text": "To be or"}, finish="RECITATION"), "blocked", "quoted"),
    **{
        reason: (
            replied(finish=reason, message="print(browser_click("),
            "malformed",
            f"({reason}): print(browser_click(",
        )
        for reason in ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS")
    },
    "MAX_TOKENS": (replied({"text": "I wi"}, finish="MAX_TOKENS"), "truncated", "cut off"),
    "MAX_TOKENS without anything": (replied(finish="MAX_TOKENS"), "truncated", "cut off"),
    "MAX_TOKENS with a call that writes": (replied(CALL, finish="MAX_TOKENS"), "malformed", "browser_click"),
    "OTHER": (replied(finish="OTHER"), "empty", "OTHER"),
    "an unknown finish with text": (replied({"text": "x"}, finish="TOMORROW"), "said", ""),
    "an unknown finish without": (replied(finish="TOMORROW", message="no idea"), "empty", "TOMORROW: no idea"),
    "a tool that is not there": (called(("browser_clik", {"target": "e1"})), "malformed", "browser_click"),
    "arguments that miss a field": (called(("browser_click", {})), "malformed", "browser_click"),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_every_ending_has_its_place_in_the_closed_set(name: str):
    answer, outcome, detail = ENDINGS[name]
    reply = await ask(answer)
    assert reply.outcome == outcome
    assert detail in reply.detail and bool(detail) == bool(reply.detail)
    assert "hm" not in reply.text


async def test_a_reading_call_at_the_longest_length_may_run():
    reply = await ask(FAULTS["length_mid_call"](called(("browser_snapshot", {}))))
    assert (reply.outcome, reply.calls) == ("called", (ToolCall("fc_1", "browser_snapshot"),))
    assert reply.repairs == ("browser_snapshot: lossy",)


async def test_missing_figures_are_zeros():
    usage = {"promptTokenCount": 900, "cachedContentTokenCount": 800, "thoughtsTokenCount": None}
    for given, expected in ((None, (0, 0, 0, 0)), (usage, (900, 800, 0, 0))):
        reply = await ask(replace(said("x"), body={**said("x").body, "usageMetadata": given}))
        counted = reply.usage
        assert (counted.input, counted.cached, counted.output, counted.reasoning) == expected


def test_an_empty_reply_leaves_no_content_behind():
    messages = (Message("user", "Go."), Message("assistant"), Message("user", "Call."))
    assert contents_of(messages, MODEL) == [{"role": "user", "parts": [{"text": "Go."}, {"text": "Call."}]}]
