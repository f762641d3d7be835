"""A lenient reader of malformed JSON. It knows one thing that others do not: a quote ends a text only if what follows
goes on as an object or a list would. Anything that it cannot place, it refuses. Pure."""

import json
import re
from typing import Any

OPENING = "\"'`“”„‘’"
ENDING = {"“": "”“", "„": "“”", "”": "”", "‘": "’", "’": "’"}
COMMENT = r"(?>//[^\n]{0,200}+\n|\#[^\n]{0,200}+\n|/\*.{0,200}?\*/)"
"""No longer ones, and few in a row behind a quote: every quote looks ahead, and what one looks at others may too."""
SEPARATOR = r"\s*(?:=>|=(?!=)|:|：)"
NAME = rf"[{OPENING}]?[A-Za-z_$][\w$-]*[{OPENING}]?{SEPARATOR}"
QUOTED_NAME = rf"[{OPENING}][A-Za-z_$][\w$-]*[{OPENING}]?{SEPARATOR}"
GAP = re.compile(rf"(?:[\s,，;]|{COMMENT})+", re.S)
MEMBER = re.compile(rf"[{OPENING}]?([A-Za-z_$][\w$-]*)[{OPENING}]?{SEPARATOR}\s*")
AFTER_CLOSING = rf"[}}\]]\s*(?:\Z|[,，;}}\])]|{QUOTED_NAME}|\{{|{COMMENT})"
AFTER_MEMBER = re.compile(
    rf"\s*(?:{COMMENT}\s*){{0,4}}"
    rf"(?:\Z|{AFTER_CLOSING}|[,，;][\s,，;]*(?:{COMMENT}\s*){{0,4}}(?:{NAME}|[}}\]]|\Z)|{QUOTED_NAME})",
    re.S,
)
AFTER_ITEM = re.compile(
    rf"\s*(?:{COMMENT}\s*){{0,4}}"
    rf"(?:\Z|{AFTER_CLOSING}|[,，;][\s,，;]*(?:{COMMENT}\s*){{0,4}}(?:[{OPENING}\[{{}}\]]|\Z)|\s[{OPENING}])",
    re.S,
)
PLAIN = re.compile(r"[^\s,，;:：{}\[\]\"'=][^,，;:：{}\[\]\"=\n]*")
WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
TO_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|["\\/bfnrt])|\\([\'`“”„‘’])|([\\"])', re.S)


class Unclear(ValueError):
    """The text fits no reading of this reader."""


def read(text: str) -> dict[str, Any]:
    """The first object of a text. Raises Unclear; ValueError for numbers that are too long. Brackets that are missing
    are taken as closed, so the caller must judge what was left open."""
    reader = _Reader(text)
    reader.gap()
    reader.take("{")
    return reader.members()


class _Reader:
    def __init__(self, text: str):
        self._text = text
        self._at = 0

    def gap(self) -> str:
        """Skips blanks, commas and comments; the next character, empty at the end."""
        gap = GAP.match(self._text, self._at)
        self._at = gap.end() if gap else self._at
        return self._text[self._at : self._at + 1]

    def take(self, bracket: str) -> bool:
        found = self._text[self._at : self._at + 1] == bracket
        self._at += found
        return found

    def members(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (following := self.gap()) not in ("", "}", "]"):
            if following == "{" and not found:
                self._at += 1
                continue
            member = MEMBER.match(self._text, self._at)
            if member is None or member[1] in found:
                raise Unclear
            self._at = member.end()
            found[member[1]] = self._value(AFTER_MEMBER)
        self.take("}")
        return found

    def _items(self) -> list[Any]:
        found: list[Any] = []
        while self.gap() not in ("", "}", "]"):
            found.append(self._value(AFTER_ITEM))
        self.take("]")
        return found

    def _value(self, after: re.Pattern[str]) -> Any:
        if self.take("{"):
            return self.members()
        if self.take("["):
            return self._items()
        if self._text[self._at : self._at + 1] in tuple(OPENING):
            return self._quoted(after)
        return self._bare()

    def _quoted(self, after: re.Pattern[str]) -> str:
        quote = self._text[self._at]
        endings = ENDING.get(quote, quote)
        start = end = self._at + 1
        while end < len(self._text):
            if self._text[end] == "\\":
                end += 2
                continue
            if self._text[end] in endings and after.match(self._text, end + 1):
                self._at = end + 1
                return _content(self._text[start:end])
            end += 1
        raise Unclear

    def _bare(self) -> Any:
        plain = PLAIN.match(self._text, self._at)
        if plain is None:
            raise Unclear
        self._at = plain.end()
        word = plain.group().strip()
        if word in WORDS:
            return WORDS[word]
        if not NUMBER.fullmatch(word):
            return word
        return float(word) if re.search(r"[.eE]", word) else int(word)


def _content(raw: str) -> str:
    """What stands between the quotes: escapes of JSON as they are meant, every other backslash as itself."""

    def escaped(found: re.Match[str]) -> str:
        return found.group() if found[1] else found[2] or "\\" + found[3]

    return json.loads(f'"{TO_ESCAPE.sub(escaped, raw)}"', strict=False)
