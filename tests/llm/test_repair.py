"""The repair of tool-call arguments: what it restores, what it refuses, and that it is not wrong in silence."""

import json
import math
import socket
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.llm.repair.arguments import Unreadable, arguments
from agent.llm.repair.strict_json import same
from bench.breakage import broken, valid_object
from bench.repair import CORPUS, RepairFigures, measure

DOCUMENT = json.loads(CORPUS.read_text(encoding="utf-8"))
SCHEMAS = DOCUMENT["schemas"]
CLICK = SCHEMAS["browser_click"]
ANY = {"type": "object"}

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)
SIGNS = [*"{}[]\"'“`:,=：\\\n() ", "=>", "//", "/*", "```", "<think>", "</think>", "\\u", "\\ud83d"]
WORDS = ["target", "element", "e1", "true", "None", "NaN", "12", "1e999"]
SHARDS = st.lists(st.sampled_from(SIGNS + WORDS), max_size=25).map("".join)


@pytest.fixture(scope="module")
def figures() -> RepairFigures:
    return measure(seed=1, count=2000)


def test_the_corpus_is_large_and_varied() -> None:
    kinds = {case["kind"] for case in DOCUMENT["cases"]}
    assert len(DOCUMENT["cases"]) >= 80 and len(kinds) >= 28
    assert {case["schema"] for case in DOCUMENT["cases"]} <= SCHEMAS.keys()


def test_hand_made_arguments_are_restored_or_refused(figures: RepairFigures) -> None:
    corpus = figures.corpus
    assert corpus.intended + corpus.refused >= 0.95
    assert corpus.silently_wrong <= 0.005
    assert corpus.restored >= 0.95


def test_generated_arguments_are_restored_or_refused(figures: RepairFigures) -> None:
    generated = figures.generated
    assert generated.cases == 2000
    assert generated.intended + generated.refused >= 0.95
    assert generated.silently_wrong <= 0.005
    assert generated.restored >= 0.90
    assert figures.good >= 0.995


def test_the_generator_says_the_same_for_the_same_seed() -> None:
    first, again, other = (list(broken(SCHEMAS, seed, 200)) for seed in (7, 7, 8))
    assert first == again != other


@given(OBJECTS)
@settings(deadline=None)
def test_valid_json_comes_back_unchanged(value: dict[str, Any]) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        found = arguments(text, ANY)
        assert same(found.value, value) and found.steps == () and not found.lossy


@given(OBJECTS)
@settings(deadline=None)
def test_an_object_that_the_server_parsed_comes_back_unchanged(value: dict[str, Any]) -> None:
    found = arguments(value, ANY)
    assert found.value == value and found.steps == () and not found.lossy


@given(OBJECTS, st.booleans())
@settings(max_examples=40, deadline=None)
def test_no_beginning_of_an_object_passes_for_the_whole(value: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    for end in range(1, len(text)):
        _assert_no_silent_loss(text[:end], ANY, value)


@given(st.sampled_from(sorted(SCHEMAS)), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_no_beginning_of_real_arguments_passes_for_the_whole(name: str, random: Random) -> None:
    value = valid_object(SCHEMAS[name], random)
    text = json.dumps(value, ensure_ascii=False)
    for end in {random.randrange(1, len(text)) for _ in range(20)} | {len(text) - 1}:
        _assert_no_silent_loss(text[:end], SCHEMAS[name], value)


def _assert_no_silent_loss(text: str, schema: Any, intended: dict[str, Any]) -> None:
    try:
        found = arguments(text, schema)
    except Unreadable:
        return
    assert found.lossy or same(found.value, intended), text


@given(SHARDS | st.text(max_size=60), st.sampled_from([ANY, *SCHEMAS.values()]))
@settings(max_examples=300, deadline=None)
def test_garbage_is_refused_in_one_way_only(text: str, schema: Any) -> None:
    try:
        found = arguments(text, schema, "browser_click")
    except Unreadable as error:
        assert str(error)
        return
    json.dumps(found.value, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "text",
    [
        "{" * 5000,
        "[" * 5000,
        '{"a":' * 5000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"n": ' + "9" * 5000 + "}",
        '{"target": NaN}',
        '{"target": Infinity, "element": "x",}',
        '{"target": "e1", "n": -1e999}',
        '{"target": "\\ud800"}',
        "(" * 5000,
        "f(" + "-" * 60_000 + "1)",
        "\\" * 60_000,
        '{"target": "' + '"' * 20_000,
        "{'target': '" + "', ' " * 10_000,
        "{" + "/*" * 30_000,
        "{target" + " " * 60_000,
        "<think>" * 9_000,
        "```" * 20_000,
        "<|a|>" * 12_000,
        "{a:" * 20_000,
    ],
)
def test_hostile_texts_never_run_a_writing_tool_and_take_no_time(text: str) -> None:
    started = time.process_time()
    try:
        assert arguments(text, CLICK, "browser_click").lossy
    except Unreadable as error:
        assert len(str(error)) < 1000
    assert time.process_time() - started < 3


def test_a_megabyte_is_read_when_valid_and_refused_when_not() -> None:
    text = json.dumps({"target": "x" * 1_000_000})
    assert arguments(text, CLICK).value == {"target": "x" * 1_000_000}
    started = time.process_time()
    with pytest.raises(Unreadable, match="longer than 64000 characters"):
        arguments(text[:-2], CLICK)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "lossy"),
    [
        ('{"target": "e1", "target": "e1"}', False),
        ('{"target": "e1", "target": "e2"}', True),
        ('{"target": "e1"}{"target": "e1"}', False),
        ('{"target": "e1"} {"target": "e2"}', True),
        ('{"target": "e1", "element": "Sa', True),
        ('{"target": "e1"', True),
        ('{"target": "e1", "element": "x", "doubleClick": true, "button": "left"', False),
        ('{"target": "e1"}, "element": "x"}', True),
        ("{target: tru}", True),
        ('{"target": "a" "b"}', True),
    ],
)
def test_what_counts_as_lossy(text: str, lossy: bool) -> None:
    found = arguments(text, CLICK)
    assert found.lossy is lossy and found.steps


@pytest.mark.parametrize(
    "code",
    [
        'get_by_role("heading", name="Orders")',
        'get_by_text("Saved")',
        'get_by_role("button", name="Save", exact=True).nth(1)',
        'get_by_label("Name").locator("..")',
        "response GET /members",
    ],
)
def test_locator_code_with_bare_quotes_is_understood(code: str) -> None:
    """What models botch most: they forget to escape the quotes of the code."""
    rest = '"predicate": "visible", "because": "spec", "reason": "r"'
    for text in (f'{{"subject": "{code}", {rest}}}', f'{{{rest}, "subject": "{code}",}}'):
        found = arguments(text, SCHEMAS["check"])
        assert found.value["subject"] == code and not found.lossy


def test_a_mend_by_the_schema_is_a_step_and_no_loss() -> None:
    given = {"item": "Mug", "price": "3.50", "count": "2", "tags": "new", "options": {"gift": "true", "note": None}}
    found = arguments(given, SCHEMAS["set_price"])
    assert found.value == {"item": "Mug", "price": 3.5, "count": 2, "tags": ["new"], "options": {"gift": True}}
    assert not found.lossy
    assert set(found.steps) == {"read as number", "read as integer", "read as array", "read as boolean", "null dropped"}
    assert given["count"] == "2"


def test_the_refusal_names_the_place() -> None:
    with pytest.raises(Unreadable, match=r"fields\.0: 'value' is a required property"):
        arguments({"fields": [{"target": "e1", "name": "n", "type": "textbox"}]}, SCHEMAS["browser_fill_form"])


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "strnig"}}},
        {"type": "object", "required": "a"},
        {"type": "object", "properties": {"a": {"pattern": "("}}},
        {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}},
        {"type": "object", "properties": {"a": {"anyOf": "x", "enum": 3}}},
        {"type": "object", "properties": []},
        {"properties": {"a": 5}, "$ref": "#"},
    ],
)
def test_a_broken_schema_neither_raises_nor_vouches_for_a_repair(schema: Any) -> None:
    valid = arguments('{"a": "x"}', schema)
    assert valid.value == {"a": "x"} and not valid.lossy
    assert arguments('{"a": "x",}', schema).lossy


def test_a_schema_makes_nobody_open_an_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/schema.json"
        listener.setblocking(False)
        arguments('{"a": "x",}', {"type": "object", "properties": {"a": {"$ref": address}}})
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_numbers_that_json_cannot_carry_are_refused_in_objects_too() -> None:
    for number in (math.nan, math.inf):
        with pytest.raises(Unreadable):
            arguments({"time": number}, SCHEMAS["browser_wait_for"])
    with pytest.raises(Unreadable):
        arguments({"values": "[NaN]"}, {"properties": {"values": {"type": "array"}}})
