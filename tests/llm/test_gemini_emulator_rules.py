"""The Gemini emulator refuses what the API would refuse, and a client's breach of the protocol fails the test."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from google.ai import generativelanguage_v1beta as published
from google.protobuf import json_format

from agent.llm.emulators.gemini import GeminiEmulator, called, gemini_emulator, said

MODEL = "gemini-3.8-flash"
TOOL = {"functionDeclarations": [{"name": "look", "description": "Look", "parametersJsonSchema": {"type": "object"}}]}
USER = {"role": "user", "parts": [{"text": "Go."}]}
CALL = {
    "functionCall": {"id": "a", "name": "look", "args": {}},
    "thoughtSignature": "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=",
}
RESPONSE = {"functionResponse": {"id": "a", "name": "look", "response": {"output": "x"}}}
ASKED = {"contents": [USER, {"role": "model", "parts": [CALL]}, {"role": "user", "parts": [RESPONSE]}], "tools": [TOOL]}


def changed(*contents: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"tools": [TOOL], "contents": list(contents), **fields}


def model_turn(*parts: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def user_turn(*parts: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


UNSIGNED = {"functionCall": CALL["functionCall"]}
BREACHES = {
    "an unknown field": ({**ASKED, "model_name": "x"}, 'Unknown name "model_name"'),
    "an unknown field of a part": (changed(user_turn({"txt": "x"})), 'Unknown name "txt"'),
    "both spellings at once": ({**ASKED, "toolConfig": {}, "tool_config": {}}, "Unknown name"),
    "a number as text": (changed(user_turn({"text": 7})), "Invalid value"),
    "no base64": (changed(user_turn({"inlineData": {"mimeType": "image/png", "data": "?"}})), "Base64"),
    "nothing": (changed(), "not specified"),
    "no parts": (changed(user_turn()), "must not be empty"),
    "two kinds in a part": (changed(user_turn({"text": "x", "inlineData": {"data": ""}})), "oneof"),
    "another role": (changed(USER, {"role": "assistant", "parts": [{"text": "x"}]}, USER), "valid role"),
    "a model that ends": (changed(USER, model_turn({"text": "x"})), "ends with a user turn"),
    "a call of the user": (changed(user_turn(CALL)), "cannot be in a turn of the user"),
    "an answer to nothing": (changed(user_turn(RESPONSE)), "number of function response parts"),
    "a call without an answer": (changed(USER, model_turn(CALL, UNSIGNED), user_turn(RESPONSE)), "number of function"),
    "an answer to another": (
        changed(USER, model_turn({**CALL, "functionCall": {"id": "b", "name": "look"}}), user_turn(RESPONSE)),
        "does not match",
    ),
    "an answer beside words": (changed(USER, model_turn(CALL), user_turn(RESPONSE, {"text": "x"})), "nothing but"),
    "a missing signature": (changed(USER, model_turn(UNSIGNED), user_turn(RESPONSE)), "missing a thought_signature"),
    "an unknown signature": (
        changed(USER, model_turn({**UNSIGNED, "thoughtSignature": "AAAA"}), user_turn(RESPONSE)),
        "not valid",
    ),
    "a schema with a dialect": (
        changed(
            USER, tools=[{"functionDeclarations": [{"name": "a", "parameters": {"type": "object", "$schema": "x"}}]}]
        ),
        "$schema",
    ),
    "two tools of a name": (changed(USER, tools=[TOOL, TOOL]), "Invalid function name"),
    "a mode without tools": (
        {"contents": [USER], "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
        "without function_declarations",
    ),
    "an unknown mode": ({**ASKED, "toolConfig": {"functionCallingConfig": {"mode": "MUST"}}}, "mode"),
    "a cache beside tools": ({**ASKED, "cachedContent": "cachedContents/c1"}, "can not be used"),
}


def post(
    server: GeminiEmulator, body: Any, path: str = f"models/{MODEL}:generateContent", key: str = ""
) -> httpx2.Response:
    return httpx2.post(f"{server.url}/v1beta/{path}", json=body, headers={"x-goog-api-key": key or server.key})


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_of_the_protocol_is_refused_and_fails_the_test(name: str):
    body, words = BREACHES[name]
    refused: list[httpx2.Response] = []
    with pytest.raises(AssertionError, match="broke the protocol"), gemini_emulator(said("x")) as server:
        refused.append(post(server, body))
        server.steps.clear()
    assert refused[0].status_code == 400
    assert words in refused[0].json()["error"]["message"]


def test_what_keeps_to_the_protocol_is_taken_in_both_spellings():
    snake = json.loads(json.dumps(ASKED).replace("functionCall", "function_call").replace("thoughtS", "thought_s"))
    old = changed(USER, model_turn(UNSIGNED), user_turn(RESPONSE), model_turn({"text": "x"}), USER)
    with gemini_emulator(said("x"), said("x"), said("x")) as server:
        assert [post(server, body).status_code for body in (ASKED, snake, old)] == [200, 200, 200]
        assert server.bodies[0] == server.bodies[1]


def test_a_signature_belongs_to_the_call_it_came_with():
    with pytest.raises(AssertionError, match="not valid"), gemini_emulator(called(("look", {}))) as server:
        [part] = post(server, changed(USER)).json()["candidates"][0]["content"]["parts"]
        part["functionCall"]["args"] = {"another": 1}
        answer = {"functionResponse": {**RESPONSE["functionResponse"], "id": part["functionCall"]["id"]}}
        post(server, changed(USER, model_turn(part), user_turn(answer)))


def test_a_wrong_key_an_unknown_model_and_a_lost_cache_are_no_breach():
    with gemini_emulator() as server:
        assert post(server, ASKED, key="wrong").json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
        assert post(server, ASKED, "models/gpt-5:generateContent").status_code == 404
        assert post(server, {"contents": [USER], "cachedContent": "cachedContents/x"}).status_code == 403


def test_scripts_that_run_out_or_are_left_over_fail_the_test():
    with pytest.raises(AssertionError, match="script is exhausted"), gemini_emulator() as server:
        assert post(server, ASKED).status_code == 400
    with pytest.raises(AssertionError, match="never asked for"), gemini_emulator(said("x")):
        pass
    with pytest.raises(AssertionError, match="unknown path"), gemini_emulator() as server:
        assert post(server, ASKED, "models/x:countTokens").status_code == 404


def test_caches_live_as_long_as_they_were_made_for():
    now = 1_790_000_000.0
    with gemini_emulator(said("x"), clock=lambda: now, cache_minimum=1) as server:
        auth = {"x-goog-api-key": server.key}
        wanted = {"model": f"models/{MODEL}", "tools": [TOOL], "ttl": "60s"}
        made = post(server, wanted, "cachedContents").json()
        address = f"{server.url}/v1beta/{made['name']}"
        assert (
            post(server, {"contents": [USER], "cachedContent": made["name"]}).json()["usageMetadata"][
                "cachedContentTokenCount"
            ]
            == made["usageMetadata"]["totalTokenCount"]
        )
        now += 59
        patched = httpx2.patch(address, json={"ttl": "120s"}, params={"updateMask": "ttl"}, headers=auth).json()
        now += 119
        listed = httpx2.get(f"{server.url}/v1beta/cachedContents", headers=auth).json()
        assert listed == {"cachedContents": [patched]}
        json_format.ParseDict(listed, published.ListCachedContentsResponse.pb(published.ListCachedContentsResponse()))
        now += 1
        assert httpx2.get(address, headers=auth).status_code == 403
        assert httpx2.delete(address, headers=auth).status_code == 403
