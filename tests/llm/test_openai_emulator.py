"""The emulator of chat completions: strict with its clients, and true to the servers that it plays."""

import json
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

import pytest
from openai_published import error_faults
from openai_words import ASKED, BODY, CALL, REQUEST, TOOL

from agent.llm.catalogue import Traits
from agent.llm.emulators.openai import said
from agent.llm.errors import ContextOverflow, ModelBusy, ModelFailure
from agent.llm.openai.adapter import OpenAICompatible
from agent.llm.testing import Host, openai_emulator


def post(url: str, body: Any, method: str = "POST", key: str = "test-key") -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text


def ask_about(host: Host, path: str, body: Any = None) -> tuple[int, Any]:
    with openai_emulator(host=host) as server:
        return post(server.url.removesuffix("/v1") + path, body, "GET" if body is None else "POST")


BREACHES = {
    "no JSON": (b"{", "no JSON"),
    "a list": ([], "no JSON object"),
    "an unknown field": ({**BODY, "max_output": 1}, "unknown field max_output"),
    "no model": ({**BODY, "model": ""}, "no model"),
    "a wrong type": ({**BODY, "max_tokens": True}, "max_tokens is bool"),
    "two limits": ({**BODY, "max_tokens": 1, "max_completion_tokens": 1}, "both max_tokens"),
    "no room": ({**BODY, "max_tokens": 0}, "below 1"),
    "too hot": ({**BODY, "temperature": 2.5}, "temperature outside"),
    "a stream": ({**BODY, "stream": True}, "a stream"),
    "no tools": ({**BODY, "tools": []}, "an empty list of tools"),
    "a tool of no function": ({**BODY, "tools": [{"name": "x"}]}, "is no function"),
    "a tool's name": ({**BODY, "tools": [{"type": "function", "function": {"name": "a b"}}]}, "the name 'a b'"),
    "a tool's schema": (
        {**BODY, "tools": [{"type": "function", "function": {"name": "a", "parameters": {"type": "array"}}}]},
        "no object schema",
    ),
    "a tool twice": ({**BODY, "tools": [TOOL, TOOL]}, "two tools of one name"),
    "a choice without tools": (
        {"model": "m1", "messages": BODY["messages"], "tool_choice": "required"},
        "a tool_choice without tools",
    ),
    "an odd choice": ({**BODY, "tool_choice": "any"}, "the tool_choice 'any'"),
    "no messages": ({**BODY, "messages": []}, "no messages"),
    "an unknown role": ({**BODY, "messages": [{"role": "robot", "content": "x"}]}, "the role 'robot'"),
    "a late system message": (
        {**BODY, "messages": [*BODY["messages"], {"role": "system", "content": "x"}]},
        "a system message that is not the first",
    ),
    "no content": ({**BODY, "messages": [{"role": "user", "content": None}]}, "no content"),
    "a field of a message": (
        {**BODY, "messages": [{"role": "user", "content": "x", "state": 1}]},
        "unknown field state",
    ),
    "a picture in an answer": (
        {
            **BODY,
            "messages": [
                ASKED,
                {"role": "tool", "tool_call_id": "c1", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
            ],
        },
        "no tool message may hold",
    ),
    "a picture that is none": (
        {**BODY, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "e1.png"}}]}]},
        "no user message may hold",
    ),
    "no answer": ({**BODY, "messages": [ASKED]}, "no answer to c1"),
    "a word before the answer": (
        {**BODY, "messages": [ASKED, {"role": "user", "content": "x"}]},
        "before an answer to c1",
    ),
    "an answer to nothing": (
        {**BODY, "messages": [{"role": "tool", "tool_call_id": "c9", "content": "x"}]},
        "answers no open call: 'c9'",
    ),
    "arguments as an object": (
        {
            **BODY,
            "messages": [
                {**ASKED, "tool_calls": [{**CALL, "function": {"name": "a", "arguments": {}}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "x"},
            ],
        },
        "no JSON text",
    ),
    "an id twice": (
        {
            **BODY,
            "messages": [
                {**ASKED, "tool_calls": [CALL, CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "x"},
            ],
        },
        "share an id",
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_request_that_breaks_the_protocol_is_refused_and_fails_the_test(name: str):
    body, words = BREACHES[name]
    with pytest.raises(AssertionError, match="broke the protocol") as failure, openai_emulator(said("x")) as server:
        status, answer = post(f"{server.url}/chat/completions", body)
        assert status == 400 and error_faults(answer) == []
        server.steps.clear()
    assert words in str(failure.value)


def test_roles_must_alternate_where_a_local_template_is_played():
    twice = {**BODY, "messages": BODY["messages"] * 2}
    with openai_emulator(said("x")) as server:
        assert post(f"{server.url}/chat/completions", twice)[0] == 200
    with pytest.raises(AssertionError, match="must alternate"), openai_emulator(host=Host("llama.cpp")) as server:
        post(f"{server.url}/chat/completions", twice)


def test_a_script_that_is_left_over_or_exhausted_fails():
    with pytest.raises(AssertionError, match="1 scripted steps were never asked for"), openai_emulator(said("x")):
        pass
    with pytest.raises(AssertionError, match="exhausted"), openai_emulator() as server:
        post(f"{server.url}/chat/completions", BODY)
    with pytest.raises(AssertionError, match="is no part of the protocol"), openai_emulator() as server:
        assert post(f"{server.url}/completions", BODY)[0] == 404


def test_a_policy_answers_what_the_script_does_not():
    with openai_emulator(said("first"), lambda body: said(body["model"]), policy=lambda body: said("last")) as server:
        heard = [post(f"{server.url}/chat/completions", BODY)[1] for _ in range(4)]
    assert [body["choices"][0]["message"]["content"] for body in heard] == ["first", "m1", "last", "last"]
    assert len(server.bodies) == len(server.asked) == 4


def test_a_wrong_key_is_answered_and_no_breach():
    with openai_emulator() as server:
        status, body = post(f"{server.url}/chat/completions", BODY, key="other")
        assert (status, error_faults(body)) == (401, [])


# What the servers tell of themselves, as far as a doctor needs it.


def test_ollama_tells_what_a_model_can_and_how_much_it_reads_once_it_is_loaded():
    host = Host("ollama", models=("qwen2.5:14b",), context=4096, trained=32_768)
    with openai_emulator(said("x"), host=host) as server:
        root = server.url.removesuffix("/v1")
        status, shown = post(f"{root}/api/show", {"model": "qwen2.5:14b"})
        assert status == 200 and shown["capabilities"] == ["completion", "tools"]
        assert shown["model_info"]["qwen2.context_length"] == 32_768
        assert post(f"{root}/api/ps", None, "GET")[1] == {"models": []}
        post(f"{server.url}/chat/completions", {**BODY, "model": "qwen2.5:14b"})
        assert post(f"{root}/api/ps", None, "GET")[1]["models"][0]["context_length"] == 4096
        assert post(f"{root}/props", None, "GET")[0] == 404
    assert ask_about(host, "/api/show", {"model": "other"}) == (404, {"error": "model 'other' not found"})
    assert ask_about(replace(host, tools=False, vision=True), "/api/show", {"model": "qwen2.5:14b"})[1][
        "capabilities"
    ] == ["completion", "vision"]


def test_vllm_and_llama_cpp_tell_their_window():
    cards = ask_about(Host("vllm", models=("m1",), context=8192), "/v1/models")[1]["data"]
    assert (cards[0]["id"], cards[0]["max_model_len"]) == ("m1", 8192)
    props = ask_about(Host("llama.cpp", models=("m1",), context=8192), "/props")[1]
    assert props["default_generation_settings"]["n_ctx"] == 8192
    assert ask_about(Host("openai", models=("m1",)), "/v1/models")[1]["data"][0]["id"] == "m1"
    assert ask_about(Host("vllm"), "/props")[0] == 404


@pytest.mark.parametrize("kind", ["openai", "ollama", "vllm", "llama.cpp"])
async def test_every_host_refuses_in_words_that_the_client_understands(kind: Any):
    host = Host(kind, models=("m1",), tools=False)
    with openai_emulator(host=host) as server:
        without_tools = OpenAICompatible(server.url, server.key, "m1", Traits(), 5)
        with pytest.raises(ModelFailure) as failure:
            await without_tools.generate(REQUEST)
        await without_tools.close()
        assert not isinstance(failure.value, ModelBusy) and "tool" in str(failure.value)
        if kind != "llama.cpp":  # which answers to any name
            unknown = OpenAICompatible(server.url, server.key, "m9", Traits(), 5)
            with pytest.raises(ModelFailure, match=r"no model 'm9'.*CHARTERBOT_LLM_MODEL"):
                await unknown.generate(REQUEST)
            await unknown.close()
    with openai_emulator(host.too_long(9000)) as server:
        model = OpenAICompatible(server.url, server.key, "m1", Traits(), 5)
        with pytest.raises(ContextOverflow):
            await model.generate(REQUEST)
        await model.close()
