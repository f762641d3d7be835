"""Arguments of a tool call, as a model wrote them, to an object that the tool's schema accepts. Pure.

The chain: JSON at its word; what stands around it taken off; our closer of cut texts; calls written as code; Python
literals; json-repair; each held against the text (`covering`) and against the schema (`fitting`).

`lossy` means that the object may not be what the model meant: a text or number was cut; members may be missing,
because the text ends with open brackets and the schema has room for more; a member of the text was dropped or a value
is not in the text; a name was given twice with different values; the text holds different objects; a string's end or
meaning is unclear; or a guess was needed and the schema does not list a name or is broken. Not lossy: taking off
markup and prose, punctuation mended, and scalars read as the type that the schema asks for.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.llm.received import too_deep
from agent.llm.repair.candidates import LONGEST, readings
from agent.llm.repair.fitting import Gate
from agent.llm.repair.strict_json import Reading

ENVELOPE = frozenset({"name", "tool", "tool_name", "function", "type", "id"})
INSIDE = ("arguments", "parameters", "args", "input", "tool_input", "kwargs")


class Unreadable(ValueError):
    """The arguments cannot be used. `str(error)` says why, for the model and the journal."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """`steps` is empty when the arguments were as they should be. What is `lossy` must not run a tool that writes."""

    value: dict[str, Any]
    steps: tuple[str, ...] = ()
    lossy: bool = False


def arguments(given: Any, schema: Mapping[str, Any], name: str = "") -> Repaired:
    """The surest reading that the schema accepts. Raises Unreadable, and nothing else.

    `given` is a text, an object or nothing; `name` the tool's, which a call written as code must repeat. Nothing at
    all is read as no arguments.
    """
    gate = Gate(schema)
    second, problem = None, ""
    for reading in _all(given, name):
        repaired = _accepted(reading, gate)
        if isinstance(repaired, str):
            problem = problem or repaired
        elif not repaired.lossy:
            return repaired
        else:
            second = second or repaired
    if second is not None:
        return second
    raise Unreadable(problem or _why(given))


def _all(given: Any, name: str) -> Iterator[Reading]:
    """The readings, each followed by what an envelope of them holds."""
    found = readings(given, name) if isinstance(given, str) else iter([Reading({} if given is None else given)])
    for reading in found:
        yield reading
        inside = _inside(reading.value, name)
        if inside is not None:
            for inner in readings(inside, name) if isinstance(inside, str) else [Reading(inside)]:
                yield inner.after(*reading.steps, "envelope", lossy=reading.lossy or reading.open > 0)


def _inside(value: Any, name: str) -> Any:
    """The arguments of `{"name": ..., "arguments": {...}}`, which some models send as the arguments."""
    if not isinstance(value, dict):
        return None
    held = [key for key in INSIDE if key in value]
    called = value.get("name", value.get("tool", name))
    if len(held) != 1 or not value.keys() <= ENVELOPE | set(held) or (name and called != name):
        return None
    return value[held[0]]


def _accepted(reading: Reading, gate: Gate) -> Repaired | str:
    """The reading as the schema wants it, or why it cannot be used."""
    value, mended = reading.value, ()
    if not isinstance(value, dict):
        return f"they are {_kind(value)}, not an object"
    if too_deep(value):
        return "they are nested too deeply"
    problem = gate.problem(value)
    if problem:
        value, mended = gate.mended(value)
        if not mended:
            return problem
    if not _plain(value):
        return "they hold a number or character that JSON cannot carry"
    # Whether a bare True was meant as the word or as the truth value, nobody knows.
    unsure = reading.guessed and (not gate.declares(value) or "read as string" in mended)
    room = reading.open > 0 and not gate.full(value, reading.open)
    steps = (*reading.steps, *mended)
    return Repaired(value, steps, reading.lossy or unsure or room or (gate.broken and bool(steps)))


def _plain(value: Any) -> bool:
    """Whether the object can be written as JSON in UTF-8: no NaN, no half of a character."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError):
        return False
    return True


def _kind(value: Any) -> str:
    return {str: "a text", list: "a list", bool: "a truth value"}.get(type(value), "a number")


def _why(given: Any) -> str:
    if isinstance(given, str) and len(given) > LONGEST:
        return f"they are no JSON and longer than {LONGEST} characters"
    return "they are no JSON object"
