"""What is wrong with a profile, in words: file, place, problem, remedy. Pure; knows no rules and opens no files."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

BRANCHES = frozenset({"text", "object"})  # how pydantic names the forms of a capability inside a place
LONGEST_SHOWN = 80
MOST_PLACES = 6
ADDRESS = ("is no address", "write scheme, host and port, e.g. http://host:8080")
PATH = ("is no path", "write what follows the host, beginning with /")
FILE_NAME = ("is no file name", "name a file of the profile's folder")
WORD = ("is no name", "use letters, digits, - and _, at most 60")
PATTERNS = {
    "url": ADDRESS,
    "allowed_origins": ADDRESS,
    "routes": ("is no route", "write /path or METHOD /path, with * for one segment or, at the end, for all below"),
    "reset": ("is no request", "write a method and a path, e.g. POST /reset"),
    "path": PATH,
    "start": PATH,
    "version_path": PATH,
    "default_roles": WORD,
    "capabilities": ("is no capability", "write one line of text without blanks around it"),
    "name": WORD,
    "context": FILE_NAME,
    "scope": FILE_NAME,
    "historical_bugs": FILE_NAME,
    "secrets_file": FILE_NAME,
}
MISSING = {"sign_in": "add it, with null for a visitor, else with path, fields and submit"}


@dataclass(frozen=True, slots=True)
class Remark:
    """A mistake, or something legal that is surely unwanted. `place` is a path of keys or a line; empty: the file. Of
    what was met several times it lists the places, with their files when `file` is the folder of these."""

    file: Path
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.file}: {place}{self.problem}; {self.remedy}."


def gathered(remarks: Iterable[Remark]) -> Iterator[Remark]:
    """What has one cause and one remedy is told once, with its places; in the order in which it was met first."""
    alike: dict[tuple[str, str], list[Remark]] = {}
    for remark in remarks:
        alike.setdefault((remark.problem, remark.remedy), []).append(remark)
    for (problem, remedy), several in alike.items():
        files = [remark.file for remark in several]
        file = files[0] if len(set(files)) == 1 else Path(os.path.commonpath(files))
        places = [f"{_below(remark.file, file)} {remark.place}".strip() for remark in several]
        more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
        yield Remark(file, ", ".join(places[:MOST_PLACES]) + more, problem, remedy)


def _below(file: Path, folder: Path) -> str:
    return "" if file == folder else file.relative_to(folder).as_posix()


def shape_remarks(file: Path, shape: type[BaseModel], error: ValidationError) -> Iterator[Remark]:
    """Every way in which a file departs from its shape."""
    for one in error.errors(include_url=False):
        location = tuple(part for part in one["loc"] if part not in BRANCHES)
        yield Remark(file, ".".join(str(part) for part in location), *_words(shape, location, dict(one)))


def _words(shape: type[BaseModel], location: tuple[int | str, ...], one: dict[str, Any]) -> tuple[str, str]:
    keys = [part for part in location if isinstance(part, str)]
    match one["type"]:
        case "extra_forbidden":
            known = ", ".join(_keys(shape, location[:-1]))
            return "this key is unknown", f"remove it or use one of {known}"
        case "missing":
            return "this key is missing", MISSING.get(keys[-1], "add it")
        case "model_type" | "dict_type":
            return "this is no object", f"write {{...}} with {', '.join(_keys(shape, location)) or 'texts by name'}"
        case "union_tag_not_found":
            return "this is no capability", 'write a text or {"name": ..., "routes": [...]}'
        case "string_pattern_mismatch" if keys and (words := _pattern(keys)):
            return f"{shortened(one['input'])} {words[0]}", words[1]
    problem = one["msg"][0].lower() + one["msg"][1:]
    return problem, "correct the value"


def _pattern(keys: list[str]) -> tuple[str, str] | None:
    if keys[-2:] == ["capabilities", "name"]:
        return PATTERNS["capabilities"]
    return PATTERNS.get(keys[-1])


def shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _keys(shape: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that the object at this place may have, from the published schema."""
    schema = shape.model_json_schema()
    node: dict[str, Any] = schema
    for part in location:
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
        forms = node.get("anyOf") or node.get("oneOf") or []
        node = next((item for item in forms if "$ref" in item), node)
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return list(node.get("properties", {}))
