"""Arguments of a tool call, as a model wrote them, to an object that the tool's schema accepts. Pure."""

import json
from collections.abc import Mapping
from typing import Any

import json_repair
from jsonschema import Draft202012Validator

LONGEST = 64_000
"""Repair takes a second on a few hundred thousand characters of garbage."""


class Unreadable(ValueError):
    """The arguments cannot be used. `str(error)` says why, for the model and the journal."""


def arguments(given: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Raises Unreadable. A text that is no JSON is repaired once; the schema has the last word."""
    value = _object(given)
    problem = next(iter(Draft202012Validator(dict(schema)).iter_errors(value)), None)
    if problem is not None:
        place = ".".join(str(part) for part in problem.absolute_path) or "arguments"
        raise Unreadable(f"{place}: {problem.message[:200]}")
    return value


def _object(given: Any) -> dict[str, Any]:
    if given is None or given == "":
        return {}
    if isinstance(given, str):
        given = _parsed(given)
    if not isinstance(given, dict):
        raise Unreadable(f"the arguments are {type(given).__name__}, not an object")
    return given


def _parsed(text: str) -> Any:
    if len(text) > LONGEST:
        raise Unreadable(f"the arguments are longer than {LONGEST} characters")
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return json_repair.loads(text, skip_json_loads=True)
    except (ValueError, RecursionError):
        raise Unreadable("the arguments are no JSON") from None
