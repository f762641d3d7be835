"""Reads V8 stack traces: what was thrown and where, as facts that survive another host, port or build. Pure."""

import re
from dataclasses import dataclass

from agent import routes

_FRAME = re.compile(r"^\s*at (?:(?P<name>.+?) \()?(?P<url>(?:https?|blob|file)://?[^\s)]*?)(?::\d+)?(?::\d+)?\)?\s*$")
_HEAD = re.compile(r"^(?:Uncaught )?(?:\(in promise\) )?(?P<name>(?:[A-Z]\w*)?(?:Error|Exception)): ?(?P<text>.*)$")
_PREFIX = re.compile(r"^(async |new )+")


@dataclass(frozen=True, slots=True)
class Frame:
    url: str
    function: str


def frames(text: str) -> tuple[Frame, ...]:
    """The frames of a stack, innermost first; lines that are no frames of a script are left out."""
    found = (_FRAME.match(line) for line in text.splitlines())
    return tuple(Frame(match["url"], _function(match["name"] or "")) for match in found if match)


def name_and_message(text: str, trace: str) -> tuple[str, str]:
    """(`TypeError`, its first line). Browsers give the name in the stack, in the text or not at all."""
    lines = [line for source in (text, trace) for line in source.splitlines()[:1] if line.strip()]
    for line in lines:
        match = _HEAD.match(line.strip())
        if match:
            return match["name"], match["text"].strip()
    return "Error", lines[0].strip() if lines else "no message"


def place(frame: Frame, page_url: str) -> str:
    """Script path and function; code inside the page is placed by the page's route."""
    inline = routes.path(frame.url).partition("?")[0] == routes.path(page_url).partition("?")[0]
    where = f"page {routes.template(page_url)}" if inline else routes.template(frame.url)
    return f"{where} {frame.function}".rstrip()


def _function(name: str) -> str:
    name = _PREFIX.sub("", name.partition(" [as ")[0])
    return "" if name in ("<anonymous>", "eval") else name
