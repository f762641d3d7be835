"""One line of a page for the model: an element by itself, or a row, list item or landmark with all that it holds. Pure.

What can be acted on keeps its ref. A line also knows its parts, so that a change can be told as old → new.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent.tools.aria import INTERACTIVE, Node, walk, words

SILENT = frozenset({"generic", "group", "none", "presentation", "rowgroup", "list"})
HIDDEN = frozenset({"cursor", "active", "ref"})
CELLS = frozenset({"cell", "gridcell", "columnheader", "rowheader"})
LANDMARKS = frozenset({"banner", "navigation", "contentinfo"})
ITEMS = frozenset({"listitem", "paragraph", "heading", "definition", "term", "blockquote", "caption", *CELLS})
FLOWING = frozenset({"text", "strong", "emphasis", "code", "time", "mark", "subscript", "superscript"})
BLOCKS = frozenset(
    {"row", "table", "grid", "treegrid", "tree", "dialog", "alertdialog", "alert", "status", "log", "form", "article"}
    | {"region", "main", "complementary", "tabpanel", "tablist", "menu", "feed", "iframe", "figure", *LANDMARKS}
)
"""What keeps lines of its own: whatever holds one of these is no single line."""
LONG_TEXT = 160
LONG_LINE = 1_000
REF = re.compile(r" \[ref=[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Line:
    """`head` is role, name, state and ref, `tail` an address. `options` are those of a select, whose only part is then
    what is chosen; `listed` is how they are shown."""

    head: str
    parts: tuple[str, ...] = ()
    mark: str = " | "
    tail: str = ""
    options: tuple[str, ...] = ()
    listed: str = ""

    def __str__(self) -> str:
        text = self.listed or self.mark.join(self.parts).rstrip()
        return f"{self.head}: {text}{self.tail}" if text else f"{self.head}{self.tail}"

    @property
    def bare(self) -> str:
        """Without refs: what a person would see."""
        return without_refs(str(self))


def without_refs(text: str) -> str:
    return REF.sub("", text)


def describe(node: Node, terse: bool = False) -> Line:
    """The element by itself. `terse`: addresses without their query."""
    options = [child for child in node.children if child.role == "option"]
    head, tail = _head(node, node.name), _address(node.url, terse)
    if not options:
        return Line(head, (_short(node.text),) if node.text else (), tail=tail)
    names = tuple(words(option) for option in options)
    chosen = ", ".join(words(option) for option in options if option.has("selected"))
    listed = ", ".join(f"{words(option)}{'*' if option.has('selected') else ''}" for option in options)
    if len(listed) > LONG_TEXT:
        listed = f"{_short(chosen)}* of {len(names)}: {_short(', '.join(names))}"
    return Line(head, (chosen,), tail=tail, options=names, listed=listed)


def whole(node: Node, terse: bool = False) -> Line | None:
    """The element with all that it holds; None when that is no single line."""
    if not node.children or (node.role not in ITEMS and node.role not in LANDMARKS and node.role != "row"):
        return None
    if any(inner.role in BLOCKS or (inner.role == "listitem" == node.role) for inner in walk(node.children)):
        return None
    if node.role == "row":
        return _row(node, terse)
    landmark = node.role in LANDMARKS
    own = (_short(node.text),) if node.text else ()
    parts = (*own, *_parts(node.children, terse, landmark))
    mark = " · " if landmark else " | " if node.role == "listitem" else " "
    found = Line(_head(node, _own_name(node)), parts, mark)
    return found if len(str(found)) <= LONG_LINE else None


def change(old: Line, new: Line) -> str:
    """What became of a line. Only the parts that differ are told twice."""
    before, after = old.parts or ("",), new.parts or ("",)
    alike = (without_refs(old.head), old.tail, old.options) == (without_refs(new.head), new.tail, new.options)
    if not alike or len(before) != len(after):
        return f"{old} → {new}"
    told = [
        now if without_refs(was) == without_refs(now) else f"{_told(was)} → {_told(now)}"
        for was, now in zip(before, after, strict=True)
    ]
    return str(Line(new.head, tuple(told), new.mark, new.tail))


def _head(node: Node, name: str) -> str:
    parts = [node.role]
    if name:
        parts.append(f'"{_short(name)}"')
    return " ".join([*parts, *_state(node)])


def _state(node: Node) -> Iterator[str]:
    for key, value in node.attributes:
        if key not in HIDDEN:
            yield f"[{key}={value}]" if value else f"[{key}]"
    if node.ref and (node.role in INTERACTIVE or _clickable(node)):
        yield f"[ref={node.ref}]"


def _row(node: Node, terse: bool) -> Line:
    cells = list(_unwrapped(node.children))
    headers = len(cells) > 1 and all(cell.role == "columnheader" for cell in cells)
    head = _head(node, _own_name(node))
    parts = tuple(_cell(cell, terse, labelled=not headers) for cell in cells)
    return Line(head.replace("row", "row of columnheaders", 1) if headers else head, parts)


def _cell(node: Node, terse: bool, labelled: bool) -> str:
    """The words of a plain cell; its role only where it is another than the row leads one to expect."""
    if node.role not in CELLS:
        return " ".join(_parts((node,), terse, False))
    name = _own_name(node)
    inside = [name, node.text, " ".join(_parts(node.children, terse, False))]
    text = " ".join(_short(part) if number < 2 else part for number, part in enumerate(inside) if part)
    if labelled and node.role in ("rowheader", "columnheader"):
        text = f'{node.role} "{text}"' if not node.children else f"{node.role} {text}"
    return " ".join([text, *_state(node)]).strip()


def _parts(children: tuple[Node, ...], terse: bool, landmark: bool) -> Iterator[str]:
    """What elements say, in order; words that flow together are one part."""
    flow: list[str] = []
    for child in children:
        if child.role in FLOWING and not _clickable(child) and all(n.role in FLOWING for n in walk(child.children)):
            flow.append(words(child))
            continue
        if flow:
            yield _short(" ".join(flow))
            flow = []
        yield from _part(child, terse, landmark)
    if flow:
        yield _short(" ".join(flow))


def _part(node: Node, terse: bool, landmark: bool) -> Iterator[str]:
    if node.role in INTERACTIVE or _clickable(node):
        yield _control(node, terse, landmark)
        held = (inner for inner in walk(node.children) if inner.role in INTERACTIVE and inner.role != "option")
        yield from (_control(inner, terse, landmark) for inner in held)
        return
    # A paragraph or a search inside a line is only a box around words.
    box = node.role in SILENT or node.role in ("paragraph", "search", "listitem", *FLOWING)
    if not box:
        inside = " ".join(_parts(node.children, terse, landmark))
        yield str(Line(_head(node, _own_name(node)), tuple(said for said in (_short(node.text), inside) if said), " "))
        return
    if node.name or node.text:
        yield ": ".join(_short(said) for said in (_own_name(node), node.text) if said)
    yield from _parts(node.children, terse, landmark)


def _control(node: Node, terse: bool, landmark: bool) -> str:
    inside = "" if node.name or node.text or node.role in ("combobox", "listbox") else words(node)
    said = Node(node.role, node.name or inside, node.ref, node.attributes, node.text, node.url, "", node.children)
    if not landmark or node.role != "link" or not said.name:
        return str(describe(said, terse))
    # Menus are on every page: a link of the app itself needs no address there.
    leads_away = _address(node.url, terse) if "//" in node.url else ""
    return " ".join([_short(said.name), *_state(node)]) + leads_away


def _unwrapped(children: tuple[Node, ...]) -> Iterator[Node]:
    for child in children:
        if child.role in SILENT and not child.name and not child.text and not _clickable(child):
            yield from _unwrapped(child.children)
        else:
            yield child


def _own_name(node: Node) -> str:
    """The name, unless it only repeats what is inside."""
    inside = "".join(words(Node("", children=node.children, text=node.text)).split())
    return "" if inside and "".join(node.name.split()) == inside else node.name


def _clickable(node: Node) -> bool:
    return ("cursor", "pointer") in node.attributes


def _address(url: str, terse: bool) -> str:
    if terse and "?" in url:
        url = url.partition("?")[0] + "?…"
    return f" → {_short(url)}" if url else ""


def _told(part: str) -> str:
    if not part:
        return "(empty)"
    return f"({part})" if " → " in part else part


def _short(text: str) -> str:
    return text if len(text) <= LONG_TEXT else text[: LONG_TEXT - 1] + "…"
