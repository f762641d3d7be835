"""How the time of reading a model's text grows with its length: endless blanks, brackets and tags are a habit of weak
models, and no other role's turn may wait for them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from agent.llm.openai.text_calls import recover
from agent.llm.repair.arguments import Unreadable, arguments
from agent.tools.surface import ToolSpec

SCHEMA = {"type": "object", "properties": {"t": {"type": "string"}, "n": {"type": "integer"}}, "required": ["t"]}
TOOLS = (ToolSpec("click", "Click", SCHEMA, True, "browser"),)
SHORT, LONG = 8_000, 32_000
FLOOR = 0.02
"""Seconds below which a time is noise."""
BLANKS = (" ", "\n", "\t")

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


@dataclass(frozen=True, slots=True)
class GrowthFigures:
    """`worst` is how much longer a text of four times the length took at most, `case` which one that was."""

    cases: int
    worst: float
    case: str


@dataclass(frozen=True, slots=True)
class Case:
    """A frame around many of the same unit, and how such a text is read."""

    name: str
    read: Callable[[str], object]
    frame: str
    unit: str

    def text(self, size: int) -> str:
        return self.frame % (self.unit * (size // len(self.unit)))


def as_arguments(text: str) -> object:
    with suppress(Unreadable):
        return arguments(text, SCHEMA, "click")


def as_text(text: str) -> object:
    return recover(text, TOOLS)


def cases() -> Iterator[Case]:
    for blank in BLANKS:
        yield from (Case(f"{name} {blank!r}", as_arguments, frame, blank) for name, frame in ARGUMENTS.items())
        yield from (Case(f"{name} {blank!r}", as_text, frame, blank) for name, frame in TEXTS.items())
    for name, unit in RUNS.items():
        for frame in FRAMES:
            yield Case(f"{name} in {frame} as arguments", as_arguments, frame, unit)
            yield Case(f"{name} in {frame} as a text", as_text, frame, unit)


def measure() -> GrowthFigures:
    """Of CPU time, the better of two runs each. Takes about a minute."""
    found = [(growth(case), case.name) for case in cases()]
    worst, name = max(found)
    return GrowthFigures(len(found), round(worst, 2), name)


def growth(case: Case) -> float:
    before, after = (min(_seconds(case, size) for _ in range(2)) for size in (SHORT, LONG))
    return after / max(before, FLOOR)


def _seconds(case: Case, size: int) -> float:
    text = case.text(size)
    started = time.process_time()
    case.read(text)
    return time.process_time() - started
