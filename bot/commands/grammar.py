"""Finds commands in a comment. Pure text in, names and arguments out; knows no command.

A command is a line of plain text that starts with the prefix. Lines in code, quotations, lists, headings and HTML are
no commands, nor is a prefix that somebody escaped.
"""

from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

PREFIX = "/explore"
MOST = 3
# Stands for whatever is not plain text, so that nothing behind it can be at the start of a line.
_OPAQUE = "\ufffc"
# Joining would make an escaped slash look like a typed one.
_PARSER = MarkdownIt("commonmark").disable("text_join")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`line` is what was typed; `name` is in lower case, empty for the prefix alone."""

    name: str
    args: str
    line: str


def parse(body: str | None) -> tuple[CommandLine, ...]:
    """The first commands of a comment, at most three, in order."""
    found: list[CommandLine] = []
    for line in _plain_lines(body or ""):
        word, _, rest = line.partition(" ")
        if word.lower() == PREFIX:
            name, _, args = rest.strip().partition(" ")
            found.append(CommandLine(name.lower(), args.strip(), line.strip()))
    return tuple(found[:MOST])


def _plain_lines(body: str) -> list[str]:
    """The lines of all paragraphs that stand by themselves."""
    try:
        tokens = _PARSER.parse(body.replace("\t", " "))
    except RecursionError:  # nested deeper than any person would
        return []
    lines: list[str] = []
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0 and token.type == "inline":
            lines += _text(token.children or []).split("\n")
    return lines


def _text(children: list[Token]) -> str:
    parts, in_link = [], 0
    for child in children:
        in_link += child.nesting if child.type in ("link_open", "link_close") else 0
        match child.type:
            case "text" if not in_link:
                parts.append(child.content)
            case "softbreak" | "hardbreak":
                parts.append(f"\n{_OPAQUE}" if in_link else "\n")
            case _:
                parts.append(_OPAQUE)
    return "".join(parts)
