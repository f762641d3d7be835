"""Does an object say what a text says? The object that a lenient parser made of a malformed text is held against that
text: its names and values must stand there whole, in the same order, with nothing but punctuation between them. Pure.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

QUOTES = "\"'`“”„‘’"
SEPARATORS = ":：="
PUNCTUATION = set(" \t\r\n,，;{}[]>" + SEPARATORS)
COMMENT = re.compile(r"//[^\n]*\n|#[^\n]*\n|/\*.*?\*/", re.S)
PAIR = re.compile(r"[\w\"']\s*[:=]\s*[\"'\d\w\[{]")
NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
BARE = re.compile(r"[^\W\d][\w./ -]*(?<! )")
AFTER_BARE = re.compile(r"[ \t]*(?:[,，;}\]\r\n]|\Z)")
WORDS = {True: ("true", "True", "TRUE"), False: ("false", "False", "FALSE"), None: ("null", "None", "NULL")}
NO_NAMES = ("true", "false", "null", "none", "nan", "infinity", "undefined")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\"} | {q: q for q in QUOTES}
LETTERS = "ntrbf"
REGULAR = ".()[]{}+?^|"
"""Signs that a lone backslash stands before in regular expressions; before others it may be meant to go."""
INNER_MEMBER = re.compile(rf"[{QUOTES}]\s*+(?:[:：]|[,，]\s*+[{QUOTES}]|(?<=\s)[{QUOTES}])")
"""Within a text with bare quotes: what may as well be the end of one member and the start of the next."""
EMPTY = re.compile(r"\{[\s,]*\}|\[[\s,]*\]")
WORD = re.compile(r"[A-Za-z]+(?!\w)")
UNICODE = (re.compile(r"\\u[0-9a-fA-F]{4}\\u[dD][c-fC-F][0-9a-fA-F]{2}"), re.compile(r"\\u[0-9a-fA-F]{4}"))


@dataclass(frozen=True, slots=True)
class Leaf:
    """The name of a member, or a value without members."""

    value: Any
    name: bool = False


def unclosed(text: str, value: dict[str, Any]) -> int | None:
    """How many containers the text leaves open at its end; None when the object does not cover the text."""
    return _Walk(text).over(list(_leaves(value)))


def _leaves(value: Any) -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield Leaf(name, name=True)
            yield from _leaves(member)
    elif isinstance(value, list) and value:
        for member in value:
            yield from _leaves(member)
    else:
        yield Leaf(value)


class _Walk:
    """A position in the text and the brackets that are open there."""

    def __init__(self, text: str):
        self._text = text
        self._at = 0
        self._open: list[str] = []
        self._ended = False
        """The outermost bracket was closed: no leaf may follow."""

    def over(self, leaves: list[Leaf]) -> int | None:
        allowed = 0
        for leaf in leaves:
            before = self._at
            separators = self._punctuation()
            if separators is None or separators > allowed or self._ended:
                return None
            if leaf.name and 0 < before == self._at and self._text[self._at] not in QUOTES:
                return None  # One quote would end a value and start a name.
            end = self._end_of(leaf)
            if end is None:
                return None
            self._at = end
            allowed = 1 if leaf.name else 0
        if self._at == len(self._text) and self._may_go_on(leaves[-1].value):
            return None
        if self._punctuation() != 0 or self._at != len(self._text):
            return None
        return len(self._open)

    def _may_go_on(self, last: Any) -> bool:
        """A number or a word without quotes at the end of the text may have been cut."""
        return type(last) in (int, float) or (isinstance(last, str) and self._text[-1] not in QUOTES)

    def _punctuation(self) -> int | None:
        """Moves to the next leaf and counts the separators before it. None when a comment holds a member."""
        count = 0
        while self._at < len(self._text):
            comment = COMMENT.match(self._text, self._at)
            if comment:
                if PAIR.search(comment.group()):
                    return None
                self._at = comment.end()
                continue
            character = self._text[self._at]
            if character not in PUNCTUATION or EMPTY.match(self._text, self._at):
                break
            count += character in SEPARATORS
            self._bracket(character)
            self._at += 1
        return count

    def _bracket(self, character: str) -> None:
        """A closing bracket closes what was left open inside of it."""
        if character in "{[":
            self._open.append(character)
        elif character in "}]":
            opening = "{" if character == "}" else "["
            while self._open and self._open.pop() != opening:
                pass
            self._ended = self._ended or not self._open

    def _end_of(self, leaf: Leaf) -> int | None:
        """Where the leaf ends in the text if it stands here."""
        value = leaf.value
        if isinstance(value, str):
            return self._end_of_text(value, leaf.name)
        if isinstance(value, dict | list):
            empty = EMPTY.match(self._text, self._at)
            return empty.end() if empty and (empty.group()[0] == "{") == isinstance(value, dict) else None
        if value is None or isinstance(value, bool):
            word = WORD.match(self._text, self._at)
            return word.end() if word and word.group() in WORDS[value] else None
        return self._end_of_number(value)

    def _end_of_number(self, value: int | float) -> int | None:
        number = NUMBER.match(self._text, self._at)
        if number is None:
            return None
        try:
            equal = (int if isinstance(value, int) else float)(number.group()) == value
        except ValueError:
            return None
        return number.end() if equal else None

    def _end_of_text(self, value: str, name: bool) -> int | None:
        """A name may lack a quote, because the schema knows it. A value that does may lack more."""
        quote = self._text[self._at : self._at + 1]
        if quote and quote in QUOTES:
            end = _end_of_content(self._text, self._at + 1, value, quote)
            closed = end is not None and _pairs(quote, self._text[end : end + 1])
            return end + closed if end is not None and (closed or name) else None
        bare = BARE.match(self._text, self._at)
        if bare is None or bare.group() != value:
            return None
        if name:
            return bare.end() + (self._text[bare.end() : bare.end() + 1] in tuple(QUOTES))
        cut = any(word.startswith(value.lower()) for word in NO_NAMES)
        return None if cut or not AFTER_BARE.match(self._text, bare.end()) else bare.end()


def _pairs(opening: str, closing: str) -> bool:
    return closing == opening or (opening in "“”„" and closing in tuple("“”")) or (opening + closing in ("‘’", "’’"))


def _end_of_content(text: str, at: int, value: str, quote: str) -> int | None:
    """Where a string's content ends if it stands at `at`, raw or escaped.

    None as well where its meaning is unclear: an odd number of bare quotes inside, which may be the ends of two
    strings, or a wrong escape (`\\U`) beside a right one (`\\n`) in what may be a Windows path.
    """
    wrong = right = unclear = False
    inner: list[int] = []
    for place, wanted in enumerate(value):
        size = _escape(text, at, wanted)
        if size == 0 and text[at : at + 1] != wanted:
            return None
        right = right or (size > 0 and text[at + 1] in LETTERS + "u")
        if size == 0 and wanted == "\\":
            wrong = True
            following = text[at + 1 : at + 2]
            unclear = unclear or not (following.isalnum() or following in REGULAR)
        if size == 0 and wanted == quote and not _apostrophe(value, place):
            inner.append(place)
        at += size or 1
    unclear = unclear or (wrong and right) or (len(inner) > 0 and not _speech(value, inner))
    return None if unclear else at


def _speech(value: str, inner: list[int]) -> bool:
    """The bare quotes at these places open and close around words, as in: the "Save" button."""
    for place, mark in enumerate(inner):
        before, after = value[mark - 1 : mark] if mark else "", value[mark + 1 : mark + 2]
        outside, inside = (before, after) if place % 2 == 0 else (after, before)
        if outside.isalnum() or not inside.strip():
            return False
    return len(inner) % 2 == 0 and not INNER_MEMBER.search(value)


def _apostrophe(value: str, place: int) -> bool:
    return value[place] in "'’" and value[place - 1 : place].isalnum() and value[place + 1 : place + 2].isalnum()


def _escape(text: str, at: int, wanted: str) -> int:
    """The length of the escape at `at` that stands for `wanted`; 0 where there is none."""
    if text[at : at + 1] != "\\":
        return 0
    if ESCAPES.get(text[at + 1 : at + 2]) == wanted:
        return 2
    for shape in UNICODE:
        found = shape.match(text, at)
        if found and json.loads(f'"{found.group()}"') == wanted:
            return len(found.group())
    return 0
