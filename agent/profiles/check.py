"""Looks a profile through: every mistake, and what is legal but surely unwanted. Starts nothing, asks no server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.profiles import markdown
from agent.profiles.load import missing_secrets, profile_folder, secret_value, used_secrets
from agent.profiles.reading import CONTEXT_KEYS, Reading, read_folder
from agent.profiles.remarks import Remark, gathered
from agent.profiles.schema import CapabilitySettings, RoleSettings, RolesFile, SettingsFile
from agent.tools.secrets import SHORTEST

FILL_IN = "FILL IN"
"""Stands in a new profile where only its owner knows what to write."""
FEWEST_TURNS = 20
LONGEST_PROSE = 20_000


@dataclass(frozen=True, slots=True)
class Checked:
    """Both in the order of the files. A profile with mistakes cannot be explored."""

    slug: str
    mistakes: tuple[Remark, ...]
    warnings: tuple[Remark, ...]

    @property
    def ok(self) -> bool:
        return not self.mistakes


def check_profile(root: Path, slug: str, environ: Mapping[str, str]) -> Checked:
    """`root` is the apps folder, `slug` App/profile; `environ` is where secrets may have their values.

    Raises BadInput when there is no such folder.
    """
    reading = read_folder(profile_folder(root, slug), with_secrets=True)
    return Checked(slug, reading.mistakes, tuple(warnings(reading, environ)))


def warnings(reading: Reading, environ: Mapping[str, str]) -> Iterator[Remark]:
    """Of what could be read, one for each cause; pure."""
    return gathered(_warnings(reading, environ))


def _warnings(reading: Reading, environ: Mapping[str, str]) -> Iterator[Remark]:
    if reading.settings is not None:
        file = reading.folder / "settings.json"
        yield from _unfilled(file, reading.settings.model_dump(by_alias=True))
        yield from (Remark(file, *words) for words in _of_settings(reading.settings))
    if reading.roles is not None:
        file = reading.folder / "roles.json"
        yield from _unfilled(file, reading.roles.model_dump(by_alias=True))
        yield from (Remark(file, *words) for words in _of_roles(reading.roles))
    yield from _of_texts(reading)
    if missing := missing_secrets(reading, environ):
        yield missing
    yield from _short_secrets(reading, environ)


def _of_settings(settings: SettingsFile) -> Iterator[tuple[str, str, str]]:
    if settings.replay is None:
        remedy = "add replay with url and reset, so that proofs don't change the explored data"
        yield "replay", "there is no instance for replays", remedy
    elif settings.replay.url.rstrip("/") == settings.url.rstrip("/"):
        remedy = "name an instance of its own, or add start"
        yield "replay.url", "replays would reset the instance that is being explored", remedy
    if not settings.version_path:
        remedy = "add the path that tells the app's build, so that a fix is only judged on a build that holds it"
        yield "version_path", "no build can be told from another", remedy
    if settings.environment == "production" and not settings.allow_writes:
        remedy = "right for a live system; for a copy write local or staging"
        yield "environment", "in production roles only look and change nothing", remedy
    if settings.iterations < FEWEST_TURNS:
        yield "iterations", *_too_few(settings.iterations)


def _of_roles(roles: RolesFile) -> Iterator[tuple[str, str, str]]:
    entries = [entry for role in roles.roles for entry in role.capabilities]
    some_with_routes = any(isinstance(entry, CapabilitySettings) for entry in entries)
    for index, role in enumerate(roles.roles):
        place = f"roles.{index}"
        if not role.capabilities:
            remedy = "list what it may do; only then can it be said what was tested and what is forbidden"
            yield f"{place}.capabilities", "no capability is listed", remedy
        if some_with_routes:
            yield from _without_routes(f"{place}.capabilities", role)
        if role.iterations is not None and role.iterations < FEWEST_TURNS:
            yield f"{place}.iterations", *_too_few(role.iterations)


def _without_routes(place: str, role: RoleSettings) -> Iterator[tuple[str, str, str]]:
    for number, entry in enumerate(role.capabilities):
        if isinstance(entry, str):
            problem = "no routes are named here while other capabilities name theirs"
            yield f"{place}.{number}", problem, "add them, or a role's own pages may count as forbidden to it"


def _too_few(iterations: int) -> tuple[str, str]:
    return f"{iterations} turns end before an app is known", f"write {FEWEST_TURNS} or more; 500 are usual"


def _unfilled(file: Path, written: Any, place: str = "") -> Iterator[Remark]:
    """Every text that still waits for its owner."""
    if isinstance(written, str) and FILL_IN in written:
        yield Remark(file, place, "this is still to be filled in", written.partition(FILL_IN)[2].strip(": ") or "do so")
    pairs = written.items() if isinstance(written, dict) else enumerate(written) if isinstance(written, list) else ()
    for key, value in pairs:
        yield from _unfilled(file, value, f"{place}.{key}".strip("."))


def _of_texts(reading: Reading) -> Iterator[Remark]:
    files = [one for one in (reading.settings, *(reading.roles.roles if reading.roles else ())) if one]
    named = {key: dict.fromkeys(getattr(one, key) for one in files) for key in CONTEXT_KEYS}
    there = {key: [name for name in names if name in reading.texts] for key, names in named.items()}
    for name in dict.fromkeys(name for names in there.values() for name in names):
        yield from (Remark(reading.folder / name, *words) for words in _of_text(reading.texts[name]))
    for name in there["historical_bugs"]:
        for piece in markdown.pieces(reading.texts[name]):
            if piece.kind == "prose":
                problem, remedy = "a paragraph is not read here", 'begin each bug with "- "'
                yield Remark(reading.folder / name, f"line {piece.line}", problem, remedy)
    for name in there["scope"]:
        notes = markdown.scope_notes(reading.texts[name])
        for line in sorted(set(notes.skip) & set(notes.focus)):
            yield Remark(
                reading.folder / name, "", f"{line!r} is to be skipped and focused on", "remove one of the two"
            )


def _of_text(text: str) -> Iterator[tuple[str, str, str]]:
    read = markdown.without_comments(text)
    if not markdown.says_something(text):
        yield "", "nothing is said here yet", "write something, or remove the file's name where it is named"
    elif len(read) > LONGEST_PROSE:
        remedy = f"keep it below {LONGEST_PROSE} to save time and money"
        yield "", f"{len(read)} characters are part of every request", remedy
    for number, line in enumerate(text.splitlines(), 1):
        if FILL_IN in line:
            yield f"line {number}", "this is still to be filled in", "write what is known and remove the words"


def _short_secrets(reading: Reading, environ: Mapping[str, str]) -> Iterator[Remark]:
    for name in used_secrets(reading.roles) if reading.roles else ():
        if 0 < len(secret_value(reading, environ, name)) < SHORTEST:
            problem = f"the secret {name} is so short that it cannot be told from other text and masked"
            yield Remark(reading.folder / "roles.json", "", problem, "give the test account a longer password")
