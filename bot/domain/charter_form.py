"""Reads a charter out of an issue's body: the form, or what people made of it by hand. Pure; never raises.

Whether the app, the profile and the roles exist is not known here. The form itself is bot/render/test-charter.yml.
"""

import hashlib
import re
from dataclasses import dataclass

from agent.charter import Charter

FIELDS = ("Target", "Mission", "Roles", "Areas in scope", "Out of scope", "Turns per role")
# What GitHub's form writes where nothing was filled in.
UNANSWERED = "_no response_"
MOST_TURNS = 500
MOST_MISSION = 8000
MOST_ITEMS = 30
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$")
_TARGET = re.compile(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")
_BULLET = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, and what would be accepted. `given` is what stood there (foreign text)."""

    field: str
    wrong: str
    accepted: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class Problems:
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What could be read, as far as it goes, and everything that is wrong with it."""

    charter: Charter
    problems: tuple[Problem, ...]

    def has_problem(self, field: str) -> bool:
        return any(problem.field == field for problem in self.problems)


def read(body: str | None) -> Draft:
    sections = read_sections(body)
    problems: list[Problem] = []
    app, _, profile = _target(sections["Target"], problems).partition("/")
    mission = sections["Mission"]
    if not mission:
        problems.append(Problem("Mission", "is missing", "one or more sentences on what to explore and why"))
    elif len(mission) > MOST_MISSION:
        problems.append(Problem("Mission", "is too long", f"at most {MOST_MISSION} characters"))
    roles, areas, out = (_items(sections[name], name, problems) for name in ("Roles", "Areas in scope", "Out of scope"))
    turns = _turns(sections["Turns per role"], problems)
    charter = Charter(mission, app, profile, roles, areas, out, turns, text_hash(body))
    return Draft(charter, tuple(problems))


def text_hash(body: str | None) -> str:
    """Binds exactly this text."""
    return hashlib.sha256((body or "").encode("utf-8", errors="surrogatepass")).hexdigest()


def read_sections(body: str | None) -> dict[str, str]:
    """The text under each field's heading, empty when there is none. An unknown heading is text of the field above it;
    of two headings of one name the first that says something counts."""
    names = {field.lower(): field for field in FIELDS}
    found: dict[str, str] = dict.fromkeys(FIELDS, "")
    current, collected = "", list[str]()
    for line in [*(body or "").replace("\r\n", "\n").replace("\r", "\n").split("\n"), "### Target"]:
        heading = _HEADING.match(line)
        name = names.get(heading[1].strip(" *_:").lower()) if heading else None
        if name is None:
            collected.append(line)
            continue
        if current and not found[current]:
            found[current] = _answer(collected)
        current, collected = name, []
    return found


def _answer(lines: list[str]) -> str:
    text = "\n".join(lines).strip()
    return "" if text.lower() == UNANSWERED else text


def _target(text: str, problems: list[Problem]) -> str:
    given = text.strip("` \n")
    if not given:
        problems.append(Problem("Target", "is missing", "one target as App/profile"))
    elif not _TARGET.match(given):
        problems.append(Problem("Target", "is not of the form App/profile", "one target as App/profile", text))
    return given


def _turns(text: str, problems: list[Problem]) -> int | None:
    if not text:
        return None
    digits = text.strip()
    # isdigit alone also takes digits like ² that int() refuses; ten digits are far more than enough.
    if digits.isascii() and digits.isdigit() and len(digits) < 10 and 1 <= int(digits) <= MOST_TURNS:
        return int(digits)
    accepted = f"a whole number from 1 to {MOST_TURNS}, or nothing for the profile's own"
    problems.append(Problem("Turns per role", "is not a whole number in range", accepted, text))
    return None


def _items(text: str, field: str, problems: list[Problem]) -> tuple[str, ...]:
    """Separated by commas or lines; bullets of a list are dropped."""
    parts = [_BULLET.sub("", part).strip(" `") for line in text.split("\n") for part in line.split(",")]
    items = tuple(dict.fromkeys(part for part in parts if part))
    if len(items) > MOST_ITEMS:
        problems.append(Problem(field, "has too many entries", f"at most {MOST_ITEMS}, separated by commas"))
    return items
