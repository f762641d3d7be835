"""Reads Playwright's accessibility snapshots ("ai" mode) into trees. Pure; texts for the model are in aria_text.py.

A line is `- role "name" [attribute] [key=value]: text`, quoted as YAML where it must be; children are indented by two.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

FIELDS = frozenset(
    {"textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "switch", "slider", "spinbutton"}
)
MENUS = frozenset({"tab", "menuitem", "menuitemcheckbox", "menuitemradio", "option", "treeitem"})
INTERACTIVE = frozenset({"link", "button"}) | FIELDS | MENUS
HEAD = re.compile(r'(?P<role>[\w-]+)(?: (?P<name>"(?:[^"\\]|\\.)*"|/.*?/(?=$| \[|:)))?(?P<attributes>(?: \[[^\]]*\])*)')
ATTRIBUTE = re.compile(r"\[([\w-]+)(?:=([^\]]*))?\]")


@dataclass(frozen=True, slots=True)
class Node:
    """`attributes` are pairs such as ("checked", "") or ("level", "2"), without the ref. `text` is a field's value or
    the element's own text; `url` is a link's address as written."""

    role: str
    name: str = ""
    ref: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    url: str = ""
    placeholder: str = ""
    children: tuple["Node", ...] = ()

    def has(self, attribute: str) -> bool:
        return any(name == attribute for name, _ in self.attributes)


@dataclass(frozen=True, slots=True)
class Element:
    """Something a user can act on. `options` are those of a select, with `value` the chosen one."""

    ref: str
    role: str
    name: str
    value: str = ""
    url: str = ""
    placeholder: str = ""
    options: tuple[str, ...] = ()
    checked: bool = False
    disabled: bool = False
    active: bool = False
    selected: bool = False
    expanded: bool = False


@dataclass(slots=True)
class _Open:
    """An element while the lines inside of it are read."""

    depth: int
    role: str
    name: str = ""
    ref: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    url: str = ""
    placeholder: str = ""
    children: list[Node] = field(default_factory=list)

    def close(self) -> Node:
        children = tuple(self.children)
        return Node(self.role, self.name, self.ref, self.attributes, self.text, self.url, self.placeholder, children)


@lru_cache(maxsize=32)
def parse(snapshot: str) -> tuple[Node, ...]:
    """Lines that are not of the format are passed over. A snapshot is read once for all who look at the same page; the
    newest are kept, some pages for each of several roles."""
    root = _Open(-1, "root")
    path = [root]
    for line in snapshot.splitlines():
        body = line.lstrip(" ")
        if not body.startswith("- "):
            continue
        depth = len(line) - len(body)
        _close(path, depth)
        key, value = _split(body[2:])
        if key.startswith("/"):
            _set_property(path[-1], key, value)
        else:
            path.append(_open(depth, key, value))
    _close(path, 0)
    return tuple(root.children)


def walk(tree: tuple[Node, ...]) -> Iterator[Node]:
    for node in tree:
        yield node
        yield from walk(node.children)


def find(tree: tuple[Node, ...], ref: str) -> Node | None:
    return next((node for node in walk(tree) if node.ref == ref), None)


def elements(tree: tuple[Node, ...]) -> tuple[Element, ...]:
    """What a user can act on, in reading order; also a bare element that shows the pointing hand of something
    clickable, unless it only wraps or sits inside a proper control."""
    found: list[Element] = []
    _collect(tree, False, found)
    return tuple(found)


def headings(tree: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple(words(node) for node in walk(tree) if node.role == "heading")


def dialogs(tree: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(node for node in walk(tree) if node.role in ("dialog", "alertdialog"))


def words(node: Node) -> str:
    """The accessible name, else the text inside."""
    if node.name:
        return node.name
    parts = [node.text, *(words(child) for child in node.children)]
    return " ".join(part for part in parts if part)


def _collect(tree: tuple[Node, ...], inside: bool, found: list[Element]) -> None:
    for node in tree:
        proper = node.role in INTERACTIVE
        hand = not proper and ("cursor", "pointer") in node.attributes and not inside
        wraps = hand and any(child.role in INTERACTIVE for child in walk(node.children))
        takes = bool(node.ref) and (proper or (hand and not wraps))
        if takes:
            found.append(_element(node))
        _collect(node.children, inside or takes, found)


def _element(node: Node) -> Element:
    options = tuple([child for child in walk(node.children) if child.role == "option"])
    marks = {name for name, _ in node.attributes}
    chosen = next((words(option) for option in options if option.has("selected")), "")
    return Element(
        ref=node.ref,
        role=node.role,
        name=words(node) if node.role not in ("textbox", "combobox", "searchbox", "listbox") else node.name,
        value=chosen or node.text,
        url=node.url,
        placeholder=node.placeholder,
        options=tuple(words(option) for option in options),
        checked="checked" in marks,
        disabled="disabled" in marks,
        active="active" in marks,
        selected="selected" in marks,
        expanded="expanded" in marks,
    )


def _split(body: str) -> tuple[str, str]:
    """The key and the value of a line, both unquoted."""
    if body.startswith("'"):
        end = re.match(r"'((?:[^']|'')*)'", body)
        if end:
            return end[1].replace("''", "'"), _value(body[end.end() :].lstrip(":").strip())
    if body.startswith("/"):
        key, _, value = body.partition(": ")
        return key.rstrip(":"), _value(value.strip())
    match = HEAD.match(body)
    end_of_key = match.end() if match else len(body)
    return body[:end_of_key], _value(body[end_of_key:].lstrip(":").strip())


def _value(text: str) -> str:
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    return _json(re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", text), text[1:-1])


def _json(quoted: str, otherwise: str) -> str:
    try:
        return json.loads(quoted)
    except ValueError:
        return otherwise


def _open(depth: int, key: str, value: str) -> _Open:
    match = HEAD.match(key)
    if match is None:
        return _Open(depth, "text", text=key)
    pairs = ATTRIBUTE.findall(match["attributes"])
    ref = next((data for name, data in pairs if name == "ref"), "")
    name = match["name"] or ""
    plain = tuple([pair for pair in pairs if pair[0] != "ref"])
    return _Open(depth, match["role"], _json(name, name) if name else "", ref, plain, value)


def _close(path: list[_Open], depth: int) -> None:
    """Ends the elements that a line as far to the left as `depth` is not inside of."""
    while path[-1].depth >= depth:
        ended = path.pop()
        path[-1].children.append(ended.close())


def _set_property(element: _Open, key: str, value: str) -> None:
    if key == "/url":
        element.url = value
    elif key == "/placeholder":
        element.placeholder = value
