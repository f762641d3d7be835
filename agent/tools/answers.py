"""Reads the Markdown that the Playwright MCP server answers with. Pure: text in, facts out."""

import re
from dataclasses import dataclass

HEADING = re.compile(r"^### (.+)$", re.M)
DIALOG = re.compile(r'^- \["(\w+)" dialog with message "(.*)"\]: can be handled by', re.S | re.M)
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
BLOCKED = re.compile(r"- (<.*?>)(?:…</\w+>| from (<.*>) subtree|.*?) intercepts pointer events")
SUBTREE = re.compile(r" from (<[^\n]*>) subtree intercepts pointer events")
FENCE = re.compile(r"```\w*\n(.*?)\n?```", re.S)
DEAD = ("Target page, context or browser has been closed", "Target closed", "Page crashed")
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """`dialog` is `kind: message` of an open dialog; `error` one line about a failed call, `raw` its whole text."""

    is_error: bool
    error: str = ""
    raw: str = ""
    dialog: str | None = None
    result: str = ""
    snapshot: str = ""


def read_answer(text: str, is_error: bool) -> Answer:
    sections = _sections(text)
    raw = ANSI.sub("", sections.get("Error", text if is_error else ""))
    modal = DIALOG.search(sections.get("Modal state", ""))
    snapshot = FENCE.search(sections.get("Snapshot", ""))
    return Answer(
        is_error=is_error,
        error=shorten(raw),
        raw=raw,
        dialog=f"{modal[1]}: {modal[2]}" if modal else None,
        result=sections.get("Result", "").strip(),
        snapshot=snapshot[1] if snapshot else "",
    )


def blocker(raw: str) -> str | None:
    """The element that took the click, as Playwright prints it; the overlay rather than the leaf inside it."""
    if "intercepts pointer events" not in raw:
        return None
    if outer := SUBTREE.search(raw):
        return outer[1]
    match = BLOCKED.search(raw)
    return match[1] if match else "another element"


def name_blocker(tag: str) -> str:
    """A short name for people: `dialog "Cookie consent"`, `div#wall`."""
    kind = re.match(r"<([\w-]+)", tag)
    attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
    words = attributes.get("role") or (kind[1] if kind else "element")
    if label := attributes.get("aria-label"):
        return f'{words} "{label[:60]}"'
    if attributes.get("id"):
        return f"{words}#{attributes['id'][:40]}"
    return f"{words}.{attributes['class'].split()[0][:40]}" if attributes.get("class", "").strip() else words


def browser_died(raw: str) -> bool:
    return any(words in raw for words in DEAD)


def shorten(raw: str) -> str:
    """One line without colours, call log or the server's inner names."""
    if tag := blocker(raw):
        return f"The click was blocked by {name_blocker(tag)}."
    lines = [line.strip() for line in raw.splitlines() if line.strip()]
    kept = [line for line in lines[:4] if line != "Call log:" and not line.startswith(("- waiting for", "```"))]
    if any("element is not enabled" in line for line in lines):
        kept = [*kept[:1], "The element is disabled."]
    text = " ".join(kept).removeprefix("Error: ").replace("browserBackend.callTool: ", "")
    return text[:LONGEST]


def _sections(text: str) -> dict[str, str]:
    parts = HEADING.split(text)
    return {parts[i].strip(): parts[i + 1].strip("\n") for i in range(1, len(parts) - 1, 2)}
