"""The browser tools that a model may use, and how their arguments are cleaned. Pure.

An allow-list: the server also offers to run code, to read files and to switch tabs; none of that is ever passed on.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_types import Tool

from agent.tools.mcp import HIDDEN_PARAMETERS, trim_schema
from agent.tools.surface import ToolSpec

ACTING = (
    "browser_click",
    "browser_type",
    "browser_fill_form",
    "browser_select_option",
    "browser_press_key",
    "browser_handle_dialog",
)
LOOKING = (
    "browser_navigate",
    "browser_navigate_back",
    "browser_hover",
    "browser_wait_for",
    "browser_snapshot",
    "browser_find",
)
ALLOWED = frozenset(ACTING + LOOKING)
STILL = frozenset({"browser_snapshot", "browser_find"})
NEEDS_TARGET = frozenset({"browser_click", "browser_type", "browser_select_option", "browser_hover"})
SECONDS = {"browser_navigate": 20.0, "browser_navigate_back": 20.0, "browser_wait_for": 32.0}
DEFAULT_SECONDS = 8.0
REF = re.compile(r"\[?(?:ref=)?((?:f\d+)?e\d+)\]?")
NAVIGATE = "A path such as /members, or an address of the app"


class Unusable(Exception):
    """The arguments cannot be used. `str(error)` is a sentence for the model."""


def specs(tools: Sequence[Tool], surface: str) -> tuple[ToolSpec, ...]:
    found = []
    for tool in tools:
        if tool.name not in ALLOWED:
            continue
        schema = trim_schema(tool.input_schema)
        if tool.name == "browser_navigate":
            schema["properties"]["url"]["description"] = NAVIGATE
        found.append(ToolSpec(tool.name, tool.description or "", schema, tool.name in ACTING, surface))
    return tuple(found)


def clean(tool: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without what only the host may set, refs in their plain form. Raises Unusable."""
    kept = {key: value for key, value in args.items() if key not in HIDDEN_PARAMETERS}
    if tool in NEEDS_TARGET and "target" not in kept:
        raise Unusable("`target` is missing: give the ref of the element from the snapshot, e.g. e12.")
    if "target" in kept:
        kept["target"] = _ref(kept["target"])
    if tool == "browser_fill_form":
        kept["fields"] = [_field(item) for item in _list(kept.get("fields"))]
    return kept


def target_refs(args: Mapping[str, Any]) -> tuple[str, ...]:
    """The refs that a cleaned call names, in order."""
    if "target" in args:
        return (args["target"],)
    return tuple(item["target"] for item in args.get("fields", ()))


def _list(fields: Any) -> list[Any]:
    if not isinstance(fields, list) or not fields:
        raise Unusable("`fields` must be a list of fields, each with target, name, type and value.")
    return fields


def _field(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping) or "target" not in item:
        raise Unusable("Each field needs a `target`: the ref of the element from the snapshot, e.g. e12.")
    kept = {key: value for key, value in item.items() if key not in HIDDEN_PARAMETERS}
    return {**kept, "target": _ref(kept["target"])}


def _ref(target: Any) -> str:
    match = REF.fullmatch(str(target).strip())
    if match is None:
        raise Unusable(f"{str(target)[:80]!r} is no ref; give the ref of an element from the snapshot, e.g. e12.")
    return match[1]
