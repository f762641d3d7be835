"""However a model's text goes on, reading it takes time in proportion to its length: no other turn waits for it."""

import time
from collections.abc import Callable

import pytest

from agent.llm.openai.text_calls import recover
from agent.llm.repair.arguments import Unreadable, arguments
from agent.llm.repair.calls import RawCall, ready
from agent.tools.surface import ToolSpec

SCHEMA = {"type": "object", "properties": {"t": {"type": "string"}, "n": {"type": "integer"}}, "required": ["t"]}
TOOLS = (ToolSpec("click", "Click", SCHEMA, True, "browser"),)
SHORT, LONG = 8_000, 32_000
FLOOR = 0.02
"""Seconds below which a time is noise."""

ARGUMENTS = {
    "blanks for a value": '{"t":%sx',
    "blanks before a tail": '{"t":"x"}%sx',
    "blanks in a call": "click()%sx",
    "blanks in a text": '{t:"\\"%s}',
}
TEXTS = {
    "blanks in a tag": "<tool_call>a%sx",
    "blanks in a fence": "```\n%s\n``` x",
    "blanks of Mistral": "[TOOL_CALLS]click%sx",
}
RUNS = {
    "thoughts": "<think>",
    "braces": "{",
    "lists": "[",
    "members": '{"a":',
    "objects": '{"t":"x"}',
    "empty objects": "{}",
    "placeholders": "{a}",
    "letters": "a",
    "quotes": '"',
    "quotes and commas": '",',
    "quotes and comments": '"//',
    "commented lines": '//"\n',
    "open comments": "[/*,",
    "comments": "/**/",
    "backslashes": "\\",
    "fences": "```json\n",
    "fence marks": "``` ",
    "functions": "<function=click>\n",
    "functions in words": "<function=click>x</function> y\n",
    "parameters": "<parameter=a>\n",
    "tags": "<|a|>",
}
FRAMES = ("%s", '{"t":%sx', '{"t":"x"} \'%s', "Sure! %s", "<function=click>%s</function>")


def seconds(read: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    try:
        read(text)
    except Unreadable as error:
        assert len(str(error)) < 1_000
    return time.process_time() - started


def as_arguments(text: str) -> object:
    return arguments(text, SCHEMA, "click")


def as_text(text: str) -> object:
    return recover(text, TOOLS)


def assert_in_proportion(read: Callable[[str], object], frame: str, unit: str) -> None:
    """Four times as much may take eight times as long, and no more."""
    short, long = (frame % (unit * (size // len(unit))) for size in (SHORT, LONG))
    before, after = (min(seconds(read, text) for _ in range(2)) for text in (short, long))
    assert after <= 8 * max(before, FLOOR), f"{before:.3f} s, then {after:.3f} s"


@pytest.mark.parametrize("blank", [" ", "\n", "\t"])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_blanks_in_arguments(name: str, blank: str) -> None:
    assert_in_proportion(as_arguments, ARGUMENTS[name], blank)


@pytest.mark.parametrize("blank", [" ", "\n", "\t"])
@pytest.mark.parametrize("name", TEXTS)
def test_blanks_in_a_call_that_was_written_as_text(name: str, blank: str) -> None:
    assert_in_proportion(as_text, TEXTS[name], blank)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("name", RUNS)
def test_a_sign_again_and_again(name: str, frame: str) -> None:
    assert_in_proportion(as_arguments, frame, RUNS[name])
    assert_in_proportion(as_text, frame, RUNS[name])


@pytest.mark.parametrize("text", ['{"t":' + "`" * 40 + "x", '{"t":"x",{' + "/**/" * 40 + "x}"])
def test_signs_that_can_be_taken_in_many_ways_are_taken_in_one(text: str) -> None:
    assert seconds(as_arguments, text) < 1


def test_many_calls_without_ids() -> None:
    def read(text: str) -> object:
        return ready([RawCall("", "click", {"t": "x"})] * len(text), TOOLS, cut=False)

    assert_in_proportion(read, "%s", "x")


@pytest.mark.parametrize("depth", [150, 400, 900, 5_000])
def test_what_is_nested_too_deeply_is_refused_like_all_else(depth: int) -> None:
    for text in ('{"t":"x","a":' + '{"a":' * depth + "1" + "}" * (depth + 1), '{"a":' * depth):
        with pytest.raises(Unreadable):
            arguments(text, SCHEMA)
