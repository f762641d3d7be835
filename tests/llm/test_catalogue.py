"""What is known of models: the shipped table, a user's file over it, and what is never made up."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agent.charter import Budgets, Limit
from agent.errors import BadInput
from agent.llm.base import Usage
from agent.llm.catalogue import SHIPPED, Price, Traits, load_catalogue, price_of, require_prices

TODAY = date(2026, 11, 21)


def own(tmp_path: Path, content: Any) -> Path:
    file = tmp_path / "models.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def entry(tmp_path: Path, pattern: str, **keys: Any) -> Path:
    return own(tmp_path, {"models": {"openai": {pattern: keys}}})


def test_the_shipped_file_names_its_day_and_a_source_for_every_model():
    shipped = json.loads(SHIPPED.read_text())
    assert date.fromisoformat(shipped["as_of"]) >= TODAY
    for models in shipped["models"].values():
        for name, entry in models.items():
            assert entry["source"] or (name.endswith("-*") and "price" not in entry), name
            assert set(entry["source"]) <= set(shipped["sources"]), name
    for source in shipped["sources"].values():
        assert source["address"].startswith("https://")
        assert date.fromisoformat(source["date"]) <= date.fromisoformat(shipped["as_of"])


@pytest.mark.parametrize("provider", ["gemini", "openai"])
def test_the_model_taken_when_none_is_named_is_one_whose_price_and_size_are_known(provider: str):
    catalogue = load_catalogue(today=TODAY)
    traits = catalogue.traits(provider, catalogue.default_model(provider), False)
    assert traits.price is not None
    assert traits.context > 100_000
    assert traits.max_output > 4_096
    assert traits.vision


def test_a_provider_without_a_usual_model_is_told_what_to_set():
    with pytest.raises(BadInput, match="CHARTERBOT_LLM_MODEL"):
        load_catalogue().default_model("else")


@pytest.mark.parametrize(
    "provider, name, same_as",
    [
        ("gemini", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini", "gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("openai", "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("openai", "GPT-4.1-mini", "gpt-4.1-mini"),
    ],
)
def test_a_model_is_known_by_each_of_its_names(provider: str, name: str, same_as: str):
    catalogue = load_catalogue(today=TODAY)
    assert catalogue.traits(provider, name, False) == catalogue.traits(provider, same_as, False) != Traits()


def test_the_closest_pattern_wins_and_a_dated_copy_may_have_a_price_of_its_own():
    catalogue = load_catalogue(today=TODAY)
    usual, first = (catalogue.traits("openai", name, False) for name in ("gpt-4o-2024-08-06", "gpt-4o-2024-05-13"))
    assert usual.price == Price(2.5, 1.25, 10)
    assert first.price == Price(5, 5, 15)
    assert first.context == usual.context
    assert catalogue.traits("gemini", "gemini-2.5-flash-lite", False).price == Price(0.1, 0.01, 0.4)


@pytest.mark.parametrize(
    "name", ["gpt-5.4-pro", "gpt-5.4-mini-turbo", "gpt-99", "gemini-2.5-pro-ultra", "qwen3:14b", ""]
)
def test_a_price_is_never_guessed_from_a_similar_name(name: str):
    catalogue = load_catalogue(today=TODAY)
    assert catalogue.traits("openai", name, False).price is None
    assert catalogue.traits("gemini", name, False).price is None


def test_a_price_that_changes_on_a_known_day_changes_on_it():
    prices = [
        load_catalogue(today=day).traits("gemini", "gemini-3.8-flash", False).price
        for day in (date(2026, 12, 31), date(2027, 1, 1), date(2028, 1, 1))
    ]
    assert prices == [Price(0.75, 0.075, 3.75), Price(1.5, 0.15, 7.5), Price(1.5, 0.15, 7.5)]


def test_a_local_model_is_known_by_the_users_file_only(tmp_path: Path):
    assert load_catalogue().traits("openai", "gpt-4o", True) == Traits(context=32_768, price=None)
    file = entry(tmp_path, "qwen3:*", context=131_072, vision=True, price={"input": 0, "output": 0})
    traits = load_catalogue(file).traits("openai", "qwen3:14b", True)
    assert traits == Traits(context=131_072, vision=True, price=Price(0, 0, 0))
    assert price_of(traits, Usage(input=1000, output=1000)) == 0


def test_the_users_file_wins_key_by_key_and_leaves_the_rest(tmp_path: Path):
    shipped = load_catalogue(today=TODAY).traits("openai", "gpt-4.1", False)
    file = entry(tmp_path, "gpt-*", price={"input": 1, "cached": 0.1, "output": 3}, image_tokens=77)
    traits = load_catalogue(file, TODAY).traits("openai", "gpt-4.1", False)
    assert (traits.price, traits.image_tokens) == (Price(1, 0.1, 3), 77)
    assert (traits.context, traits.max_output) == (shipped.context, shipped.max_output)


def test_the_users_price_also_wins_over_one_that_begins_later(tmp_path: Path):
    file = own(tmp_path, {"models": {"gemini": {"gemini-3.8-flash": {"price": {"input": 2, "output": 4}}}}})
    assert load_catalogue(file, date(2027, 6, 1)).traits("gemini", "gemini-3.8-flash", False).price == Price(2, 2, 4)


def test_the_user_can_take_a_price_back_and_name_a_default(tmp_path: Path):
    file = own(tmp_path, {"defaults": {"openai": "gpt-4.1"}, "models": {"openai": {"gpt-4.1": {"price": None}}}})
    catalogue = load_catalogue(file)
    assert catalogue.default_model("openai") == "gpt-4.1"
    assert catalogue.default_model("gemini") == load_catalogue().default_model("gemini")
    assert catalogue.traits("openai", "gpt-4.1", False).price is None


@pytest.mark.parametrize(
    "content, said",
    [
        ("{", "line 1: this is not JSON"),
        ("[]", "the file: "),
        ({"prices": {}}, "prices: this key is unknown"),
        ({"models": {"azure": {}}}, "models > azure: "),
        ({"models": {"openai": {"x": {"contex": 5000}}}}, "models > openai > x > contex: this key is unknown"),
        ({"models": {"openai": {"x": {"context": 0}}}}, "models > openai > x > context: "),
        ({"models": {"openai": {"x": {"context": "32768"}}}}, "models > openai > x > context: "),
        (
            {"models": {"openai": {"x": {"price": {"input": 1}}}}},
            "models > openai > x > price > output: this key is missing",
        ),
        ({"models": {"openai": {"x": {"price": {"input": -1, "output": 1}}}}}, "models > openai > x > price > input: "),
        ('{"models": {"openai": {"x": {"price": {"input": Infinity, "output": 1}}}}}', "x > price > input: "),
        ({"models": {"openai": {"x": {"later": {"soon": {"input": 1, "output": 1}}}}}}, "x > later > soon: "),
        ({"defaults": {"openai": ""}}, "defaults > openai: "),
    ],
)
def test_a_mistake_in_the_users_file_is_one_sentence_with_file_place_and_remedy(
    tmp_path: Path, content: Any, said: str
):
    file = own(tmp_path, content)
    with pytest.raises(BadInput) as error:
        load_catalogue(file)
    assert str(error.value).startswith(f"CHARTERBOT_MODELS: {file}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert any(remedy in str(error.value) for remedy in ("correct", "remove", "add it"))


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(BadInput, match=f"CHARTERBOT_MODELS: {path} cannot be read"):
            load_catalogue(path)
    (tmp_path / "x").write_bytes(b"\xff\xfe{")
    with pytest.raises(BadInput, match="not UTF-8"):
        load_catalogue(tmp_path / "x")


def test_the_price_of_a_call_counts_cached_input_once_and_only_when_the_price_is_known():
    priced = Traits(price=Price(input=2, cached=0.5, output=8))
    assert price_of(priced, Usage(input=1_000_000, cached=400_000, output=500_000, reasoning=200_000)) == pytest.approx(
        0.6 * 2 + 0.4 * 0.5 + 0.5 * 8
    )
    # A server that reports more cached than input does not make the call cheaper than all of it cached.
    assert price_of(priced, Usage(input=1_000_000, cached=5_000_000)) == pytest.approx(0.5)
    assert price_of(Traits(), Usage(input=1_000_000)) is None


def test_a_money_limit_is_refused_while_a_price_is_unknown():
    money, tokens = Budgets(role=Limit(usd=1), day=Limit(usd=5)), Budgets(run=Limit(tokens=1000))
    known, unknown = ("gpt", Traits(price=Price(1, 1, 1))), ("qwen3:14b", Traits())
    require_prices(money, [known])
    require_prices(tokens, [known, unknown])
    with pytest.raises(BadInput) as error:
        require_prices(money, [known, unknown])
    for word in ("budgets.role.usd and budgets.day.usd", "'qwen3:14b'", "CHARTERBOT_MODELS", "price", "settings.json"):
        assert word in str(error.value)
