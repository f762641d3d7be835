"""What the model reads of a snapshot: an outline of a new page, a diff of a known one. Pure.

Checks of the host always use the whole tree: a row that is left out here may be the broken one.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from agent.tools.aria import INTERACTIVE, Node, walk, words
from agent.tools.aria_line import CELLS, SILENT, Line, change, describe, whole

RUNS = (320, 160, 80, 40, 20, 10, 5, 3)
"""How many of a run of alike elements are kept, beside the last: as many as fit."""
ROWS = frozenset({"row", "listitem"})
CUT = "browser_find looks in them too, browser_snapshot with the ref of a part shows that part"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the outline. `holder` names the element around it that has a ref, `shape` tells what it is like."""

    node: Node
    line: Line
    holder: Node
    shape: tuple[str, ...]
    below: tuple["_Entry", ...]


def outline(tree: tuple[Node, ...], limit: int) -> str:
    """The tree without bare wrappers, a row, plain list item or landmark on one line. At most about `limit` characters.

    Above it, step by step: addresses lose their queries, runs of alike siblings keep their beginning and the last,
    then only headings and what can be acted on stay, then it is cut. What is left out is under a ref that is told.
    """
    text = "\n".join(_lines(_entries(tree), 0))
    if len(text) <= limit:
        return text
    entries = _entries(tree, terse=True)
    stem = frozenset(node.ref for node in _stem(tree))
    lines: list[str] = []
    for kept in (len(text), *RUNS):
        lines = list(_lines(entries, 0, _Fold(stem, kept)))
        text = "\n".join(lines)
        if len(text) <= limit:
            return text
    return _cut([line.lstrip() for line in lines if _worth(line)], limit, CUT)


def diff(before: tuple[Node, ...], after: tuple[Node, ...], limit: int) -> str:
    """What was added (+), changed (~) and is gone between two snapshots of one document; empty when nothing was.

    Last come elements that only have another ref than before, such as those of a list that was drawn anew.
    """
    pairs = _Pairs(_facts(before), _facts(after))
    lines, renewed = [], []
    for key, line in pairs.new.items():
        twin = pairs.twin(key)
        if twin is None:
            lines.append(f"+ {line}")
        elif twin.bare != line.bare:
            lines.append(f"~ {change(twin, line)}")
        elif str(twin) != str(line):
            renewed.append(f"~ {line}")
    lines += [f"gone: {line.bare}" for line in pairs.gone()]
    return _cut([*lines, *renewed], limit, "look with browser_snapshot")


def refs(tree: tuple[Node, ...]) -> frozenset[str]:
    return frozenset(node.ref for node in walk(tree) if node.ref)


def search(tree: tuple[Node, ...], text: str) -> tuple[str, ...]:
    """The lines that hold the text in any case, also where a line shows only the beginning of what an element says."""
    wanted = text.casefold()

    def visit(entries: tuple[_Entry, ...]) -> Iterator[str]:
        for entry in entries:
            said = entry.node.text if entry.below else words(entry.node)
            if wanted in f"{entry.line}\n{said}".casefold():
                yield f"- {entry.line}"
            yield from visit(entry.below)

    return tuple(visit(_entries(tree)))


def _entries(tree: tuple[Node, ...], holder: Node | None = None, terse: bool = False) -> tuple[_Entry, ...]:
    found = []
    for node, around in _unwrapped(tree, holder or Node("page")):
        one_line = whole(node, terse)
        inside = () if one_line or _is_select(node) else node.children
        shape = (node.role,) if node.role in ROWS else (node.role, *(child.role for child in node.children))
        below = _entries(inside, node if node.ref else around, terse)
        found.append(_Entry(node, one_line or describe(node, terse), around, shape, below))
    return tuple(found)


def _unwrapped(tree: tuple[Node, ...], holder: Node) -> Iterator[tuple[Node, Node]]:
    """The nodes with bare wrappers replaced by what they hold, each with the nearest element around it."""
    for node in tree:
        bare = node.role in SILENT and not node.name and not node.text and ("cursor", "pointer") not in node.attributes
        if bare:
            yield from _unwrapped(node.children, node if node.ref else holder)
        else:
            yield node, holder


@dataclass(frozen=True, slots=True)
class _Fold:
    """How a page that is too long is shortened. `stem`: refs whose snapshot would be the same page again."""

    stem: frozenset[str]
    kept: int

    def run(self, entries: tuple[_Entry, ...], start: int) -> int:
        """How many from `start` on are alike and may be folded. Cells and the links of a menu never are."""
        first = entries[start]
        if first.node.role in CELLS or (first.node.role == "link" and first.holder.role == "navigation"):
            return 1
        end = start + 1
        while end < len(entries) and entries[end].shape == first.shape and entries[end].holder == first.holder:
            end += 1
        return end - start

    def note(self, entry: _Entry, count: int) -> str:
        holder = entry.holder
        what = f"… {count} more {_plural(entry.node.role, count)}"
        if not holder.ref or holder.ref in self.stem:
            return f"{what}; use browser_find"
        return f"{what} of {holder.role} [ref={holder.ref}]; browser_snapshot with that target shows more"


def _lines(entries: tuple[_Entry, ...], depth: int, fold: _Fold | None = None) -> Iterator[str]:
    """Folded, elements that hold others show their ref too, so that each can be looked at by itself."""
    index = 0
    while index < len(entries):
        run = fold.run(entries, index) if fold else 1
        left_out = run - fold.kept - 1 if fold and run > fold.kept + 2 else 0
        for place, entry in enumerate(entries[index : index + run]):
            if left_out and fold and place == fold.kept:
                yield f"{'  ' * depth}- {fold.note(entry, left_out)}"
            if left_out and fold and fold.kept <= place < run - 1:
                continue
            ref = f"[ref={entry.node.ref}]"
            held = f" {ref}" if fold and entry.below and entry.node.ref and ref not in entry.line.head else ""
            yield f"{'  ' * depth}- {entry.line.head}{held}{str(entry.line)[len(entry.line.head) :]}"
            yield from _lines(entry.below, depth + 1, fold)
        index += run


def _stem(tree: tuple[Node, ...]) -> Iterator[Node]:
    while len(tree) == 1:
        yield tree[0]
        tree = tree[0].children


def _worth(line: str) -> bool:
    return "[ref=" in line or line.lstrip(" -").split(" ")[0].rstrip(":") in INTERACTIVE | {"heading", "dialog", "…"}


def _is_select(node: Node) -> bool:
    return any(child.role == "option" for child in node.children)


def _plural(role: str, count: int) -> str:
    if count == 1:
        return role
    return f"{role}es" if role.endswith(("s", "x", "ch", "sh")) else f"{role}s"


@dataclass(frozen=True, slots=True)
class _Key:
    """The nearest element around, the own ref or else the line, and a count among equals."""

    parent: str
    identity: str
    count: int
    role: str = field(compare=False)


def _facts(tree: tuple[Node, ...]) -> dict[_Key, Line]:
    """A line for every node that says something, in the order of the page."""
    facts: dict[_Key, Line] = {}
    counts: dict[tuple[str, str], int] = defaultdict(int)

    def visit(nodes: tuple[Node, ...], parent: str) -> None:
        for node in nodes:
            one_line = whole(node)
            line = one_line or describe(node)
            if node.role not in SILENT or node.name or node.text:
                identity = node.ref or str(line)
                facts[_Key(parent, identity, counts[parent, identity], node.role)] = line
                counts[parent, identity] += 1
            if not one_line and not _is_select(node):
                visit(node.children, node.ref or parent)

    visit(tree, "")
    return facts


class _Pairs:
    """Which line of before is which of now: the same ref, else the same words, else the same role in the same place.

    An element whose content was replaced gets a new ref, and so does a whole list that was drawn anew.
    """

    def __init__(self, old: dict[_Key, Line], new: dict[_Key, Line]) -> None:
        self.new = new
        self._old = old
        self._twins = {key: key for key in new if key in old}
        self._moved: dict[str, str] = {}
        self._pair(lambda key, line: (key.role, line.bare))
        self._pair(lambda key, _: (key.role, self._moved.get(key.parent, key.parent)))

    def twin(self, key: _Key) -> Line | None:
        found = self._twins.get(key)
        return self._old[found] if found else None

    def gone(self) -> Iterable[Line]:
        paired = set(self._twins.values())
        return (line for key, line in self._old.items() if key not in paired)

    def _pair(self, mark: Callable[[_Key, Line], tuple[str, str]]) -> None:
        paired = set(self._twins.values())
        waiting: dict[tuple[str, str], deque[_Key]] = defaultdict(deque)
        for key, line in self._old.items():
            if key not in paired:
                waiting[mark(key, line)].append(key)
        for key, line in self.new.items():
            if key not in self._twins and (same := waiting.get(mark(key, line))):
                self._twins[key] = same.popleft()
                self._moved[key.identity] = self._twins[key].identity


def _cut(lines: list[str], limit: int, hint: str) -> str:
    """Whole lines up to the limit; a first line that is longer than it is cut itself."""
    size, kept = 0, 0
    while kept < len(lines) and size + len(lines[kept]) <= limit:
        size += len(lines[kept]) + 1
        kept += 1
    if kept == len(lines):
        return "\n".join(lines)
    shown = lines[:kept] or [lines[0][:limit] + "…"]
    cut = len(lines) - len(shown)
    return "\n".join([*shown, f"… {cut} {'line' if cut == 1 else 'lines'} cut; {hint}"])
