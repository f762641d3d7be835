"""One call in words, and what came of it. Pure; its texts may quote the app."""

import re
from collections.abc import Mapping
from typing import Any

from agent import events as ev

VALUES = frozenset({"target", "ref", "element", "text", "values", "fields", "promptText"})
"""Arguments that tell one try of the same thing from another; what was tried is told without them."""
STATUS = "HTTP status: "
ANSWERED = re.compile(r"^(?:GET|HEAD) \S+: HTTP (\d+)", re.M)
"""What a request of the role's own, beside the page, was answered."""


def sort_of(tool: ev.ToolFinished) -> tuple[str, ...]:
    """Equal for two calls that are the same try but for the values."""
    target = tool.target or {}
    plain = (f"{name}={tool.args[name]}" for name in sorted(tool.args) if name not in VALUES)
    return (tool.tool, str(target.get("role", "")), str(target.get("name", "")), _fields(tool.args), *plain)


def _fields(args: Mapping[str, Any]) -> str:
    fields = args.get("fields")
    named = (str(item.get("name") or item.get("element") or "") for item in fields or () if isinstance(item, Mapping))
    return ", ".join(named) if isinstance(fields, list | tuple) else ""


def words(tool: str, args: Mapping[str, Any], target: Mapping[str, Any] | None) -> str:
    """`click button "Save"`: the tool, what it acted on, and the arguments that are no values."""
    parts = [tool.removeprefix("browser_").replace("_", " ")]
    if target and (target.get("role") or target.get("name")):
        parts.append(f'{target.get("role", "")} "{target.get("name", "")}"'.strip())
    elif fields := _fields(args):
        parts.append(fields)
    parts += [_argument(name, args[name]) for name in sorted(args) if name not in VALUES]
    return " ".join(" ".join(parts).split())


def _argument(name: str, value: Any) -> str:
    """A yes or no says nothing without its name."""
    return f"{name}={'yes' if value else 'no'}" if isinstance(value, bool) else str(value)


def failure(text: str) -> str:
    """That of a page that was not served well; empty for any other."""
    found = next((line.removeprefix(STATUS) for line in text.splitlines() if line.startswith(STATUS)), "")
    return found if found.isdigit() and int(found) >= 400 else ""


def outcome(tool: ev.ToolFinished, route: str, status: str) -> str:
    """What came of it; `route` is that of the page it opened, if any, `status` that page's failure."""
    if tool.status != "ok":
        return tool.status.replace("tool_error", "failed")
    if answered := ANSWERED.match(tool.text):
        return f"-> {answered[1]}"
    return " ".join(part for part in (f"-> {route}", status) if part) if route else ""
