"""When are two pages the same state? Route template, open dialog and shape, never data. Pure.

Another id, another number of rows or another name gives the same key; another form, dialog or heading another one.
"""

import hashlib

from agent import routes
from agent.evidence.shape import of_words
from agent.tools.aria import Node, dialogs, elements, headings, parse, words
from agent.tools.surface import PageView

LENGTH = 12
_REPEATING = frozenset({"row", "listitem", "article", "option", "treeitem"})


def state_key(view: PageView) -> str:
    """Twelve hex digits. A browser dialog stops the page, so it counts by its message alone."""
    route = routes.template(view.url, with_query=True)
    if view.dialog is not None:
        return _hash((route, "dialog", of_words(view.dialog)))
    tree = parse(view.snapshot)
    opened = tuple(of_words(node.name) for node in dialogs(tree))
    return _hash((route, *opened, *_shape(tree)))


def _shape(tree: tuple[Node, ...]) -> tuple[str, ...]:
    """Headings and controls. Of what repeats (rows, items) only the control's role counts: its name is data."""
    outside = tuple(_without_repeats(node) for node in tree)
    titles = {f"heading {of_words(title)}" for title in headings(outside)}
    controls = {f"{item.role} {of_words(item.name)}" for item in elements(outside)}
    inside = {f"row {item.role}" for item in elements(tuple(_repeats(tree)))}
    return tuple(sorted(titles | controls | inside))


def _without_repeats(node: Node) -> Node:
    kept = tuple(_without_repeats(child) for child in node.children if child.role not in _REPEATING)
    role, name = node.role, node.name or (words(node) if node.role in ("heading", "link", "button") else "")
    return Node(role, name, node.ref, node.attributes, node.text, node.url, node.placeholder, kept)


def _repeats(tree: tuple[Node, ...]) -> list[Node]:
    found: list[Node] = []
    for node in tree:
        found += [node] if node.role in _REPEATING else _repeats(node.children)
    return found


def _hash(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:LENGTH]
