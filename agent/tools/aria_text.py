"""What the model reads of a snapshot: an outline of a new page, a diff of a known one. Pure.

Checks of the host always use the whole tree: a collapsed row may be the broken one.
"""

from agent.tools.aria import INTERACTIVE, Node, walk, words

RUN = 5
KEPT = 3
SILENT = frozenset({"generic", "group", "none", "presentation", "rowgroup", "list"})
HIDDEN = frozenset({"cursor", "active", "ref"})
LONG_TEXT = 160


def outline(tree: tuple[Node, ...], limit: int) -> str:
    """The tree without bare wrappers; long runs of alike siblings keep three and the last. At most about `limit`
    characters: first all, then only headings and what can be acted on, then cut."""
    lines: list[str] = []
    _outline(tree, 0, lines)
    text = "\n".join(lines)
    if len(text) > limit:
        kept = [line for line in lines if line.lstrip(" -").split(" ")[0] in INTERACTIVE | {"heading", "dialog", "…"}]
        text = "\n".join(line.lstrip() for line in kept)
    return _cut(text, limit, "use browser_find for the rest")


def diff(before: tuple[Node, ...], after: tuple[Node, ...], limit: int) -> str:
    """What was added (+), removed (-) and changed (~) between two snapshots of one document; empty when nothing was."""
    old, new = _facts(before), _facts(after)
    gone = [key for key in old if key not in new]
    lines: list[str] = []
    for key, (role, line) in new.items():
        if key in old:
            if old[key][1] != line:
                lines.append(f"~ {old[key][1]} → {line}")
            continue
        # An element whose content was replaced gets a new ref: one of the same role in the same place is an edit.
        twin = next((other for other in gone if old[other][0] == role and other[0] == key[0]), None)
        if twin is None:
            lines.append(f"+ {line}")
        else:
            gone.remove(twin)
            if old[twin][1] != line:
                lines.append(f"~ {old[twin][1]} → {line}")
    lines += [f"- {old[key][1]}" for key in gone]
    return _cut("\n".join(lines), limit, "more changes left out")


def describe(node: Node) -> str:
    """One line: role, name, state, ref, value, address."""
    parts = [node.role]
    name = node.name
    if name:
        parts.append(f'"{_short(name)}"')
    parts += [f"[{key}={value}]" if value else f"[{key}]" for key, value in node.attributes if key not in HIDDEN]
    if node.ref and (node.role in INTERACTIVE or ("cursor", "pointer") in node.attributes):
        parts.append(f"[ref={node.ref}]")
    options = [child for child in node.children if child.role == "option"]
    text = ", ".join(f"{words(child)}{'*' if child.has('selected') else ''}" for child in options) or node.text
    line = " ".join(parts) + (f": {_short(text)}" if text else "")
    return line + (f" → {node.url}" if node.url else "")


def _outline(tree: tuple[Node, ...], depth: int, lines: list[str]) -> None:
    children = _unwrapped(tree)
    index = 0
    while index < len(children):
        run = _run(children, index)
        shown = children[index : index + run]
        left_out = run - KEPT - 1 if run >= RUN else 0
        for place, node in enumerate(shown):
            if left_out and place == KEPT:
                lines.append(f"{'  ' * depth}- … {left_out} more {node.role} left out; use browser_find")
            if left_out and KEPT <= place < run - 1:
                continue
            lines.append(f"{'  ' * depth}- {describe(node)}")
            if not any(child.role == "option" for child in node.children):
                _outline(node.children, depth + 1, lines)
        index += run


def _unwrapped(tree: tuple[Node, ...]) -> list[Node]:
    """The nodes with bare wrappers replaced by what they hold."""
    flat: list[Node] = []
    for node in tree:
        bare = node.role in SILENT and not node.name and not node.text and ("cursor", "pointer") not in node.attributes
        flat += _unwrapped(node.children) if bare else [node]
    return flat


def _run(children: list[Node], start: int) -> int:
    shape = _shape(children[start])
    end = start + 1
    while end < len(children) and _shape(children[end]) == shape:
        end += 1
    return end - start


def _shape(node: Node) -> tuple[str, ...]:
    return (node.role, *(child.role for child in node.children))


def _facts(tree: tuple[Node, ...]) -> dict[tuple[str, str, int], tuple[str, str]]:
    """(parent's ref, own ref or line, count) to (role, line) for every node that says something."""
    facts: dict[tuple[str, str, int], tuple[str, str]] = {}

    def visit(nodes: tuple[Node, ...], parent: str) -> None:
        for node in nodes:
            line = describe(node)
            if node.role not in SILENT or node.name or node.text:
                identity = node.ref or line
                count = 0
                while (parent, identity, count) in facts:
                    count += 1
                facts[parent, identity, count] = (node.role, line)
            if not any(child.role == "option" for child in node.children):
                visit(node.children, node.ref or parent)

    visit(tree, "")
    return facts


def refs(tree: tuple[Node, ...]) -> frozenset[str]:
    return frozenset(node.ref for node in walk(tree) if node.ref)


def _short(text: str) -> str:
    return text if len(text) <= LONG_TEXT else text[: LONG_TEXT - 1] + "…"


def _cut(text: str, limit: int, words_: str) -> str:
    if len(text) <= limit:
        return text
    lines = text.splitlines()
    kept: list[str] = []
    size = 0
    for line in lines:
        if size + len(line) > limit:
            break
        kept.append(line)
        size += len(line) + 1
    return "\n".join([*kept, f"… {len(lines) - len(kept)} lines cut; {words_}"])
