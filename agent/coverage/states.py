"""What a state of the app is: route template, open dialogs and shape, never data. Pure; states nothing about history.

Another id, another number of rows or another name gives the same key; another form, dialog or heading another one.
Which keys are near duplicates of each other is similar.py's.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent.coverage import places
from agent.evidence.shape import of_words
from agent.tools.aria import Node, dialogs, elements, headings, parse, walk, words
from agent.tools.surface import PageView

LENGTH = 12
LARGEST = 200
"""Words of a shape that are kept."""
_REPEATING = frozenset({"row", "listitem", "article", "option", "treeitem"})
_FRAME = frozenset({"banner", "navigation", "contentinfo"})
_TITLE_LEVELS = ("1", "2")
_NAME = 60
TEXT = 80


@dataclass(frozen=True, slots=True)
class Look:
    """A page as states are told by. `shape` holds words such as `title Tickets`, `button Save`, `frame link Home` (in a
    header, menu or footer), `row link` (in what repeats), `dialog Price`. `items` are names that stand in rows."""

    key: str
    route: str
    shape: tuple[str, ...]
    items: frozenset[str] = frozenset()


def state_key(view: PageView) -> str:
    """Twelve hex digits. A browser dialog stops the page, so it counts by its message alone."""
    return look(view).key


def look(view: PageView) -> Look:
    route = places.route_of(places.of_url(view.url)) or view.url.partition(":")[0]
    if view.dialog is not None:
        return _look(route, (f"dialog {of_words(view.dialog)}",), frozenset())
    shape, items = _seen(view.snapshot)
    if not any(word.startswith("title ") for word in shape) and view.title:
        shape = tuple(sorted((*shape, f"title {of_words(view.title)}")))
    return _look(route, shape, items)


@lru_cache(maxsize=64)
def _seen(snapshot: str) -> tuple[tuple[str, ...], frozenset[str]]:
    tree = parse(snapshot)
    body, frame, repeats = _parts(tree)
    title = _titles(body)
    shape = {f"dialog {of_words(node.name)}" for node in dialogs(tree)}
    shape |= {f"title {of_words(text)}" for text in title}
    shape |= {f"heading {of_words(text)}" for text in headings(body) if text not in title}
    shape |= {f"{item.role} {of_words(item.name)}" for item in elements(body)}
    shape |= {f"frame {item.role} {of_words(item.name)}" for item in elements(frame)}
    shape |= {f"row {item.role}" for item in elements(repeats)}
    if not title and not elements(body):
        # Nothing but text: its beginning has to tell the screen.
        shape |= {f"title {of_words(text)}"[:TEXT] for text in (" ".join(words(node) for node in body),) if text}
    return tuple(sorted(shape))[:LARGEST], frozenset(_items(repeats))


def _titles(body: tuple[Node, ...]) -> tuple[str, ...]:
    """The first heading of each of the two highest levels."""
    found: dict[str, str] = {}
    for node in walk(body):
        if node.role == "heading":
            found.setdefault(dict(node.attributes).get("level", "1"), words(node))
    return tuple(found[level] for level in _TITLE_LEVELS if found.get(level))


def _parts(tree: tuple[Node, ...]) -> tuple[tuple[Node, ...], tuple[Node, ...], tuple[Node, ...]]:
    """What is the page's own, what frames every page, and what repeats within the page."""
    frame: list[Node] = []
    repeats: list[Node] = []

    def own(node: Node) -> Node:
        kept = []
        for child in node.children:
            if child.role in _FRAME:
                frame.append(child)
            elif child.role in _REPEATING:
                repeats.append(child)
            else:
                kept.append(own(child))
        name = node.name or (words(node) if node.role in ("heading", "link", "button") else "")
        return Node(node.role, name, node.ref, node.attributes, node.text, node.url, node.placeholder, tuple(kept))

    body = own(Node("page", children=tree)).children
    return body, tuple(frame), tuple(repeats)


def _items(repeats: tuple[Node, ...]) -> Iterator[str]:
    for node in walk(repeats):
        text = node.name or node.text
        if 0 < len(text) <= _NAME:
            yield of_words(text)


def _look(route: str, shape: tuple[str, ...], items: frozenset[str]) -> Look:
    digest = hashlib.sha256("\n".join((route, *shape)).encode("utf-8", "replace")).hexdigest()
    return Look(digest[:LENGTH], route, shape, items)
