"""What an answer held: something for whoever asked, or a refusal in friendly words. Pure; reads bodies and page texts.

Apps refuse with 200 too: an error object, a sign-in form, "not for you", the same shell for every address. Doubt
counts as a refusal, for what is built on this becomes a critical issue.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Literal

from agent.coverage.refusal_words import REFUSAL
from agent.evidence.shape import of_words

Held = Literal["data", "nothing", "refusal", "shell", "unread"]

LONGEST_READ = 200_000
SHORT = 400
"""Characters of a page below which all of its text counts as its message."""
SHELL = 40
SIGN_IN_FIELDS = 3
"""A form with a password and no more fields than this signs in; one that creates an account asks for more."""
_FLAGS = ("ok", "success", "succeeded", "allowed", "authorized", "authorised", "authenticated", "permitted", "valid")
_ERRORS = frozenset({"error", "errors", "exception", "fault", "failure"})
_FAILED = frozenset(
    {"error", "fail", "failed", "failure", "forbidden", "denied", "unauthorized", "unauthorised", "invalid"}
)
_CODES = frozenset({"status", "statuscode", "code", "httpstatus"})
_MESSAGES = frozenset({"message", "detail", "msg", "title", "reason", "description", "status_text"})


@dataclass(frozen=True, slots=True)
class PageFacts:
    """A rendered page as a person sees it: its title, headings, alerts and text; `passwords` and `fields` count the
    visible inputs."""

    title: str = ""
    headings: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    text: str = ""
    passwords: int = 0
    fields: int = 0


@dataclass(slots=True)
class Markup:
    """An HTML answer without scripts run: its title, headings, words, and whether it holds a password field."""

    title: str = ""
    headings: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    password: bool = False

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def refuses(text: str) -> bool:
    """Whether a message says no, in one of the languages known here."""
    return bool(REFUSAL.search(" ".join(text.split())))


def of_page(page: PageFacts) -> Held:
    """What a rendered page holds."""
    if page.passwords and page.fields <= SIGN_IN_FIELDS:
        return "refusal"
    said = [page.title, *page.headings, *page.alerts]
    if len(page.text) <= SHORT:
        said.append(page.text)
    return "refusal" if any(map(refuses, said)) else "data"


def of_answer(media_type: str, body: str, *, writing: bool = False) -> Held:
    """What the answer to a request of a script or of our own holds. Nobody gives a second opinion on a write, so only
    JSON that tells something shows that it was done: a page may be the form again, with what is wrong with it."""
    text = body[:LONGEST_READ].strip()
    if not text:
        return "nothing"
    if "json" in media_type or text[:1] in "{[":
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            if "json" in media_type:
                return "unread"
        else:
            return _of_value(value, writing=writing)
    held = _of_markup(text) if is_markup(media_type, text) else _of_text(text)
    return "nothing" if writing and held == "data" else held


def is_markup(media_type: str, body: str) -> bool:
    return "html" in media_type or body.lstrip()[:15].lower().startswith(("<!doctype html", "<html"))


def _of_text(text: str) -> Held:
    return "refusal" if len(text) <= SHORT and refuses(text) else "data"


def _of_markup(text: str) -> Held:
    page = read_markup(text)
    if page.password:
        return "refusal"
    held = of_page(PageFacts(page.title, tuple(page.headings), text=page.text))
    return "nothing" if held == "data" and not page.text else held


def _of_value(value: Any, *, writing: bool) -> Held:
    if isinstance(value, Mapping) and _says_no(value):
        return "refusal"
    if isinstance(value, str) and len(value) <= SHORT and refuses(value):
        return "refusal"
    return "data" if _tells(value) and not (writing and not isinstance(value, Mapping | list)) else "nothing"


def _says_no(answer: Mapping[str, Any]) -> bool:
    """An object that reports a failure of its own: `{"error": ...}`, `{"ok": false}`, `{"code": 403}`, also wrapped."""
    if len(answer) == 1:
        (inner,) = answer.values()
        if isinstance(inner, Mapping) and _says_no(inner):
            return True
    for name, value in answer.items():
        key = name.lower()
        if key in _ERRORS and value not in (None, False, 0, "", [], {}):
            return True
        if key.removeprefix("is_").removeprefix("is") in _FLAGS and value is False:
            return True
        if key in _CODES and _is_failure(value):
            return True
        if key in _MESSAGES and isinstance(value, str) and len(value) <= SHORT and refuses(value):
            return True
    return False


def _is_failure(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return 400 <= int(value) < 600
    return isinstance(value, str) and value.lower() in _FAILED


def _tells(value: Any) -> bool:
    """Whether there is anything in it: an empty list with its counters tells nothing of anybody."""
    if isinstance(value, Mapping):
        lists = [item for item in value.values() if isinstance(item, list)]
        rest = [item for item in value.values() if not isinstance(item, list)]
        if lists and not any(map(_tells, lists)):
            return any(isinstance(item, Mapping | str) and _tells(item) for item in rest)
        return any(map(_tells, value.values()))
    if isinstance(value, list):
        return any(map(_tells, value))
    return value not in (None, False, 0, "")


class _Reader(HTMLParser):
    """Keeps the words that a browser would show, and of headings and the title which they are."""

    _SILENT = frozenset({"script", "style", "noscript", "template", "svg"})
    _HEADINGS = frozenset({"h1", "h2", "h3"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Markup()
        self._silent = 0
        self._place = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        if tag == "input" and dict(attrs).get("type", "").lower() == "password":  # pyright: ignore[reportOptionalMemberAccess] the default is a text
            self.found.password = True
        if tag in self._HEADINGS:
            self._place = "heading"
            self.found.headings.append("")
        elif tag == "title":
            self._place = "title"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in self._HEADINGS or tag == "title":
            self._place = ""

    def handle_data(self, data: str) -> None:
        if self._silent or not data.strip():
            return
        if self._place == "title":
            self.found.title += data
            return
        if self._place == "heading":
            self.found.headings[-1] += data
        self.found.words.append(data)


def read_markup(body: str) -> Markup:
    reader = _Reader()
    reader.feed(body[:LONGEST_READ])
    return reader.found


def is_bare(page: Markup) -> bool:
    """A frame that scripts fill: it shows nothing of its own."""
    return not page.headings and len(page.text) < SHELL


def digest(media_type: str, body: str, echoes: Sequence[str]) -> str:
    """Equal for two answers that are one but for data: what a made-up address is answered with is no page of its own.
    `echoes` are the addresses that may stand in them."""
    return hashlib.sha256(_plain(media_type, body, echoes).encode(errors="replace")).hexdigest()


def _plain(media_type: str, body: str, echoes: Sequence[str]) -> str:
    text = read_markup(body).text if is_markup(media_type, body) else body[:LONGEST_READ]
    for echo in sorted(filter(None, echoes), key=len, reverse=True):
        text = text.replace(echo, "{path}")
    words = text.split()
    # `of_words` shortens, so it is given a piece at a time.
    return " ".join(of_words(" ".join(words[at : at + 8])) for at in range(0, len(words), 8))
