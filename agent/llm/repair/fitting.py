"""The tool's JSON Schema as the gate of its arguments: what it refuses, what it lets mend, what it declares. Pure.

Schemas come from other people's servers, so a broken one must not end a run: it then gates nothing, and says so.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError
from jsonschema_specifications import REGISTRY
from referencing.exceptions import Unresolvable

from agent.llm.repair.strict_json import NotJSON, parse

BROKEN = (SchemaError, UnknownType, Unresolvable, re.error, RecursionError, TypeError, ValueError, ArithmeticError)
BROKEN += (AttributeError, LookupError)
INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
LIST_AS_TEXT = re.compile(r"^\s*[\[{]|[,;\n]")
"""A text that may be several items is not taken as one."""
MENDED = 64
"""Members that are mended at most: nobody fills a larger form in one call."""
DEPTH = 8
"""How far references and alternatives within a schema are followed."""


class Gate:
    """One tool's schema. `broken`: it is no valid schema, and everything passes."""

    def __init__(self, schema: Mapping[str, Any]):
        self._schema = dict(schema)
        self.broken = False
        self._checked = False
        # The specifications' registry fetches nothing: a schema must not make the bot open an address.
        self._validator = Draft202012Validator(self._schema, registry=REGISTRY)

    def problem(self, value: dict[str, Any]) -> str:
        """The first two reasons why the schema refuses the object, or nothing."""
        return ". ".join(_sentence(error) for error in self._errors(value)[:2])

    def mended(self, value: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The object with scalars of the wrong type read as the right one where only one reading is possible.

        "3" to 3 and back, "true" to true, a list or an object that was sent as text, one item to a list of it, and
        null for a member that may be absent. The object itself comes back unless the schema then accepts the outcome.
        """
        draft = copy.deepcopy(value)
        steps: list[str] = []
        errors = {tuple(error.absolute_path): error for error in reversed(self._errors(value))}
        for error in list(errors.values())[:MENDED]:
            step = _mend(draft, error)
            if not step:
                return value, ()
            steps.append(step)
        return (draft, tuple(dict.fromkeys(steps))) if not self.problem(draft) else (value, ())

    def declares(self, value: Any) -> bool:
        """Every name in the object is one that the schema lists at its place."""
        return _declared(value, [self._schema], self._schema)

    def full(self, value: Any, open_containers: int) -> bool:
        """The outermost objects that were left open hold every member that the schema lists: no more can come."""
        places: list[Any] = [self._schema]
        for remaining in range(open_containers, 0, -1):
            listed = {name for place in _expanded(places, self._schema) for name in _properties(place)}
            if not isinstance(value, dict) or not listed <= value.keys() or self._admits_more(places):
                return False
            if not value:
                return remaining == 1
            last = list(value)[-1]
            places, value = _below(places, last, self._schema), value[last]
        return True

    def _admits_more(self, places: list[Any]) -> bool:
        expanded = _expanded(places, self._schema)
        return not any("properties" in place for place in expanded) or any(
            place.get("additionalProperties") not in (None, False) or "patternProperties" in place for place in expanded
        )

    def _errors(self, value: dict[str, Any]) -> list[ValidationError]:
        if self.broken:
            return []
        try:
            errors = list(self._validator.iter_errors(value))
            if errors and not self._checked:
                Draft202012Validator.check_schema(self._schema)
                self._checked = True
        except BROKEN:
            self.broken = True
            return []
        return errors


def _sentence(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path) or "the arguments"
    return f"{place}: {error.message[:200]}"


def _mend(draft: Any, error: ValidationError) -> str:
    """Changes the member that the error is about. Returns the step's name, empty when nothing fits."""
    path = list(error.absolute_path)
    if not path or error.validator not in ("type", "anyOf", "oneOf", "enum"):
        return ""
    holder = draft
    for part in path[:-1]:
        holder = holder[part]
    wanted = _types(error.schema) if isinstance(error.schema, Mapping) else frozenset()
    if holder[path[-1]] is None and isinstance(holder, dict) and "null" not in wanted:
        del holder[path[-1]]
        return "null dropped"
    for kind, value in _readings(holder[path[-1]]):
        if kind in wanted:
            holder[path[-1]] = value
            return f"read as {kind}"
    return ""


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    given = schema.get("type", [])
    types = {given} if isinstance(given, str) else set(given)
    for word in ("anyOf", "oneOf"):
        for branch in schema.get(word, []):
            types |= _types(branch) if isinstance(branch, Mapping) else set()
    return frozenset(types)


def _readings(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value of the wrong type can have been meant as, by type."""
    if isinstance(value, str):
        yield from _readings_of_text(value.strip())
    elif isinstance(value, bool):
        yield "string", json.dumps(value)
    elif isinstance(value, int):
        yield "string", str(value)
    if not isinstance(value, list | NoneType) and not (isinstance(value, str) and LIST_AS_TEXT.search(value)):
        yield "array", [value]


def _readings_of_text(text: str) -> Iterator[tuple[str, Any]]:
    if text.lower() in ("true", "false"):
        yield "boolean", text.lower() == "true"
    if INTEGER.fullmatch(text):
        yield "integer", int(text)
    if DECIMAL.fullmatch(text):
        yield "number", float(text) if "." in text else int(text)
    if text[:1] not in ("[", "{"):
        return
    try:
        found = parse(text)
    except NotJSON:
        return
    if not found.lossy:
        yield "array" if isinstance(found.value, list) else "object", found.value


def _declared(value: Any, places: list[Any], root: Mapping[str, Any]) -> bool:
    if isinstance(value, dict):
        return all(
            bool(below := _below(places, name, root)) and _declared(member, below, root)
            for name, member in value.items()
        )
    if isinstance(value, list):
        items = [place["items"] for place in _expanded(places, root) if isinstance(place.get("items"), Mapping)]
        return all(_declared(member, items, root) for member in value)
    return True


def _below(places: list[Any], name: str, root: Mapping[str, Any]) -> list[Any]:
    return [_properties(place)[name] for place in _expanded(places, root) if name in _properties(place)]


def _properties(place: Mapping[str, Any]) -> Mapping[str, Any]:
    found = place.get("properties")
    return found if isinstance(found, Mapping) else {}


def _expanded(places: list[Any], root: Mapping[str, Any], depth: int = DEPTH) -> list[Mapping[str, Any]]:
    """The schemas with what they refer to and their alternatives."""
    found: list[Mapping[str, Any]] = []
    for place in places:
        if not isinstance(place, Mapping) or depth == 0:
            continue
        found.append(place)
        further = [item for word in ("anyOf", "oneOf", "allOf") for item in _listed(place.get(word))]
        if "$ref" in place:
            further.append(_target(place["$ref"], root))
        found += _expanded(further, root, depth - 1)
    return found


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _target(reference: Any, root: Mapping[str, Any]) -> Any:
    """What a reference within the schema itself points at, as `#/$defs/Field`."""
    found: Any = root
    for part in str(reference).removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
