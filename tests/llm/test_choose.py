"""From settings to a model: what is refused before anybody is asked, and which model a role gets."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.charter import Budgets, Limit, Profile, Role
from agent.errors import BadInput
from agent.llm.catalogue import Traits
from agent.llm.choose import LlmSettings, choose_adapter
from agent.llm.costs import CostLog
from agent.llm.governed import GovernedModel
from agent.llm.models import Metering, Models, check_settings, usable
from agent.llm.spending import Account, MemoryDay
from agent.llm.testing import openai_emulator

OPENAI, GEMINI = "sk-test-key-of-openai", "AIzaTestKeyOfGoogle"


def models(settings: LlmSettings, folder: Path, budgets: Budgets = Budgets()) -> Models:
    profile = Profile("Site", "local", folder, "http://x.test", "local", (Role("member", None),), budgets=budgets)
    return Models(settings, profile, Metering("run", Account(budgets, MemoryDay()), CostLog(folder / "c.ndjson")))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (LlmSettings("gpt", model="m"), ("CHARTERBOT_LLM", "scout, openai, gemini")),
        (LlmSettings("openai"), ("needs a key of OpenAI", "CHARTERBOT_LLM_API_KEY", "CHARTERBOT_LLM_BASE_URL")),
        (LlmSettings("gemini"), ("needs a key of Google", "CHARTERBOT_LLM_API_KEY")),
        (LlmSettings("openai", api_key=GEMINI), ("looks like a key of Google", "CHARTERBOT_LLM to gemini")),
        (LlmSettings("gemini", api_key=OPENAI), ("looks like a key of OpenAI", "CHARTERBOT_LLM to openai")),
        (LlmSettings("openai", api_key="sk-ant-x"), ("looks like a key of Anthropic",)),
        (LlmSettings("openai", "localhost:11434/v1", model="m"), ("CHARTERBOT_LLM_BASE_URL", "http://localhost")),
        (LlmSettings("openai", "http://x:port/v1", model="m"), ("CHARTERBOT_LLM_BASE_URL",)),
        (LlmSettings("gemini", "gateway", GEMINI), ("CHARTERBOT_LLM_BASE_URL",)),
        (LlmSettings("openai", "http://localhost:1/v1"), ("No model is named", "CHARTERBOT_LLM_MODEL")),
        (LlmSettings("openai", api_key="sk-with blank"), ("CHARTERBOT_LLM_API_KEY", "copy it anew")),
        (LlmSettings("openai", api_key='"sk-quoted"'), ("CHARTERBOT_LLM_API_KEY", "without them")),
        (LlmSettings("openai", api_key="sk-or-x"), ("looks like a key of OpenRouter",)),
        (LlmSettings("openai", api_key=OPENAI, model="  "), ("CHARTERBOT_LLM_MODEL", "blanks")),
        (LlmSettings("openai", api_key=OPENAI, model="gpt "), ("CHARTERBOT_LLM_MODEL", "blanks")),
        (LlmSettings("openai", "localhost:11434/v1"), ("CHARTERBOT_LLM_BASE_URL", "http://localhost")),
        (
            LlmSettings("openai", "http://joe:pw@h/v1/chat/completions/"),
            ("CHARTERBOT_LLM_BASE_URL is 'http://h/v1/chat/completions/'", "leave off /chat/completions"),
        ),
    ],
)
async def test_settings_that_cannot_work_are_refused_with_the_variable_and_the_remedy(settings, words):
    with pytest.raises(BadInput) as refusal:
        await check_settings(settings)
    assert all(word in str(refusal.value) for word in words)
    assert not settings.api_key or settings.api_key not in str(refusal.value)


async def test_one_variable_and_a_key_are_enough():
    assert (await check_settings(LlmSettings("gemini", api_key=GEMINI))).startswith("gemini-")
    assert (await check_settings(LlmSettings("openai", api_key=OPENAI))).startswith("gpt-")
    assert await check_settings(LlmSettings()) == "scout"
    assert await check_settings(LlmSettings("openai", "http://localhost:11434/v1", model="qwen3:14b")) == "qwen3:14b"


async def test_roles_share_what_they_can_and_a_role_may_have_a_model_of_its_own(tmp_path):
    shared = models(LlmSettings("openai", "http://127.0.0.1:9/v1", model="small"), tmp_path)
    first, second, third = (
        shared.of(Role(name, None, model=own)) for name, own in (("a", ""), ("b", ""), ("c", "big"))
    )
    assert [model.name for model in (first, second, third)] == ["small", "small", "big"]
    assert isinstance(first, GovernedModel) and isinstance(second, GovernedModel) and isinstance(third, GovernedModel)
    assert first._engine is second._engine and first._engine is not third._engine
    await shared.close()


async def test_a_money_limit_without_a_price_is_refused_before_the_run(tmp_path):
    settings = LlmSettings("openai", "http://127.0.0.1:9/v1", model="qwen3:14b")
    priced = models(settings, tmp_path, Budgets(run=Limit(usd=1.0)))
    with pytest.raises(BadInput, match="qwen3:14b"):
        priced.require([Role("member", None)])
    await priced.close()


def test_no_model_is_asked_for_more_output_than_a_turn_needs():
    assert usable(Traits(context=1_000_000, max_output=65_536)).max_output == 8_192
    assert usable(Traits(context=8_192, max_output=4_096)).max_output == 2_048


def test_the_program_loads_no_sdk_until_a_provider_is_chosen():
    code = (
        "import sys, asyncio, bot.cli, bot.runner, bot.exploring, bot.doctor;"
        "from agent.llm.models import check_settings; from agent.llm.choose import LlmSettings;"
        "asyncio.run(check_settings(LlmSettings()));"
        "print([name for name in ('openai', 'google.genai') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


async def test_an_adapter_is_there_once_it_is_chosen():
    adapter = choose_adapter(LlmSettings("openai", "http://127.0.0.1:9/v1"), "m", Traits())
    assert adapter.name == "m"
    await adapter.close()


async def test_a_server_that_is_not_there_is_found_out_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("agent.llm.models.KNOCKS", (0.0, 0.0))
    away = models(LlmSettings("openai", "http://127.0.0.1:9/v1", model="m"), tmp_path)
    with pytest.raises(BadInput, match=r"Nothing answers at .*127.0.0.1:9.* CHARTERBOT_LLM_BASE_URL"):
        await away.reach()
    with openai_emulator() as server:
        there = models(LlmSettings("openai", server.url, model="m"), tmp_path)
        await there.reach()
    await models(LlmSettings(), tmp_path).reach()
