"""Turns Python locator code, as tools and models write it, into a Playwright locator. Never evaluates code.

The text is read with `ast` and only what is listed here is allowed; everything else is refused with an example.
"""

import ast
import re
from typing import Any

from playwright.async_api import Frame, FrameLocator, Locator, Page

Root = Page | Frame | FrameLocator | Locator

LONGEST = 1000
_FINDERS = {
    "get_by_role": {
        "name",
        "description",
        "exact",
        "checked",
        "disabled",
        "expanded",
        "level",
        "pressed",
        "selected",
        "include_hidden",
    },
    "get_by_label": {"exact"},
    "get_by_text": {"exact"},
    "get_by_test_id": set(),
    "get_by_placeholder": {"exact"},
    "get_by_alt_text": {"exact"},
    "get_by_title": {"exact"},
    "locator": {"has_text", "has_not_text"},
    "frame_locator": set(),
}
_NARROWERS = {"filter": {"has_text", "has_not_text", "has", "has_not", "visible"}, "nth": set()}
_PROPERTIES = ("first", "last", "content_frame")
_FLAGS = {"I": re.I, "IGNORECASE": re.I, "M": re.M, "MULTILINE": re.M, "S": re.S, "DOTALL": re.S}
EXAMPLE = 'get_by_role("button", name="Save")'


class LocatorRefused(ValueError):
    """The text is no locator. `str(error)` says why and shows one that works."""


def check(code: str) -> None:
    """Raises LocatorRefused, without a page, when `code` is no locator of the allowed kind."""
    _Reader(None).read(_parse(code))


def resolve(root: Root, code: str) -> Locator:
    """The locator that `code` describes, from `root` on. Raises LocatorRefused."""
    found = _Reader(root).read(_parse(code))
    if not isinstance(found, Locator):
        raise _refused(code, "it names no element")
    return found


def _refused(what: str, why: str) -> LocatorRefused:
    return LocatorRefused(f"`{what[:120]}` is no usable locator: {why}. Write one like `{EXAMPLE}`.")


def _parse(code: str) -> ast.expr:
    if len(code) > LONGEST:
        raise _refused(code, f"it is longer than {LONGEST} characters")
    try:
        return ast.parse(code.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refused(code, "it does not read as Python") from None


class _Reader:
    """Walks one expression. Without a root it checks only, and every locator is None."""

    def __init__(self, root: Root | None) -> None:
        self.root = root

    def read(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Attribute) and node.attr in _PROPERTIES:
            base = self.read(node.value)
            return self._get(base, node.attr, node) if self.root else None
        if isinstance(node, ast.Call):
            return self._call(node)
        raise _refused(ast.unparse(node), "only locator methods may be chained")

    def _call(self, node: ast.Call) -> Any:
        base, name = self._base(node.func)
        allowed = {**_FINDERS, **_NARROWERS}.get(name)
        if allowed is None or (name in _NARROWERS and base is _START):
            raise _refused(ast.unparse(node), f"`{name}` is not allowed here")
        self._check_arguments(node, name, allowed)
        args = [self._value(arg) for arg in node.args]
        options = {str(item.arg): self._value(item.value) for item in node.keywords}
        if not self.root:
            return None
        return self._get(self.root if base is _START else base, name, node)(*args, **options)

    def _base(self, func: ast.expr) -> tuple[Any, str]:
        if isinstance(func, ast.Name):
            return _START, func.id
        if isinstance(func, ast.Attribute):
            if isinstance(func.value, ast.Name) and func.value.id == "page":
                return _START, func.attr
            return self.read(func.value), func.attr
        raise _refused(ast.unparse(func), "only locator methods may be called")

    def _check_arguments(self, node: ast.Call, name: str, allowed: set[str]) -> None:
        unknown = [item.arg for item in node.keywords if item.arg not in allowed]
        if unknown:
            raise _refused(ast.unparse(node), f"`{name}` takes no `{unknown[0]}`")
        if len(node.args) != (0 if name == "filter" else 1):
            raise _refused(ast.unparse(node), f"`{name}` takes {'named arguments only' if name == 'filter' else 'one'}")
        if name == "nth" and not isinstance(self._value(node.args[0]), int):
            raise _refused(ast.unparse(node), "`nth` takes a number")

    def _get(self, base: Any, name: str, node: ast.expr) -> Any:
        found = getattr(base, name, None)
        if found is None:
            raise _refused(ast.unparse(node), f"`{name}` does not fit there")
        return found

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | bool):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self._value(node.operand)
            if isinstance(number, int):
                return -number
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            return self._pattern(node)
        return self.read(node)

    def _pattern(self, node: ast.Call) -> re.Pattern[str]:
        flags = re.RegexFlag(0)
        for arg in node.args[1:]:
            for name in ast.unparse(arg).replace("re.", "").split(" | "):
                if name not in _FLAGS:
                    raise _refused(ast.unparse(node), f"the flag {name} is not allowed")
                flags |= _FLAGS[name]
        text = node.args[0] if node.args else None
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str) or node.keywords:
            raise _refused(ast.unparse(node), "re.compile takes one text")
        try:
            return re.compile(text.value, flags)
        except re.error as error:
            raise _refused(ast.unparse(node), f"the pattern is wrong ({error})") from None


_START: Any = object()
