"""`charterbot doctor --llm`: one round trip with the configured model, and what is wrong in plain words."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.llm.testing import GEMINI, OPENAI, Answer, Host, gemini_emulator, openai_emulator
from bot.doctor import Check, ask_model

ADD = ("add", {"a": 2, "b": 3})
GOOD = (OPENAI.called(ADD), OPENAI.said("five"))


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` of the project is read."""
    monkeypatch.chdir(tmp_path)


def environ(url: str, model: str = "qwen3:14b", **more: str) -> dict[str, str]:
    own = {"LLM": "openai", "LLM_BASE_URL": url, "LLM_API_KEY": "test-key", "LLM_MODEL": model, **more}
    return {f"CHARTERBOT_{name}": value for name, value in own.items()}


async def problem(given: dict[str, str]) -> str:
    """The one thing that is wrong."""
    (wrong,) = [check for check in await ask_model(given) if not check.ok]
    assert wrong.remedy and "Traceback" not in wrong.detail
    return wrong.detail


async def lines(given: dict[str, str]) -> list[str]:
    checks: list[Check] = await ask_model(given)
    assert all(check.ok for check in checks), [check.detail for check in checks]
    return [check.detail for check in checks]


@pytest.mark.parametrize("kind", ["ollama", "vllm", "llama.cpp"])
async def test_a_local_server_that_is_fit_says_what_it_reads(kind):
    with openai_emulator(*GOOD, host=Host(kind, ("qwen3:14b",), context=40_960)) as server:
        told = await lines(environ(server.url))
    assert "called a tool and read its answer in" in told[0] and "price unknown" in told[0]
    assert "reads 40960 tokens; a role is given up to 32768" in told[1]


async def test_gemini_is_asked_in_its_own_words():
    with gemini_emulator(GEMINI.called(ADD), GEMINI.said("five")) as server:
        given = environ(server.url, "gemini-2.5-flash", LLM="gemini")
        assert "called a tool and read its answer in" in (await lines(given))[0]


@pytest.mark.parametrize(
    ("kind", "context", "remedy"),
    [
        ("ollama", 4_096, "OLLAMA_CONTEXT_LENGTH=32768"),
        ("vllm", 8_192, "--max-model-len 32768"),
        ("llama.cpp", 16_000, "-c 32768"),
    ],
)
async def test_a_context_that_is_too_small_comes_with_the_way_to_raise_it(kind, context, remedy):
    with openai_emulator(*GOOD, host=Host(kind, ("qwen3:14b",), context=context)) as server:
        told = await problem(environ(server.url))
    assert f"reads only {context} tokens, too few to explore with" in told and remedy in told


async def test_a_context_smaller_than_expected_but_usable_may_also_be_written_down(tmp_path):
    with openai_emulator(*GOOD, *GOOD, host=Host("ollama", ("qwen3:14b",), context=24_576)) as server:
        told = await problem(environ(server.url))
        assert "`context` to 24576" in told and "CHARTERBOT_MODELS" in told
        file = tmp_path / "models.json"
        file.write_text(json.dumps({"models": {"openai": {"qwen3*": {"context": 24_576}}}}))
        await lines(environ(server.url, MODELS=str(file)))


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (Host("ollama", ("llama3.2",)), ("qwen3:14b", "CHARTERBOT_LLM_MODEL")),
        (Host("vllm", ("llama3.2",)), ("qwen3:14b", "CHARTERBOT_LLM_MODEL")),
        (Host("ollama", ("qwen3:14b",), tools=False), ("tool", "CHARTERBOT_LLM_MODEL")),
        (Host("vllm", ("qwen3:14b",), tools=False), ("--enable-auto-tool-choice", "--tool-call-parser")),
        (Host("llama.cpp", ("qwen3:14b",), tools=False), ("--jinja",)),
    ],
)
async def test_an_unknown_model_and_one_without_tools_are_told_apart(host, words):
    with openai_emulator(host=host) as server:
        told = await problem(environ(server.url))
    assert all(word in told for word in words), told


async def test_keys_and_addresses_that_are_wrong():
    with openai_emulator(host=Host("vllm")) as server:
        told = await problem(environ(server.url, LLM_API_KEY="secret-but-wrong"))
        assert "CHARTERBOT_LLM_API_KEY" in told and "secret-but-wrong" not in told
    assert "CHARTERBOT_LLM_BASE_URL" in await problem(environ("http://127.0.0.1:9/v1"))
    assert "CHARTERBOT_LLM_API_KEY" in await problem({"CHARTERBOT_LLM": "gemini"})
    assert "looks like a key of Google" in await problem(
        {"CHARTERBOT_LLM": "openai", "CHARTERBOT_LLM_API_KEY": "AIzaX"}
    )
    with gemini_emulator() as server:
        told = await problem(environ(server.url, "gemini-2.5-flash", LLM="gemini", LLM_API_KEY="AIzaWrong"))
        assert "CHARTERBOT_LLM_API_KEY" in told and "AIzaWrong" not in told
    with gemini_emulator() as server:
        assert "CHARTERBOT_LLM_MODEL" in await problem(environ(server.url, "gemma-of-mine", LLM="gemini"))
    page = Answer("<html>It works!</html>", headers={"content-type": "text/html"})
    with openai_emulator(page) as server:
        assert "CHARTERBOT_LLM_BASE_URL" in await problem(environ(server.url))


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((OPENAI.said("Five!"), OPENAI.said("It is five.")), "answered in prose"),
        ((OPENAI.called(("add", {"a": 2, "b": 2})), OPENAI.said("4")), "wrong arguments"),
        ((OPENAI.called(ADD), OPENAI.said("")), "could not go on from its answer"),
    ],
)
async def test_a_model_that_is_too_weak_is_told_so(steps, words):
    with openai_emulator(*steps, host=Host("vllm", ("qwen3:14b",))) as server:
        assert words in await problem(environ(server.url))


async def test_a_model_that_says_nothing_is_told_with_the_variable():
    with openai_emulator(OPENAI.said(""), OPENAI.said(""), host=Host("vllm", ("qwen3:14b",))) as server:
        told = await problem(environ(server.url))
    assert "gave no usable answer" in told and "CHARTERBOT_LLM_MODEL" in told


async def test_the_model_is_asked_for_as_much_as_in_a_run():
    with gemini_emulator(GEMINI.called(ADD), GEMINI.said("five")) as server:
        await lines(environ(server.url, "gemini-2.5-flash", LLM="gemini"))
        assert [body["generationConfig"]["maxOutputTokens"] for body in server.bodies] == [8_192, 8_192]


def doctor(given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "doctor", "--llm"]
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, env={**path, **given}, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("words", ["unexpected [/INST] token", "tools[bold].function is bad :smile: \\"])
def test_words_of_a_server_are_shown_as_they_are(words):
    with openai_emulator(Answer({"error": {"message": words}}, 400), host=Host("vllm")) as server:
        told = doctor(environ(server.url))
    assert (told.returncode, words in told.stdout, told.stderr) == (1, True, "")


@pytest.mark.parametrize(("name", "value"), [("ALL_PROXY", "socks5://127.0.0.1:1"), ("HTTP_PROXY", "localhost:3128x")])
def test_a_proxy_that_cannot_be_used_is_named_without_a_traceback(name, value):
    told = doctor({**environ("http://models.example.com/v1"), name: value})
    assert (told.returncode, f"{name} names no proxy" in told.stdout, told.stderr) == (1, True, "")


def test_the_command_ends_with_what_it_found():
    scout = doctor({})
    assert (scout.returncode, "scout" in scout.stdout) == (0, True)
    with openai_emulator(*GOOD, host=Host("vllm", ("qwen3:14b",))) as server:
        good = doctor(environ(server.url))
    assert good.returncode == 0, good.stdout + good.stderr
    away = doctor(environ("http://127.0.0.1:9/v1"))
    assert (away.returncode, "CHARTERBOT_LLM_BASE_URL" in away.stdout) == (1, True)
    assert "Traceback" not in away.stdout + away.stderr
