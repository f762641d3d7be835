"""Menus, banners and footers that are the same as on the page before, told in a few words. Trees in, a tree out.

Only the text for the model is shortened: refs, searches and checks go by the whole tree.
"""

from collections.abc import Iterator
from dataclasses import replace

from agent.tools.aria import INTERACTIVE, Node, walk, words
from agent.tools.aria_line import HIDDEN, LANDMARKS

SHORTEST = 60
"""Characters that a region must say at least: a shorter one is told as quickly as that it is the same."""


class Menus:
    """What a role has read of menus. One that was told in full within the last `kept` calls is not told again: older
    pages may have left its memory."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._calls = 0
        self._told: dict[Node, int] = {}

    def count_call(self) -> None:
        self._calls += 1

    def shorten(self, tree: tuple[Node, ...]) -> tuple[Node, ...]:
        """The tree, to be told now, with each landmark that is still known replaced by one node that says so."""
        known = {menu for menu, call in self._told.items() if self._calls - call < self._kept}
        self._told.update(dict.fromkeys(_menus(tree) - known, self._calls))
        return tuple(_shortened(tree, known))

    def read(self, tree: tuple[Node, ...]) -> None:
        """The tree was told in full."""
        self._told.update(dict.fromkeys(_menus(tree), self._calls))


def _menus(tree: tuple[Node, ...]) -> set[Node]:
    return {_bare(node) for node in walk(tree) if node.role in LANDMARKS}


def _shortened(tree: tuple[Node, ...], known: set[Node]) -> Iterator[Node]:
    for node in tree:
        if node.role in LANDMARKS and _size(node) >= SHORTEST and _bare(node) in known:
            yield replace(node, text=_note(node), children=())
        else:
            yield replace(node, children=tuple(_shortened(node.children, known)))


def _note(node: Node) -> str:
    links = sum(inner.role == "link" for inner in walk(node.children))
    others = sum(inner.role in INTERACTIVE and inner.role not in ("link", "option") for inner in walk(node.children))
    counted = [f"{links} link{'' if links == 1 else 's'}"] if links else []
    counted += [f"{others} other control{'' if others == 1 else 's'}"] if others else []
    if not counted:
        return "(as before)"
    return f"(menu as before: {', '.join(counted)}; browser_find shows them)"


def _size(node: Node) -> int:
    return len(words(replace(node, name=""))) + 14 * sum(inner.role in INTERACTIVE for inner in walk(node.children))


def _bare(node: Node) -> Node:
    """Without refs and without what only the mouse and the keyboard changed."""
    attributes = tuple(pair for pair in node.attributes if pair[0] not in HIDDEN)
    return replace(node, ref="", attributes=attributes, children=tuple(map(_bare, node.children)))
