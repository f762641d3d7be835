"""The browser tools that a model may use, and how their arguments are cleaned. Pure.

An allow-list: the server also offers to run code, to read files and to switch tabs; none of that is ever passed on.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mcp_types import Tool

from agent.tools.mcp import HIDDEN_PARAMETERS, trim_schema
from agent.tools.page_request import REQUEST
from agent.tools.scroll import MOST_SCREENS
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
LEADING = frozenset({"browser_click", "browser_navigate", "browser_navigate_back"})
"""They may lead to another document."""
PICTURE = ToolSpec(
    "browser_take_screenshot",
    "Take a picture of the visible part of the page, to see its layout, colours and images. Refs are in the snapshot.",
    {"type": "object", "properties": {}},
    False,
    "browser",
)
"""Ours, not the server's: secrets are covered in it."""
SCROLL = ToolSpec(
    "browser_scroll",
    "Turn the mouse wheel. Long lists load more as they are scrolled.",
    {
        "type": "object",
        "properties": {
            "direction": {"type": "string", "enum": ["down", "up"], "description": "Left out: only bring `target` up"},
            "screens": {"type": "integer", "minimum": 1, "maximum": MOST_SCREENS, "description": "How far; 1"},
            "target": {
                "type": "string",
                "description": "The ref of an element in the list or box to scroll. Left out: the page",
            },
        },
    },
    False,
    "browser",
)
"""Ours too: the server's own needs coordinates."""
ALLOWED = frozenset((*ACTING, *LOOKING, PICTURE.name, SCROLL.name, REQUEST.name))
ANYWHERE = frozenset({"browser_navigate", "browser_snapshot", "browser_find", PICTURE.name, REQUEST.name})
"""Calls that make sense on whatever page the role is on."""
STILL = frozenset({"browser_snapshot", "browser_find", PICTURE.name})
NEEDS_TARGET = frozenset({"browser_click", "browser_type", "browser_select_option", "browser_hover"})
SECONDS = {"browser_navigate": 20.0, "browser_navigate_back": 20.0, "browser_wait_for": 32.0}
"""What may take longer than a page is given to answer."""
UNOFFERED = HIDDEN_PARAMETERS | {"depth", "button", "modifiers"}
"""A proof can repeat none of them, and a page cut by depth would read as a whole one."""
REF = re.compile(r"\[?(?:ref=)?((?:f\d+)?e\d+)\]?")
PARAMETERS = {
    "target": "The ref of the element, such as f6e50, from the newest page. No selector.",
    "url": "A path such as /members, or an address of the app",
    "values": "The words of the options to choose",
    "text of browser_find": "Words to look for, in any case. Either text or regex.",
    "regex": "A regular expression; /error/i for any case. Either text or regex.",
}
DESCRIPTIONS = {
    "browser_click": "Click an element.",
    "browser_hover": "Move the mouse over an element.",
    "browser_type": "Type text into a field; what it held is replaced.",
    "browser_fill_form": "Fill several fields. Nothing is sent before you click or press Enter.",
    "browser_select_option": "Choose in a combobox or listbox that lists its options.",
    "browser_navigate": "Open a page of the app.",
    "browser_snapshot": "Show the page in full, or the part under `target`. Every other call shows the page too.",
    "browser_find": "Look for words in the page, also in what is left out of its text. Answers with the lines.",
}


class Unusable(Exception):
    """The arguments cannot be used. `str(error)` is a sentence for the model."""


def specs(tools: Sequence[Tool], surface: str, pictures: bool = False) -> tuple[ToolSpec, ...]:
    """`pictures`: the model can look at them."""
    found = [SCROLL, REQUEST, PICTURE] if pictures else [SCROLL, REQUEST]
    for tool in tools:
        if tool.name not in ACTING and tool.name not in LOOKING:
            continue
        schema = trim_schema(tool.input_schema)
        _reword(tool.name, schema)
        words = DESCRIPTIONS.get(tool.name, tool.description or "")
        found.append(ToolSpec(tool.name, words, schema, tool.name in ACTING, surface))
    return tuple(found)


def _reword(tool: str, schema: dict[str, Any]) -> None:
    """Says of each parameter what the host accepts, which is less than the server does."""
    properties = schema.get("properties", {})
    for name in [name for name in properties if name in UNOFFERED]:
        del properties[name]
    for name, parameter in properties.items():
        words = PARAMETERS.get(f"{name} of {tool}", PARAMETERS.get(name))
        if words:
            parameter["description"] = words
        if isinstance(parameter.get("items"), dict):
            _reword(tool, parameter["items"])


def clean(tool: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without what only the host may set, refs in their plain form. Raises Unusable."""
    kept = {key: value for key, value in args.items() if key not in UNOFFERED}
    if tool in NEEDS_TARGET and "target" not in kept:
        raise Unusable("`target` is missing: give the ref of the element from the snapshot, e.g. e12.")
    if "target" in kept:
        kept["target"] = _ref(kept["target"])
    if tool == SCROLL.name and not kept.keys() & {"target", "direction"}:
        raise Unusable("Say where to scroll: `direction` down or up, or a `target` to bring into view.")
    if tool == "browser_fill_form":
        kept["fields"] = [_field(item) for item in _list(kept.get("fields"))]
    return kept


def target_refs(args: Mapping[str, Any]) -> tuple[str, ...]:
    """The refs that a cleaned call names, in order."""
    if "target" in args:
        return (args["target"],)
    return tuple(item["target"] for item in args.get("fields", ()))


def stale(ref: str, present: Collection[str]) -> str:
    """Why a ref that is not among those `present` cannot be used. The refs of a document share their beginning."""
    beginnings = Counter(item[: item.rindex("e") + 1] for item in present)
    if not beginnings or ref[: ref.rindex("e") + 1] in beginnings:
        return f"{ref} is gone from this page: it was removed or drawn anew. browser_find shows its new ref."
    ((here, _),) = beginnings.most_common(1)
    return f"{ref} is from another page; the refs of the one you are on begin with {here}."


def named_refs(args: Mapping[str, Any]) -> tuple[str, ...]:
    """The refs that a call names as the model wrote it, well formed or not, in order."""
    fields = args.get("fields")
    holders = [args, *(fields if isinstance(fields, list) else ())]
    return tuple(str(item["target"])[:20] for item in holders if isinstance(item, Mapping) and "target" in item)


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
