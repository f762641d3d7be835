"""What an HTML answer says to a reader, without a browser: title, words, where its links and forms lead. Pure.

Of styles, scripts and hidden fields nothing is told. Values and addresses are told whole or not at all, so that no
secret in them is cut and goes unknown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from agent import routes

LONGEST_READ = 200_000
"""Characters of an answer that are read; its words may stand behind much that nobody reads."""
TITLE = 120
LEADS = 250
"""Characters for the links, and as many for the forms."""
VALUE = 40
ADDRESS = 100
_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "title"})
_JOINED = frozenset({"b", "em", "i", "mark", "small", "strong", "sub", "sup", "u", "wbr"})
"""They stand inside a word; around all others there is room."""
_WORDLESS = frozenset({"hidden", "submit", "button", "image", "reset"})
_CHOICES = frozenset({"checkbox", "radio"})
_SECRET = frozenset({"password", "file"})
_NO_END = frozenset({"input", "br", "hr", "img", "wbr", "meta", "link"})


@dataclass(slots=True)
class Form:
    """`fields` are names, with their value where one is shown: `title`, `slug "boats"`, `intro (340 characters)`."""

    method: str = ""
    action: str = ""
    fields: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """A stretch of a document. The first of `forms` holds the fields that stand in none."""

    text: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=lambda: [Form()])

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


class _Reader(HTMLParser):
    """Reads a document twice at once: all of it, and its main part."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.whole, self.main = Part(), Part()
        self._silent: list[str] = []
        self._main = ("", 0)
        self._typing: tuple[str, list[str]] | None = None
        self._chosen = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        main, depth = self._main
        if depth:
            self._main = (main, depth + (tag == main))
        elif (tag == "main" or has.get("role") == "main") and tag not in _NO_END:
            self._main = (tag, 1)
        if tag in _SILENT:
            self._silent.append(tag)
        if self._silent:
            return
        self._room(tag)
        match tag:
            case "a":
                self._note_link(has.get("href", ""))
            case "form":
                method = "POST" if has.get("method", "").lower() == "post" else "GET"
                for part in self._parts():
                    part.forms.append(Form(method, has.get("action", "")))
            case "input":
                self._note_input(has)
            case "textarea" | "select":
                self._end_typing()
                self._typing, self._chosen = (has.get("name", ""), []), tag == "textarea"
            case "option" if self._typing:
                self._chosen = "selected" in has
            case _:
                return

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
            return
        if self._silent:
            return
        self._room(tag)
        if tag in ("textarea", "select", "form"):
            self._end_typing()
        if tag == "form":
            # What follows stands in no form.
            for part in self._parts():
                part.forms.append(Form())
        main, depth = self._main
        if depth and tag == main:
            self._main = (main, depth - 1)

    def handle_data(self, data: str) -> None:
        if self._silent == ["title"]:
            self.title += data
        elif self._silent:
            return
        elif self._typing:
            if self._chosen:
                self._typing[1].append(data)
        else:
            for part in self._parts():
                part.text.append(data)

    def read(self, body: str) -> bool:
        """Whether all of it could be read. Never `close`: that looks at an unfinished end once for each `<` in it."""
        whole = True
        try:
            self.feed(f"{body}\n")
        except AssertionError:  # the parser's word for a marked section of no kind that it knows
            whole = False
        self._end_typing()
        return whole

    def _parts(self) -> tuple[Part, ...]:
        return (self.whole, self.main) if self._main[1] else (self.whole,)

    def _room(self, tag: str) -> None:
        if tag not in _JOINED:
            for part in self._parts():
                part.text.append(" ")

    def _note_link(self, href: str) -> None:
        for part in self._parts():
            part.links.append(href)

    def _note_input(self, has: dict[str, str]) -> None:
        kind = has.get("type", "").lower()
        if kind in _WORDLESS:
            return
        if kind in _CHOICES:
            self._note_field(has.get("name", ""), "on" if "checked" in has else "")
        else:
            self._note_field(has.get("name", ""), "" if kind in _SECRET else has.get("value", ""))

    def _end_typing(self) -> None:
        if self._typing:
            name, value = self._typing
            self._typing = None
            self._note_field(name, "".join(value))

    def _note_field(self, name: str, value: str) -> None:
        name, told = " ".join(name.split()), " ".join(value.split())
        if not name or len(name) > ADDRESS:
            return
        shown = f' "{told}"' if len(told) <= VALUE else f" ({len(told)} characters)"
        for part in self._parts():
            part.forms[-1].fields.append(f"{name}{shown}" if told else name)


def told(body: str, url: str, room: int) -> tuple[str, bool]:
    """What the answer to `url` says, in at most `room` characters, and whether words were left out. Lines: the title,
    the words of the main part (of all where there is none), links, forms."""
    reader = _Reader()
    whole = reader.read(body[:LONGEST_READ]) and len(body) <= LONGEST_READ
    part = reader.main if reader.main.words else reader.whole
    title = " ".join(reader.title.split())
    head = [f"Title: {title}"] if 0 < len(title) <= TITLE else []
    tail = [line for line in (_links(part, url), *_forms(part, url)) if line]
    left = room - len("\n".join([*head, *tail])) - 2
    words = part.words
    shown = words if len(words) <= left else _cut(words, left)
    return "\n".join([*head, *([shown] if shown else []), *tail]), shown != words or not whole


def _cut(words: str, room: int) -> str:
    """At a blank. Scripts that write without any are cut anywhere; a key or an address is told whole or not at all."""
    begun = words[: max(room, 0)]
    whole = begun.rpartition(" ")[0]
    return whole if len(whole) >= room // 2 or begun[len(whole) :].isascii() else begun


def _links(part: Part, url: str) -> str:
    own = routes.path(url)
    found = (_address(href, url) for href in part.links if href and not href.startswith("#"))
    return _listed("Links: ", [place for place in dict.fromkeys(found) if place not in ("", own)], LEADS)


def _forms(part: Part, url: str) -> list[str]:
    lines: list[str] = []
    told = 0
    for form in part.forms:
        if told >= LEADS:
            break
        where = f"Form {form.method} {_address(form.action or url, url)}".rstrip() if form.method else "Fields"
        if form.method or form.fields:
            left = LEADS - told
            plain = where if form.method and len(where) <= left else ""
            lines.append(_listed(f"{where}: ", form.fields, left) or plain)
            told += len(lines[-1])
    return lines


def _address(href: str, url: str) -> str:
    """Path and query on the app's own origin, else the whole; without its query where that makes it too long."""
    try:
        whole = urljoin(url, href.strip())
    except ValueError:
        return ""
    if not routes.origin(whole):
        return ""
    place = routes.place(whole) if routes.same_origin(whole, url) else whole
    short = place if len(place) <= ADDRESS else place.partition("?")[0]
    return short if len(short) <= ADDRESS else ""


def _listed(name: str, items: Iterable[str], room: int) -> str:
    """As many items as there is room for, and how many more there are; empty when not one fits."""
    kept: list[str] = []
    more = 0
    left = room - len(name) - len(" (and 9999 more)")
    for item in items:
        left -= len(item) + (2 if kept else 0)
        if more or left < 0:
            more += 1
        else:
            kept.append(item)
    if not kept:
        return ""
    return f"{name}{', '.join(kept)}{f' (and {more} more)' if more else ''}"
