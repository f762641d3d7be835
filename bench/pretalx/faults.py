"""The faults that can be planted into pretalx, as data, and how a list of them is written.

An instance is told by `PRETALX_FAULTS=all|none|P01,P02`. The oracle column was fixed before any run and stays.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["low", "medium", "high", "critical"]
Oracle = Literal["A", "C", "R", "W"]
Roles = tuple[str, ...]

ORGANISERS: Roles = ("organiser", "harbour-organiser")
TEAM: Roles = (*ORGANISERS, "reviewer")
SPEAKERS: Roles = ("speaker", "second-speaker")
VISITOR: Roles = ("visitor",)
EVERYONE: Roles = (*TEAM, *SPEAKERS, *VISITOR)
ORGA = "/orga/event/{slug}"


@dataclass(frozen=True, slots=True)
class Fault:
    id: str
    kind: str
    summary: str
    page: str
    """Route template of the page where it shows."""
    roles: Roles
    """The roles that can meet it."""
    severity: Severity
    oracle: Oracle
    """A: an alarm sees it; C: a claim; R: a second role or session; W: write, then read back."""


@dataclass(frozen=True, slots=True)
class Build:
    name: str
    faults: tuple[str, ...]
    """In the order of the manifest."""


class UnknownFaultError(ValueError):
    """A list that names something which does not exist. The message is one clear sentence."""


def _rows(*rows: tuple[str, str, str, Roles, Severity, Oracle]) -> dict[str, Fault]:
    ids = [f"P{number:02}" for number in range(1, len(rows) + 1)]
    return {id: Fault(id, *row) for id, row in zip(ids, rows, strict=True)}


PUBLIC = "/{slug}"
OWN = "/{slug}/me/submissions"
LISTED = f"{ORGA}/speakers"
ROOMS = f"{ORGA}/schedule/rooms"
CONFIRMED = f"{OWN}/{{code}}/confirm"
SEARCHED = "/orga/nav/typeahead"
REVIEWED = f"{ORGA}/submissions/{{code}}/reviews"
ACCEPTED = f"{ORGA}/submissions/{{code}}/accept"
SESSION, SPEAKER = f"{PUBLIC}/talk/{{code}}", f"{PUBLIC}/speaker/{{code}}"

FAULTS: dict[str, Fault] = _rows(
    ("server error", "search of sessions with an apostrophe answers 500", f"{ORGA}/submissions", TEAM, "high", "A"),
    ("server error", "page of a speaker with two sessions answers 500", SPEAKER, EVERYONE, "medium", "A"),
    ("client exception", "a session's page: uncaught TypeError", SESSION, EVERYONE, "medium", "A"),
    ("dead control", "Mark speaker as arrived does nothing", LISTED, ORGANISERS, "medium", "A"),
    ("broken link", "View conference schedule answers 404", f"{PUBLIC}/cfp", EVERYONE, "medium", "A"),
    ("broken link", "the speaker's picture beside a session is missing", SESSION, EVERYONE, "low", "A"),
    ("injection", "titles in the list of own proposals are written unescaped", OWN, SPEAKERS, "high", "A"),
    ("accessibility", "the form of a new room has no labels", f"{ROOMS}/new", ORGANISERS, "medium", "A"),
    ("wrong navigation", "a speaker in the list opens the next one", LISTED, TEAM, "medium", "C"),
    ("wrong data", '"n sessions" counts those too that the filter hides', f"{ORGA}/submissions", TEAM, "low", "C"),
    ("wrong data", '"1 submitters"', LISTED, TEAM, "low", "C"),
    ("wrong data", "speakers by name, descending, come ascending", LISTED, TEAM, "low", "C"),
    ("wrong data", "a session's page shows UTC, the schedule the event's time", SESSION, EVERYONE, "high", "C"),
    ("wrong total", "sessions on the dashboard: one less than confirmed and unconfirmed", ORGA, TEAM, "high", "C"),
    ("validation", "registering accepts two different passwords", f"{PUBLIC}/login", VISITOR, "high", "C"),
    ("encoding", "a room's name with `&` shows `&amp;amp;`", ROOMS, ORGANISERS, "low", "C"),
    ("session", "the session still works after Log out", "/orga/logout", TEAM, "high", "C"),
    (
        "state machine",
        "a proposal that nobody accepted can be confirmed",
        f"{OWN}/{{code}}/confirm",
        SPEAKERS,
        "high",
        "C",
    ),
    ("lost write", "the biography is confirmed as saved and is not", f"{PUBLIC}/me", SPEAKERS, "high", "W"),
    ("lost write", "a change of a review is confirmed and not stored", REVIEWED, ("reviewer",), "high", "W"),
    ("doubled write", "a new track is there twice", f"{ORGA}/cfp/tracks", ORGANISERS, "medium", "W"),
    ("false success", "a room that was deleted is still there", ROOMS, ORGANISERS, "medium", "W"),
    ("stale view", "own proposals keep the state first seen until the next sign-in", OWN, SPEAKERS, "medium", "R"),
    (
        "tenant isolation",
        "another organiser's speaker opens by code",
        f"{LISTED}/{{code}}",
        ORGANISERS,
        "critical",
        "R",
    ),
    (
        "tenant isolation",
        "the search box finds what is of all organisers",
        "/orga/nav/typeahead",
        ORGANISERS,
        "critical",
        "R",
    ),
    ("object access", "another speaker's proposal opens by its code", f"{OWN}/{{code}}", SPEAKERS, "critical", "R"),
    ("privilege", "a reviewer may accept a proposal by its address", ACCEPTED, ("reviewer",), "critical", "R"),
)


def parse_faults(text: str) -> tuple[str, ...]:
    """Read ids separated by commas, blanks, `+` or line ends; `all`, `none` and `#` comments are understood."""
    words = {word for line in text.splitlines() for word in re.split(r"[\s,+]+", line.partition("#")[0])}
    named = {word.upper() for word in words} - {"", "NONE"}
    for word in sorted(named - {"ALL", *FAULTS}):
        raise UnknownFaultError(f"Unknown fault {word[:40]!r}: use ids from P01 to P{len(FAULTS):02}, 'all' or 'none'.")
    return tuple(fault for fault in FAULTS if fault in named or "ALL" in named)


def read_build(name: str) -> Build:
    """Find a build: a file of that name in the folder PRETALX_BUILDS, else the name itself is the list."""
    folder = os.environ.get("PRETALX_BUILDS")
    if folder and name == Path(name).name and (Path(folder) / name).is_file():
        return Build(name, parse_faults((Path(folder) / name).read_text(encoding="utf-8")))
    return Build(name, parse_faults(name))
