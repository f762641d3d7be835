"""Reads the files of one profile folder and gathers every mistake in them. Makes no Profile and judges no machine."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from agent.profiles import markdown
from agent.profiles.remarks import Remark, shape_remarks
from agent.profiles.rules import SECRET_NAME, roles_slips, settings_slips
from agent.profiles.schema import FILE_NAME, RolesFile, SettingsFile

LARGEST = 1_000_000
CONTEXT_KEYS = ("context", "scope", "historical_bugs")
SLIPS = {"scope": markdown.scope_slips, "historical_bugs": markdown.open_comments}

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reading:
    """`settings` and `roles` are None where their shape is wrong; `texts` are the files that they name, comments
    included, by name. Without mistakes all is there. `kept` are the values of the secrets file: never shown."""

    folder: Path
    settings: SettingsFile | None
    roles: RolesFile | None
    texts: dict[str, str]
    kept: dict[str, str]
    mistakes: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class _Json(Generic[Shape]):
    """A file as it was written and, where it has the right shape, as it was meant."""

    written: Any
    meant: Shape | None
    mistakes: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class _Named:
    """A file that is named at `place` of `file`, for the purpose `key`."""

    file: Path
    place: str
    key: str
    name: str


class _Unreadable(Exception):
    """A file that cannot be used: what it is, and the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def read_folder(folder: Path, *, with_secrets: bool) -> Reading:
    """Everything that the folder says. Without `with_secrets` the file of secrets is not opened."""
    settings = _json(folder / "settings.json", SettingsFile)
    roles = _json(folder / "roles.json", RolesFile)
    mistakes = [*settings.mistakes, *roles.mistakes]
    mistakes += [Remark(folder / "settings.json", *slip) for slip in settings_slips(settings.written, roles.written)]
    mistakes += [Remark(folder / "roles.json", *slip) for slip in roles_slips(roles.written)]
    texts: dict[str, str] = {}
    kept: dict[str, str] = {}
    for named in _named_files(folder, settings.written, roles.written):
        if named.key == "secrets_file" and not with_secrets:
            continue
        try:
            text = texts[named.name] if named.name in texts else _inside(folder, named.name)
        except _Unreadable as error:
            mistakes.append(Remark(named.file, named.place, error.problem, error.remedy))
            continue
        if named.key == "secrets_file":
            kept, slips = _secrets(folder / named.name, text)
            mistakes += slips
            continue
        texts[named.name] = text
        for slip in SLIPS[named.key](text) if named.key in SLIPS else ():
            mistakes.append(Remark(folder / named.name, f"line {slip.line}", slip.problem, slip.remedy))
    return Reading(folder, settings.meant, roles.meant, texts, kept, tuple(dict.fromkeys(mistakes)))


def _json(file: Path, shape: type[Shape]) -> _Json[Shape]:
    slips: list[Remark] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key in {key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1}:
            slips.append(Remark(file, key, "this key is there twice in one object", "keep one of the two"))
        return dict(pairs)

    try:
        written = json.loads(_content(file, "the file"), object_pairs_hook=members, parse_constant=_no_number)
    except _Unreadable as error:
        return _Json(None, None, (Remark(file, "", error.problem, error.remedy),))
    except json.JSONDecodeError as error:
        remedy = "correct that line or the one before"
        return _Json(None, None, (Remark(file, f"line {error.lineno}", f"this is not JSON ({error.msg})", remedy),))
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).split(":")[0]
        return _Json(None, None, (Remark(file, "", f"this is not JSON ({reason})", "correct the file"),))
    try:
        return _Json(written, shape.model_validate(written), tuple(slips))
    except ValidationError as error:
        return _Json(written, None, (*slips, *shape_remarks(file, shape, error)))


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _named_files(folder: Path, settings: Any, roles: Any) -> Iterator[_Named]:
    """What the two files point at, in their order; whatever is no name is the shape's business."""
    named = settings if isinstance(settings, dict) else {}
    for key in (*CONTEXT_KEYS, "secrets_file"):
        if _is_name(named.get(key)):
            yield _Named(folder / "settings.json", key, key, named[key])
    listed = roles.get("roles") if isinstance(roles, dict) else None
    for index, role in enumerate(listed if isinstance(listed, list) else []):
        for key in CONTEXT_KEYS if isinstance(role, dict) else ():
            if _is_name(role.get(key)):
                who = role["name"] if isinstance(role.get("name"), str) else f"roles.{index}"
                yield _Named(folder / "roles.json", f"{who}.{key}", key, role[key])


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(re.match(FILE_NAME, value))


def _inside(folder: Path, name: str) -> str:
    try:
        inside = (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links that lead in a circle
        raise _Unreadable(f"{name!r} cannot be followed", "name a file of the profile's folder") from None
    if not inside:
        raise _Unreadable(f"{name!r} leaves the profile's folder", "put the file into it")
    return _content(folder / name, str(folder / name))


def _content(path: Path, shown: str) -> str:
    try:
        if not path.exists():
            raise _Unreadable(f"{shown} does not exist", "create it or correct the name")
        if not path.is_file():
            raise _Unreadable(f"{shown} is not a file", "put a readable file there")
        size = path.stat().st_size
        if size > LARGEST:
            raise _Unreadable(f"{shown} is larger than 1 MB ({size / LARGEST:.1f} MB)", "shorten it")
        return path.read_text(encoding="utf-8-sig")  # editors on Windows put a mark in front
    except UnicodeDecodeError:
        raise _Unreadable(f"{shown} is not UTF-8", "save it as UTF-8") from None
    except OSError as error:
        raise _Unreadable(f"{shown} cannot be read ({error.strerror})", "make it a readable file") from None


def _secrets(file: Path, text: str) -> tuple[dict[str, str], list[Remark]]:
    values: dict[str, str] = {}
    slips: list[Remark] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, separator, value = line.partition("=")
        if not separator or not SECRET_NAME.match(key.strip()):
            slips.append(Remark(file, f"line {number}", "this is no NAME=value", "correct or remove the line"))
            continue
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        values[key.strip()] = value[1:-1] if quoted else value
    return values, slips
