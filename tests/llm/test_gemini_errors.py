"""Gemini's bad days over real HTTP: what is worth another try, and what people are told where none is."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.emulators.gemini import (
    FAULT_EFFECT,
    FAULTS,
    called,
    failed,
    gemini_emulator,
    quota_failure,
    retry_info,
    said,
)
from agent.llm.emulators.server import Answer, serve
from agent.llm.errors import ContextOverflow, ModelBusy, ModelFailure
from agent.llm.gemini import adapter as gemini
from agent.llm.gemini.adapter import Gemini
from agent.llm.gemini.errors import Refused, retry_after
from agent.tools.surface import ToolSpec

MODEL = "gemini-3.8-flash"
KEY = "test-key"
SCHEMA = {"type": "object", "properties": {"target": {"type": "string"}}, "required": ["target"]}
CLICK = ToolSpec("browser_click", "Click", SCHEMA, True, "browser")
LOOK = ToolSpec("browser_snapshot", "Look", {"type": "object", "properties": {}}, False, "browser")
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK, LOOK))
GOOD = called(("browser_click", {"target": "e1"}))


async def generate(url: str, key: str = KEY, timeout: float = 5.0) -> ModelReply:
    model = Gemini(key, MODEL, Traits(), url, timeout)
    try:
        return await model.generate(REQUEST)
    finally:
        await model.close()


async def ask(answer: Answer, timeout: float = 5.0) -> ModelReply:
    with gemini_emulator(answer) as server:
        return await generate(server.url, timeout=timeout)


BUSY = {
    "a limit that names a delay": (failed(429, "quota", retry_info(7.5)), "rate_limit", 7.5),
    "a limit that says a delay": (failed(429, "Please retry in 850ms."), "rate_limit", 0.85),
    "a limit with a header": (failed(429, "slow", retry_after="3"), "rate_limit", 3.0),
    "a limit without a delay": (failed(429, "slow"), "rate_limit", None),
    "a limit per minute": (failed(429, "quota", quota_failure("PerMinute"), retry_info(1)), "rate_limit", 1.0),
    "a limit of a gateway": (Answer("<html>slow</html>", 429), "rate_limit", None),
    "exhausted as 503": (failed(503, "exhausted", status="RESOURCE_EXHAUSTED"), "rate_limit", None),
    "overloaded": (failed(503, "overloaded"), "overloaded", None),
    "internal": (failed(500, "oops"), "overloaded", None),
    "a page as 502": (Answer("<html>Bad gateway</html>", 502), "overloaded", None),
    "an error with 200": (Answer({"error": {"code": 503, "message": "x"}}), "overloaded", None),
    "a text with 200": (Answer({"error": "upstream"}), "overloaded", None),
    "half a JSON": (Answer('{"candidates": ['), "protocol", None),
    "no JSON object": (Answer([1]), "protocol", None),
    "nothing with 200": (Answer(""), "protocol", None),
    "nothing with 204": (Answer("", 204), "protocol", None),
    "a page with 200": (Answer("<html></html>"), "protocol", None),
    "a dropped connection": (Answer(manner="reset"), "unreachable", None),
    "a dropped answer": (replace(GOOD, manner="cut"), "unreachable", None),
    "no answer": (Answer(manner="hang"), "timeout", None),
    "a dripping answer": (replace(said("x" * 400), manner="drip", drip=20.0), "timeout", None),
}


@pytest.mark.parametrize("name", BUSY)
async def test_what_may_pass_is_worth_another_try(name: str):
    answer, fault, wait = BUSY[name]
    with pytest.raises(ModelBusy) as caught:
        await ask(answer, timeout=0.5 if fault == "timeout" else 5.0)
    assert (caught.value.fault, caught.value.retry_after) == (fault, wait)
    assert "Gemini" in str(caught.value) and str(caught.value).endswith(".")


DECLARED = "* GenerateContentRequest.tools[0].function_declarations[1].parameters_json_schema: unknown keyword"
TERMINAL = {
    "the day's quota": (
        failed(429, "quota", quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20"), retry_info(40)),
        "daily quota of the key in CHARTERBOT_LLM_API_KEY",
    ),
    "a limit of nothing": (failed(429, "Quota exceeded, limit: 0, model: x"), "no quota at all"),
    "a quota of nothing": (failed(429, "quota", quota_failure("PerMinute", "0")), "no quota at all"),
    "not authenticated": (failed(401, "Invalid authentication credentials"), "set a valid CHARTERBOT_LLM_API_KEY"),
    "not permitted": (failed(403, "Generative Language API is disabled"), "set a valid CHARTERBOT_LLM_API_KEY"),
    "an unknown model": (
        failed(404, "models/gemini-x is not found for v1beta"),
        "name another one in CHARTERBOT_LLM_MODEL",
    ),
    "no tools": (failed(400, "Function calling is not enabled for models/x"), "that can in CHARTERBOT_LLM_MODEL"),
    "no tool use": (failed(400, "Tool use with function calling is unsupported"), "that can in CHARTERBOT_LLM_MODEL"),
    "a refused schema": (failed(400, DECLARED), "the schema of the tool 'browser_snapshot'"),
    "another 400": (failed(400, "User location is not supported"), "User location is not supported"),
    "no such address": (Answer("<html>404</html>", 404), "check CHARTERBOT_LLM_BASE_URL"),
    "another server": (Answer({"error": {"message": "page not found"}}, 404), "check CHARTERBOT_LLM_BASE_URL"),
    "a redirect": (Answer("", 302, {"location": "http://127.0.0.1:1/"}), "check CHARTERBOT_LLM_BASE_URL"),
}


@pytest.mark.parametrize("name", TERMINAL)
async def test_what_no_try_can_mend_is_one_sentence_with_the_remedy(name: str):
    answer, words = TERMINAL[name]
    with pytest.raises(ModelFailure) as caught:
        await ask(answer)
    assert not isinstance(caught.value, ModelBusy | ContextOverflow)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "Request payload size exceeds the limit: 20971520 bytes.",
    ],
)
async def test_a_conversation_that_is_too_long_is_told_apart(words: str):
    with pytest.raises(ContextOverflow, match="longer than"):
        await ask(failed(400, words))


async def test_a_wrong_key_is_named_and_never_shown():
    secret = "AIzaSecretKey123"
    with gemini_emulator() as server, pytest.raises(ModelFailure, match="a valid CHARTERBOT_LLM_API_KEY") as caught:
        await generate(server.url, secret)
    assert not isinstance(caught.value, ModelBusy)
    suspended = failed(403, f"Key {secret} is suspended.\nGo away")
    with serve(lambda asked: suspended) as server, pytest.raises(ModelFailure) as caught:
        await generate(server.url, secret)
    assert secret not in str(caught.value) and "***" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_server_that_is_not_there_is_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ModelBusy, match="CHARTERBOT_LLM_BASE_URL") as caught:
        await generate(url)
    assert caught.value.fault == "unreachable" and url in str(caught.value)


@contextmanager
def deaf_port() -> Iterator[str]:
    """A port whose queue is full: a connection to it is neither made nor refused."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_server_that_takes_no_connection_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gemini, "CONNECT_SECONDS", 0.2)
    with deaf_port() as url, pytest.raises(ModelBusy) as caught:
        await generate(url)
    assert caught.value.fault == "unreachable"


async def test_a_page_in_place_of_an_answer_names_the_address():
    with pytest.raises(ModelBusy, match=r"web page.*CHARTERBOT_LLM_BASE_URL"):
        await ask(Answer("<!doctype html><html></html>", headers={"content-type": "text/html"}))


async def test_a_redirect_carries_the_key_nowhere():
    with serve(lambda asked: said("stolen")) as thief:
        moved = Answer("", 307, {"location": f"{thief.url}/v1beta/models/{MODEL}:generateContent"})
        with pytest.raises(ModelFailure):
            await ask(moved)
        assert thief.asked == []


async def test_a_prefix_in_the_base_url_is_kept():
    with serve(lambda asked: said("fine")) as gateway:
        assert (await generate(f"{gateway.url}/gemini/")).text == "fine"
        assert gateway.asked[0].path == f"/gemini/v1beta/models/{MODEL}:generateContent"


async def test_the_environment_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_API_KEY", "another")
    assert (await ask(said("fine"))).text == "fine"


@pytest.mark.parametrize("kind", FAULTS)
async def test_every_fault_has_the_effect_that_is_said_of_it(kind: str):
    try:
        reply = await ask(FAULTS[kind](GOOD), timeout=0.5 if kind == "hang" else 5.0)
        effect = "none" if reply.outcome == "called" else "reask"
    except ModelBusy:
        effect = "retry"
    assert effect == FAULT_EFFECT[kind]


@pytest.mark.parametrize(
    ("details", "headers", "seconds"),
    [
        ({"error": {"details": [retry_info(0.25)]}}, {"retry-after": "9"}, 0.25),
        ({"error": {"details": "x"}}, {"retry-after": "9"}, 9.0),
        ({"error": "x"}, {"retry-after": "soon"}, None),
        ([{"error": {"message": "Please retry in 12.5s."}}], {}, 12.5),
        (None, {}, None),
    ],
)
def test_a_delay_is_read_wherever_it_is_said(details: Any, headers: dict[str, str], seconds: float | None):
    assert retry_after(Refused(429, details, headers)) == seconds
