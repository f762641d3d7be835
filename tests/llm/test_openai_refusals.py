"""A model server on its bad days, over real HTTP: what is worth another try, and what one sentence has to say."""

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from openai_story import REQUEST, ask

from agent.llm.catalogue import Traits
from agent.llm.emulators.openai import failed, said
from agent.llm.emulators.openai_hosts import Host
from agent.llm.errors import ContextOverflow, ModelBusy, ModelFailure
from agent.llm.openai.adapter import OpenAICompatible
from agent.llm.openai.errors import retry_after
from agent.llm.testing import Answer, Step, openai_emulator


async def busy(*steps: Step, timeout: float = 5.0) -> ModelBusy:
    with openai_emulator(*steps) as server:
        model = OpenAICompatible(server.url, server.key, "m1", Traits(), timeout)
        try:
            with pytest.raises(ModelBusy) as caught:
                await model.generate(REQUEST)
        finally:
            await model.close()
        assert len(server.asked) == 1
    return caught.value


@pytest.mark.parametrize(
    ("answer", "fault", "wait"),
    [
        (failed(429, "slow down", "rate_limit_exceeded", Retry_After="7"), "rate_limit", 7.0),
        (failed(429, "slow down", retry_after_ms="250", Retry_After="9"), "rate_limit", 0.25),
        (failed(429, "slow down"), "rate_limit", None),
        (failed(503, "overloaded", Retry_After="2.5"), "overloaded", 2.5),
        (failed(409, "conflict"), "overloaded", None),
        (failed(425, "too early"), "overloaded", None),
        (failed(408, "timeout"), "timeout", None),
        (Answer("<html>Bad gateway</html>", 502), "overloaded", None),
        (failed(400, "odd", x_should_retry="true"), "overloaded", None),
        (Answer('{"choices": [{'), "protocol", None),
        (Answer(""), "protocol", None),
        (Answer("[1]"), "protocol", None),
        (Answer({"error": "upstream"}), "protocol", None),
        (Answer({"error": {"message": "limit", "code": 429}}), "rate_limit", None),
        (Answer({"error": {"message": "down", "type": "server_error"}}), "overloaded", None),
        (Answer("<html>Welcome</html>"), "protocol", None),
        (replace(said("x"), manner="cut"), "protocol", None),
        (replace(said("x"), manner="reset"), "protocol", None),
    ],
)
async def test_what_may_pass_is_worth_another_try_that_the_governor_makes(
    answer: Answer, fault: str, wait: float | None
):
    error = await busy(answer)
    assert (error.fault, error.retry_after) == (fault, wait)
    assert "127.0.0.1" in str(error) and "\n" not in str(error)


async def test_a_date_to_wait_for_is_counted_from_now():
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    error = await busy(failed(429, "slow down", Retry_After=at))
    assert error.retry_after is not None and 25 < error.retry_after <= 30
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 2e9) == 0.0
    assert retry_after({"retry-after": "soon"}, 0.0) is None
    assert retry_after({"retry-after": "inf"}, 0.0) is None
    assert retry_after({}, 0.0) is None


@pytest.mark.parametrize("answer", [replace(said("x"), manner="drip", drip=5.0), replace(said("x"), manner="hang")])
async def test_the_time_for_a_call_is_over_even_while_the_answer_is_dripping(answer: Answer):
    error = await busy(answer, timeout=0.4)
    assert error.fault == "timeout" and "0.4 s" in str(error)


CANNOT = {
    "wrong key": (failed(401, "Incorrect API key provided: test-key."), "CHARTERBOT_LLM_API_KEY"),
    "no access": (failed(403, "Country not supported"), "Country not supported"),
    "no money": (failed(429, "no money", "insufficient_quota"), "no quota left"),
    "no balance": (failed(402, "Insufficient Balance"), "no quota left"),
    "no use": (failed(429, "used up", x_should_retry="false"), "another try is of no use"),
    "unknown model": (failed(404, "The model `m1` does not exist", "model_not_found"), "CHARTERBOT_LLM_MODEL"),
    "unknown to Ollama": (
        Answer({"error": 'model "m1" not found, try pulling it first'}, 404),
        "`ollama pull m1`",
    ),
    "unknown within 200": (Answer({"error": {"message": "Unknown model m1", "code": 400}}), "CHARTERBOT_LLM_MODEL"),
    "wrong address": (failed(404, "Not Found"), "CHARTERBOT_LLM_BASE_URL"),
    "wrong method": (Answer("Method Not Allowed", 405), "CHARTERBOT_LLM_BASE_URL"),
    "elsewhere": (Answer("", 302, {"location": "/v1/models"}), "CHARTERBOT_LLM_BASE_URL"),
    "tools and Ollama": (failed(400, "registry.ollama.ai/library/m1 does not support tools"), "cannot call tools"),
    "tools and OpenRouter": (failed(404, "No endpoints found that support tool use."), "cannot call tools"),
    "tools and vLLM": (
        Answer({"object": "error", "message": '"auto" tool choice requires --tool-call-parser', "code": 400}, 400),
        "--enable-auto-tool-choice and --tool-call-parser",
    ),
    "tools and llama.cpp": (failed(500, "tools param requires --jinja flag", 500), "start llama.cpp with --jinja"),
    "schema of OpenAI": (
        failed(
            400, "Invalid schema for function 'browser_click': In context=(), nonsense", "invalid_function_parameters"
        ),
        "the schema of the tool 'browser_click'",
    ),
    "schema by number": (failed(400, "tools[1].function: JSON schema is not supported"), "'browser_look'"),
    "too long an answer": (
        failed(400, "max_tokens is too large: 9. It supports at most 5 completion tokens"),
        "max_output",
    ),
    "any other": (failed(400, "strange things\nhappened"), "strange things happened"),
}


@pytest.mark.parametrize("name", CANNOT)
async def test_what_cannot_be_helped_is_asked_once_and_one_sentence_names_the_remedy(name: str):
    answer, words = CANNOT[name]
    with pytest.raises(ModelFailure) as failure:
        await ask(answer)
    assert type(failure.value) is ModelFailure
    assert words in str(failure.value)
    assert "CHARTERBOT_LLM" in str(failure.value) or "CHARTERBOT_MODELS" in str(failure.value)
    assert "test-key" not in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    "answer",
    [
        *(Host(kind, context=4096).too_long(9000) for kind in ("openai", "ollama", "vllm", "llama.cpp")),
        failed(500, "the request exceeds the available context size. try increasing the context size", 500),
        failed(
            400, "'max_tokens' is too large: 8192. This model's maximum context length is 8192 tokens and your request "
        ),
        failed(400, "Invalid value for 'max_tokens': this model's maximum context length is 8192 tokens"),
        failed(413, "Payload too large"),
    ],
)
async def test_a_conversation_that_is_too_long_can_be_shortened(answer: Answer):
    with pytest.raises(ContextOverflow, match="CHARTERBOT_MODELS"):
        await ask(answer)


async def test_a_web_page_is_a_gateway_unwell_once_and_a_wrong_address_twice():
    page = Answer("<html>Welcome</html>", headers={"content-type": "text/html"})
    with openai_emulator(page, page, said("x"), page, page, page) as server:
        model = OpenAICompatible(server.url, server.key, "m1", Traits(), 5)
        with pytest.raises(ModelBusy, match="CHARTERBOT_LLM_BASE_URL"):
            await model.generate(REQUEST)
        with pytest.raises(ModelFailure, match="CHARTERBOT_LLM_BASE_URL") as failure:
            await model.generate(REQUEST)
        assert not isinstance(failure.value, ModelBusy)
        assert (await model.generate(REQUEST)).text == "x"
        for _ in range(3):
            with pytest.raises(ModelBusy):
                await model.generate(REQUEST)
        await model.close()


async def test_a_redirect_is_not_followed():
    with openai_emulator(said("stolen")) as other:
        to = {"location": f"{other.url}/chat/completions"}
        with openai_emulator(Answer("", 307, to)) as server:
            model = OpenAICompatible(server.url, server.key, "m1", Traits(), 5)
            with pytest.raises(ModelFailure, match="status 307"):
                await model.generate(REQUEST)
            await model.close()
        assert other.asked == []
        other.steps.clear()


async def test_a_server_that_is_not_there_is_named_with_its_variable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        model = OpenAICompatible(f"http://127.0.0.1:{free.getsockname()[1]}/v1", "", "m1", Traits(), 5)
        with pytest.raises(ModelBusy, match="CHARTERBOT_LLM_BASE_URL") as caught:
            await model.generate(REQUEST)
        await model.close()
    assert caught.value.fault == "unreachable"


@pytest.mark.parametrize(
    ("key", "words"),
    [("", "wants a key; set CHARTERBOT_LLM_API_KEY"), ("AIzaSyFoo", "looks like one of Google"), ("x", "set a valid")],
)
async def test_a_key_that_is_missing_wrong_or_another_s_is_told_apart(key: str, words: str):
    with openai_emulator() as server:
        model = OpenAICompatible(server.url, key, "m1", Traits(), 5)
        with pytest.raises(ModelFailure, match=words) as failure:
            await model.generate(REQUEST)
        await model.close()
    assert "AIzaSyFoo" not in str(failure.value)


@pytest.mark.parametrize(
    ("url", "key", "words"),
    [
        ("https://api.openai.com/v1", "AIzaSyFoo", "key of Google, not of OpenAI"),
        ("https://api.openai.com/v1", "sk-ant-foo", "key of Anthropic, not of OpenAI"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "sk-foo", "key of OpenAI, not of Google"),
    ],
)
async def test_a_key_is_never_shown_to_a_provider_that_it_does_not_belong_to(url: str, key: str, words: str):
    model = OpenAICompatible(url, key, "m1", Traits(), 5)
    with pytest.raises(ModelFailure, match=words) as failure:
        await model.generate(REQUEST)
    await model.close()
    assert key not in str(failure.value) and "CHARTERBOT_LLM_API_KEY" in str(failure.value)


async def test_what_a_server_echoes_of_the_key_and_of_the_address_stays_out_of_every_sentence():
    with openai_emulator(failed(400, "odd Bearer test-key"), failed(500, "odd test-key"), key="") as server:
        url = server.url.replace("http://", "http://bob:hunter2@")
        model = OpenAICompatible(url, "test-key", "m1", Traits(), 5)
        for _ in range(2):
            with pytest.raises(ModelFailure) as failure:
                await model.generate(REQUEST)
            assert "test-key" not in str(failure.value) and "hunter2" not in str(failure.value)
        await model.close()
