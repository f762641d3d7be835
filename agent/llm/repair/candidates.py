"""The ways to read a text as one object, from its word to a guess: the links of the repair's chain. Pure.

It knows no schema: whoever asks decides which reading may be used, and how.
"""

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any

import json_repair

from agent.llm.received import DEEPEST
from agent.llm.repair.closer import close
from agent.llm.repair.covering import unclosed
from agent.llm.repair.lenient import COMMENT, MEMBER, read
from agent.llm.repair.peeling import QUOTED_NAME, peeled
from agent.llm.repair.strict_json import NotJSON, Reading, parse, parse_head, same

LONGEST = 64_000
"""Characters. Repair takes a second on a few hundred thousand characters of garbage."""
MOST_OBJECTS = 20
"""In one text. More of them are no arguments, and each would be held against the schema."""
FOREIGN = 4_000
"""Characters for the parser that is not ours: on some texts its time grows with the square of their length."""
NESTED = 3
"""How often a text may hold another text that holds the object."""
NOTHING = ("", "null", "None", "undefined", "{}")
CALL = re.compile(r"\s*(?:(?:print|await|return)\s+)?([A-Za-z_][\w.-]*)\s*\(")
VOID = re.compile(rf"\{{(?:[\s,]|{COMMENT})*\}}", re.S)
WORD = re.compile(r"\w")
FAILS = (ValueError, SyntaxError, RecursionError, MemoryError, TypeError, LookupError, AttributeError)


def readings(text: str, name: str = "", depth: int = 0) -> Iterator[Reading]:
    """The readings, surest first. A JSON document is taken at its word and has no other reading.

    `name`: the function that a call written as code must name.
    """
    plain = text.strip()
    if plain in NOTHING:
        yield Reading({}, () if plain == "{}" else ("empty",))
        return
    try:
        found = parse(plain)
    except NotJSON:
        if len(text) <= LONGEST:
            yield from _repaired(plain, name, depth)
        return
    yield from _opened(found, name, depth)


def _opened(found: Reading, name: str, depth: int) -> Iterator[Reading]:
    """The object in a document that is a text or a list of one."""
    if isinstance(found.value, dict):
        yield found
    elif isinstance(found.value, str) and depth < NESTED:
        for inner in readings(found.value, name, depth + 1):
            yield inner.after(*found.steps, "quoted", lossy=found.lossy)
    elif isinstance(found.value, list) and len(found.value) == 1 and depth < NESTED:
        yield from _opened(replace(found, value=found.value[0]).after("list"), name, depth + 1)
    elif isinstance(found.value, list):
        yield from _one_of([replace(found, value=item).after("list") for item in found.value])


def _one_of(found: list[Reading], rest_lost: bool = False) -> Iterator[Reading]:
    """Several different objects are ambiguous; the last one is what a model most often ended with."""
    full = [item for item in found if item.value != {}] or found[:1]
    if not full or len(found) > MOST_OBJECTS or not all(isinstance(item.value, dict) for item in full):
        return
    several = any(not same(item.value, full[0].value) for item in full)
    steps = ("repeated",) if len(full) > 1 and not several else ()
    for item in reversed(full if several else full[:1]):
        yield item.after(*steps, lossy=several or rest_lost)


def _repaired(plain: str, name: str, depth: int) -> Iterator[Reading]:
    inner, steps = peeled(plain)
    if not inner:
        return
    if steps:
        try:
            for reading in _opened(parse(inner), name, depth):
                yield reading.after(*steps)
            return
        except NotJSON:
            pass
    for reading in _links(plain, inner, name, depth):
        yield reading.after(*steps)


def _links(plain: str, inner: str, name: str, depth: int) -> Iterator[Reading]:
    yield from _whole_objects(inner)
    yield from _unescaped(inner, name, depth)
    closed = close(inner)
    if closed is not None:
        yield from ([closed] if isinstance(closed.value, dict) else [])
    for text in dict.fromkeys((inner, plain)):
        yield from _called(text, name)
    if VOID.fullmatch(inner):
        yield Reading({}, ("punctuation",))
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner.lstrip("[ \n\t")
    if "{" not in inner or MEMBER.match(inner):
        inner = "{" + inner
    yield from _lenient(inner, "punctuation", read)
    if len(inner) <= FOREIGN and _depth(inner) <= DEEPEST:
        yield from _lenient(inner, "json-repair", _json_repair)


def _whole_objects(text: str) -> Iterator[Reading]:
    """JSON objects one after the other, with anything but members between and behind them."""
    found, at = [], text.find("{")
    if at < 0 or text[:at].strip(" \n\t["):
        return
    open_list = text.startswith("[") and not text.endswith("]")
    while at >= 0 and len(found) <= MOST_OBJECTS:
        try:
            reading, end = parse_head(text, at)
        except NotJSON:
            break
        found.append(reading.after("first document"))
        at = text.find("{", end)
        rest = text[end : at if at >= 0 else len(text)]
        if QUOTED_NAME.search(rest) or _broken_off(rest):
            break
    else:
        yield from _one_of(found, rest_lost=open_list)
        return
    yield from _one_of(found, rest_lost=True)


def _broken_off(rest: str) -> bool:
    """Words and then a bracket, so that the object before them seems to have ended too early."""
    word = WORD.search(rest)
    return word is not None and max(rest.rfind("}"), rest.rfind("]")) > word.start()


def _unescaped(text: str, name: str, depth: int) -> Iterator[Reading]:
    """A quoted document whose own quotes were lost, so that only the escaped ones inside are left."""
    if not re.match(r"[{\[](?:\s|\\[nrt])*\\\"", text) or depth >= NESTED:
        return
    try:
        inner = parse(f'"{text}"').value
    except NotJSON:
        return
    for reading in readings(inner, name, depth + 1):
        yield reading.after("escaped")


def _called(text: str, name: str) -> Iterator[Reading]:
    """`name(key="value")`: the tool called as code."""
    text = text.strip().removesuffix(";").rstrip()
    call = CALL.match(text)
    if call is None or not text.endswith(")"):
        return
    given = text[call.end() - 1 :].removeprefix("(").removesuffix(")")
    another = bool(name) and call[1].split(".")[-1] != name
    if not given.strip() or VOID.fullmatch(given.strip()):
        yield Reading({}, ("call",), lossy=another)
        return
    for reading in _lenient("{" + given + "}", "call", lambda _: _keywords(given)):
        yield reading.after(lossy=another)


def _lenient(text: str, step: str, parser: Callable[[str], Any]) -> Iterator[Reading]:
    """What a lenient parser made of the text. It stands only if it covers the text; otherwise it is lossy."""
    try:
        value = parser(text)
        if not isinstance(value, dict) or not value:
            return
        left_open = unclosed(text, value)
    except FAILS:
        return
    yield Reading(value, (step,), left_open is None, left_open or 0, guessed=True)


def _depth(text: str) -> int:
    """How far brackets open within each other, those in strings included."""
    deltas = (1 if character in "{[(" else -1 for character in text if character in "{[()]}")
    return max(accumulate(deltas), default=0)


def _json_repair(text: str) -> Any:
    return json_repair.loads(text, skip_json_loads=True)


def _keywords(text: str) -> Any:
    with warnings.catch_warnings(action="ignore"):
        call = ast.parse(f"f({text})", mode="eval").body
    if not isinstance(call, ast.Call) or call.args or any(item.arg is None for item in call.keywords):
        return None
    return {item.arg: _constant(item.value) for item in call.keywords}


def _constant(node: ast.expr) -> Any:
    """A literal of Python or of JSON. Raises ValueError."""
    words = {"true": True, "false": False, "null": None}
    for inner in ast.walk(node):
        for field, value in ast.iter_fields(inner):
            if isinstance(value, ast.Name) and value.id in words:
                setattr(inner, field, ast.Constant(words[value.id]))
            elif isinstance(value, list):
                value[:] = [
                    ast.Constant(words[item.id]) if isinstance(item, ast.Name) and item.id in words else item
                    for item in value
                ]
    if isinstance(node, ast.Name) and node.id in words:
        return words[node.id]
    return ast.literal_eval(node)
