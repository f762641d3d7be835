"""Closes a JSON text that ends too early. It never invents a value: it closes what is open, or cuts back to the last
member that was whole. Pure."""

import re

from agent.llm.received import DEEPEST
from agent.llm.repair.strict_json import NotJSON, Reading, parse

CUTS = 3
"""How many commas to cut back to: an unfinished member holds few before what came before it is whole."""
HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
NUMBER_AT_END = re.compile(r"[-+.\deE]\Z")
CLOSING = {"{": "}", "[": "]"}


def close(text: str) -> Reading | None:
    """None where the text is not a well-formed beginning of an object or a list.

    A string or number that was cut makes it lossy; containers that were closed are counted in `open`.
    """
    scanned = _scan(text)
    if scanned is None:
        return None
    stack, in_string, cuts = scanned
    end = "".join(CLOSING[bracket] for bracket in reversed(stack))
    body = text.rstrip() if not in_string else _half_escape_removed(text) + '"'
    lossy = in_string or bool(NUMBER_AT_END.search(body))
    tries = [(body + end, len(stack), lossy)]
    tries += [
        (text[:at] + "".join(CLOSING[item] for item in reversed(kept)), len(kept), True)
        for at, kept in reversed(cuts[-CUTS:])
    ]
    for candidate, unclosed, cut in tries:
        try:
            reading = parse(candidate)
        except NotJSON:
            continue
        return Reading(reading.value, ("closed",), reading.lossy or cut, unclosed)
    return None


def _scan(text: str) -> tuple[list[str], bool, list[tuple[int, tuple[str, ...]]]] | None:
    """The open brackets, whether a string is open, and the places where the text could be cut: each with its brackets.

    None when nothing is open, or too much, or brackets do not match.
    """
    stack: list[str] = []
    cuts: list[tuple[int, tuple[str, ...]]] = []
    in_string = escaped = False
    for at, character in enumerate(text):
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in CLOSING:
            stack.append(character)
            if len(stack) > DEEPEST:
                return None
            cuts = [*cuts[-CUTS:], (at + 1, tuple(stack))]
        elif character in "}]":
            if not stack or CLOSING[stack.pop()] != character:
                return None
        elif character == ",":
            cuts = [*cuts[-CUTS:], (at, tuple(stack))]
    return (stack, in_string, cuts) if stack else None


def _half_escape_removed(text: str) -> str:
    """Only an odd number of backslashes leaves one that escapes nothing."""
    half = HALF_ESCAPE.search(text)
    if half is None:
        return text
    before = text[: half.start()]
    doubled = (len(before) - len(before.rstrip("\\"))) % 2 == 1
    return text if doubled else before
