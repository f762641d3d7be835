"""Reads the Markdown of a profile: prose for the roles, lists of bugs, what to skip and what to focus on. Pure.

HTML comments are words among people: no role gets to read them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agent.charter import ScopeNotes

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
OPEN = re.compile(r"<!--.*", re.DOTALL)
HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,9}[.)])(?:\s+(?:\[[ xX]\]\s+)?(.*))?$")
SCOPE_HEADINGS = ("skip", "focus")

Kind = Literal["heading", "item", "prose"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading, a list item with its continuation lines, or a paragraph; `line` counts from 1."""

    line: int
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Slip:
    """Something in a file that no line can be made of."""

    line: int
    problem: str
    remedy: str


def without_comments(text: str) -> str:
    """The text that roles read."""
    return re.sub(r"\n{3,}", "\n\n", COMMENT.sub("", text)).strip() if "<!--" in text else text


def says_something(text: str) -> bool:
    """False for a file that holds headings and comments only."""
    return any(piece.kind != "heading" and piece.text for piece in pieces(text))


def history_lines(text: str) -> tuple[str, ...]:
    """The list items. Headings and paragraphs are for people."""
    return tuple(piece.text for piece in pieces(text) if piece.kind == "item" and piece.text)


def scope_notes(text: str) -> ScopeNotes:
    """The list items below Skip and Focus. What `scope_slips` names is left out."""
    found: dict[str, list[str]] = {name: [] for name in SCOPE_HEADINGS}
    below: list[str] = []
    for piece in pieces(text):
        if piece.kind == "heading":
            below = found.get(_heading(piece.text), [])
        elif piece.kind == "item" and piece.text:
            below.append(piece.text)
    return ScopeNotes(tuple(found["skip"]), tuple(found["focus"]))


def scope_slips(text: str) -> Iterator[Slip]:
    """What `scope_notes` cannot read: nothing that people wrote is left out without a word."""
    below = ""
    for piece in pieces(text):
        if piece.kind == "heading":
            below = _heading(piece.text)
            if below not in SCOPE_HEADINGS:
                yield Slip(piece.line, f"the heading {piece.text!r} is not known here", "use Skip or Focus")
        elif piece.kind == "prose":
            yield Slip(piece.line, "this is neither a heading nor a list item", 'begin it with "# " or "- "')
        elif not below:
            yield Slip(piece.line, "this item stands below no heading", "put it below Skip or Focus")
    yield from open_comments(text)


def open_comments(text: str) -> Iterator[Slip]:
    """A comment without an end: whether what follows is meant for a role cannot be known."""
    rest = COMMENT.sub(_blank, text)
    if found := OPEN.search(rest):
        line = rest[: found.start()].count("\n") + 1
        yield Slip(line, "the comment is opened and not closed", "close it with -->")


def pieces(text: str) -> Iterator[Piece]:
    """The blocks of a text without its comments, in their order."""
    current: Piece | None = None
    for number, line in enumerate(OPEN.sub("", COMMENT.sub(_blank, text)).splitlines(), 1):
        heading, item = HEADING.match(line), ITEM.match(line)
        if line.strip() and not heading and not item and current and current.kind != "heading":
            current = Piece(current.line, current.kind, f"{current.text} {line.strip()}".strip())
            continue
        if current:
            yield current
        current = None
        if heading:
            current = Piece(number, "heading", (heading[1] or "").strip())
        elif item:
            current = Piece(number, "item", (item[1] or "").strip())
        elif line.strip():
            current = Piece(number, "prose", line.strip())
    if current:
        yield current


def _heading(text: str) -> str:
    return text.strip(" \t:*_").casefold()


def _blank(comment: re.Match[str]) -> str:
    """Keeps the lines of a comment, so that the numbers below it stay right."""
    return "\n" * comment[0].count("\n")
