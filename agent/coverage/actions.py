"""What a call did, as coverage counts it: its signature, the places it asked for, whether it changed anything. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent import events as ev
from agent.coverage import places

REQUEST = "browser_request"
BACK = "browser_navigate_back"
RESUMED = "resume"
"""Begins the ids of the calls with which a resumed role is taken back to its page."""
LOOKS = frozenset({"browser_snapshot", "browser_find", "browser_take_screenshot", "browser_wait_for", "browser_hover"})
"""They change nothing and lead nowhere."""
_REFS = frozenset({"target", "ref", "element"})
LONGEST = 300


def signature(tool: str, args: Mapping[str, Any], target: Mapping[str, Any] | None) -> str:
    """One action, whatever its refs: tool, the element by role and name, and the values given."""
    element = f"{target.get('role', '')}:{target.get('name', '')}" if target else ""
    values = ",".join(f"{key}={_plain(args[key])}" for key in sorted(args) if key not in _REFS)
    return f"{tool}|{element}|{values}"[:LONGEST]


def _plain(value: Any) -> Any:
    """Refs inside (of a form's fields) are another one on each document."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in sorted(value.items()) if key not in _REFS}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def of_browser(done: ev.ToolFinished) -> bool:
    """A call that was made and acted on a page."""
    return done.status in ("ok", "tool_error") and done.tool.startswith("browser_") and done.tool not in LOOKS


def changes(done: ev.ToolFinished) -> bool:
    """Whether something was put in, pressed or sent; following a link is none of it."""
    follows = bool(done.target) and (done.target or {}).get("role") == "link" and done.tool == "browser_click"
    return done.writes and done.status == "ok" and not follows


def asked_for(done: ev.ToolFinished, home: str) -> tuple[str, ...]:
    """The places that a call went for, wherever it arrived. One that was refused or failed asked for nothing."""
    if done.status != "ok":
        return ()
    if done.tool == "browser_navigate":
        return tuple(filter(None, (places.of_url(str(done.args.get("url", "")), home),)))
    if done.tool == REQUEST:
        path = str(done.args.get("path") or done.args.get("url") or "")
        return tuple(filter(None, (places.of_api(str(done.args.get("method") or "GET"), path, home),)))
    href = str((done.target or {}).get("href") or "") if done.tool == "browser_click" else ""
    return tuple(filter(None, (places.of_url(href, home),))) if href else ()


def brings_back(done: ev.ToolFinished) -> bool:
    """Whether the host took a resumed role back to its page by this call: no step of the role's own."""
    return done.call_id.partition(".")[0] == RESUMED
