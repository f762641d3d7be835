"""Arguments of tool calls, broken in the ways in which models break JSON. Seeded; knows nothing of the repair."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.breakers import BREAKERS, INNER, OUTER, TOOL

DOUBLED = 0.15
"""The share of texts that are broken twice."""
PHRASES = (
    "Save",
    "e12",
    "Add to cart",
    "O'Brien's order",
    'Say "hello" to her',
    'The "Save" button, top right',
    "Größe: 42 – naïve café",
    "会员：张三，你好",
    "🎉 party 👩‍👩‍👧 time",
    "line one\nline two",
    "tab\there",
    "C:\\Users\\temp\\new.txt",
    "\\d+(\\.\\d{2})?",
    "https://shop.example/items?id=7&sort=asc#top",
    "user+tag@example.org",
    '<script>alert("x")</script>',
    "a, b; c: d = e => f",
    '{"json": "inside", "n": 1}',
    "[1, 2]",
    "100 % // not a comment /* nor this */ # nor that",
    "True",
    "null",
    "007",
    "-12.50",
    "  spaces around  ",
    "'; DROP TABLE users; --",
    "```code```",
    "<think>no</think>",
    "Ends with a colon:",
    "}",
    "it's 5 o'clock & “curly” ‘quotes’",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore. " * 4,
)


@dataclass(frozen=True, slots=True)
class Broken:
    """`intended` is None where the text does not say what was meant, so that only a refusal is right.

    `destroyed`: the break removed what no reader can know, such as the end of a text.
    """

    category: str
    schema: str
    text: str
    intended: dict[str, Any] | None
    destroyed: bool = False


def broken(schemas: Mapping[str, Any], seed: int, count: int) -> Iterator[Broken]:
    """The same texts for the same seed. Categories take turns."""
    random = Random(seed)
    categories = list(BREAKERS)
    made = 0
    while made < count:
        case = _one(schemas, categories[made % len(categories)], random)
        if case is not None:
            made += 1
            yield case


def _one(schemas: Mapping[str, Any], category: str, random: Random) -> Broken | None:
    """None where the break left valid JSON: whatever that says, it is not for a repair to doubt."""
    schema = random.choice(list(schemas))
    value = valid_object(schemas[schema], random)
    text = json.dumps(value, ensure_ascii=random.random() < 0.2, indent=random.choice((None, None, 2)))
    found = BREAKERS[category](text, value, random)
    names = [category]
    if found is not None and category in INNER and random.random() < DOUBLED:
        outer = random.choice(OUTER)
        found = BREAKERS[outer](found, value, random)
        names.append(outer)
    if found is None or _is_json(found):
        return None
    found = found.replace(TOOL, schema)
    destroyed = category == "truncated" and not _only_brackets_lost(text, found)
    return Broken("+".join(names), schema, found, None if category == "different" else value, destroyed)


def valid_object(schema: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """An object that the schema accepts, with optional members left out now and then."""
    required = schema.get("required", [])
    return {
        name: _value(part, random)
        for name, part in schema.get("properties", {}).items()
        if name in required or random.random() < 0.7
    }


def _value(schema: Mapping[str, Any], random: Random) -> Any:
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            return valid_object(schema, random)
        case "array":
            return [_value(schema["items"], random) for _ in range(random.randint(1, 3))]
        case "boolean":
            return random.random() < 0.5
        case "integer":
            return random.choice((0, 1, -5, 12, 1024, 30_000))
        case "number":
            return random.choice((0.5, -1.25, 3, 1e-7, 99.95))
    if random.random() < 0.4:
        return f"e{random.randint(1, 400)}"
    return random.choice(PHRASES)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text, strict=False), dict)
    except ValueError:
        return False


def _only_brackets_lost(text: str, cut: str) -> bool:
    return bool(re.fullmatch(r"[\s}\]]*", text[len(cut) :])) and not re.search(r"[\d.]\Z", cut.rstrip())
