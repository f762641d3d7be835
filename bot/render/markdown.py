"""Two kinds of text that must not be mixed: `Md` is ours and posted as it is, `Untrusted` has to be cleaned first.

`fill` takes a template written in the code and values that are Md or numbers, so that forgetting to clean something is
a type error; formatting an Untrusted directly is an error at run time, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString


class Md(str):
    """Markdown that we wrote, or that render/sanitize.py made safe."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Text of a page, a model, an issue or a person. Only render/sanitize.py opens it."""

    text: str

    def __str__(self) -> str:
        raise TypeError("Untrusted text must go through bot.render.sanitize")

    def __format__(self, spec: str) -> str:
        raise TypeError("Untrusted text must go through bot.render.sanitize")


def fill(template: LiteralString, **values: "Md | int") -> Md:
    """The template with its `{names}` replaced."""
    return Md(template.format(**values))


def lines(parts: Iterable[Md]) -> Md:
    return Md("\n".join(parts))


def paragraphs(parts: Iterable[Md]) -> Md:
    """The parts that say something, with an empty line between them."""
    return Md("\n\n".join(part for part in parts if part))


def folded(summary: Md, body: Md) -> Md:
    """A section that opens on a click."""
    return fill("<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>", summary=summary, body=body)


def table(head: tuple[Md, ...], rows: Iterable[tuple[Md, ...]]) -> Md:
    """Cells must be in one line; sanitize.inline escapes the bars in foreign text."""
    ruled = [head, tuple(Md("---") for _ in head), *rows]
    return Md("\n".join("| " + " | ".join(cells) + " |" for cells in ruled))
