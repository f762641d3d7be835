"""What the model reads after a browser call: a short header, then the page's diff, or a new one's outline.

Pure, but that it keeps count of the menus that were told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agent import routes
from agent.tools.answers import Answer
from agent.tools.aria import parse
from agent.tools.aria_line import without_refs
from agent.tools.aria_menus import Menus
from agent.tools.aria_text import diff, outline, search
from agent.tools.browser_tools import SCROLL
from agent.tools.surface import PageView, Recovery, Signal

OUTLINE = 6_000
WINDOW = 2_000
DIFF = 3_000
ASKED = 12_000
SHOWN = 3
SENT = 5
CALLS = frozenset({"fetch", "xhr"})
SHORT = 1_000
"""Characters of changes up to which they are always told as such."""
BLANK = "about:blank"
FOUND = 50
LINE = 160
LOUD = frozenset({"pageerror", "console", "crash"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen around one call. `windows` opened and were closed again, `files` were downloaded, a line each.
    `known` are the errors told before, as `error_lines` gives them, `menus` the menus; `origins` are the app's own.
    `wanted` is the text that browser_find was asked for."""

    before: PageView
    after: PageView
    signals: tuple[Signal, ...] = ()
    windows: tuple[PageView, ...] = ()
    files: tuple[str, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    known: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    menus: Menus = field(default_factory=lambda: Menus(0))
    wanted: str = ""


def call_text(tool: str, answer: Answer, sight: Sight) -> str:
    """All of it was written by the page, or by the server about it."""
    if tool == "browser_find" and not answer.is_error:
        return _cap(_found(sight) or answer.result or "Nothing found.")
    if tool == "browser_snapshot" and not answer.is_error:
        return "\n".join([*_header(sight), outline(parse(answer.snapshot), ASKED)])
    lines = [f"Error: {answer.error}"] if answer.is_error else []
    lines += [
        f"Blocker: {item.what}: {item.how}{'' if item.overcome else ' (still there)'}." for item in sight.recoveries
    ]
    lines += [_line(answer.result)] if tool == SCROLL.name and answer.result else []
    lines += _header(sight)
    if sight.after.dialog:
        return _cap("\n".join(lines))
    return _cap("\n".join([*lines, *_page(sight), *_windows(sight)]))


def is_new_page(sight: Sight) -> bool:
    """Whether the page is told as a whole because it is another document than the one read before."""
    unread = sight.before.dialog and not sight.before.snapshot
    return bool(unread) or sight.before.document != sight.after.document


def _page(sight: Sight) -> list[str]:
    """A new page's outline; of a known one what changed, or the outline too when that is shorter: an application in one
    document shows a new page without loading one."""
    after = parse(sight.after.snapshot)
    if is_new_page(sight):
        return ["Page:", outline(sight.menus.shorten(after), OUTLINE)]
    before = parse(sight.before.snapshot)
    told = diff(before, after, OUTLINE)
    if len(told) > SHORT:
        whole = outline(sight.menus.shorten(after), OUTLINE)
        if len(whole) < len(told):
            return ["Page, mostly new:", whole]
        told = diff(before, after, DIFF)
    return ["Changes:", told or "none"]


def _windows(sight: Sight) -> list[str]:
    """Those of the app with what they showed, without refs: nothing in a closed window can be used any more."""
    lines: list[str] = []
    for window in sight.windows:
        if routes.origin(window.url) in sight.origins or window.url == BLANK:
            shown = without_refs(outline(parse(window.snapshot), WINDOW))
            lines += [f"In the window {window.url}:", shown or "(it did not answer)"]
    return lines


def place(view: PageView) -> str:
    """Where one is, for a call that was not made."""
    return "\n".join([f"URL: {view.url}", *([f"Dialog: {_line(view.dialog)}"] if view.dialog else [])])


def error_lines(signals: Sequence[Signal]) -> frozenset[str]:
    return frozenset(_line(signal.text) for signal in signals if signal.kind in LOUD)


def _found(sight: Sight) -> str:
    """The lines of the page that hold the words; empty when none does, for the server may look elsewhere."""
    lines = search(parse(sight.after.snapshot), sight.wanted) if sight.wanted.strip() else ()
    if not lines:
        return ""
    more = [f"… {len(lines) - FOUND} more; look for longer words"] if len(lines) > FOUND else []
    return "\n".join([f"Lines with {_line(sight.wanted)!r}: {len(lines)}", *lines[:FOUND], *more])


def _header(sight: Sight) -> list[str]:
    after = sight.after
    lines = [f"URL: {after.url}"]
    if after.title:
        lines.append(f"Title: {_line(after.title)}")
    if after.status is not None and sight.before.document != after.document:
        lines.append(f"HTTP status: {after.status}")
    lines += [_opened(window) for window in sight.windows]
    if after.dialog:
        lines.append(f"Dialog: {_line(after.dialog)}")
    return lines + _errors(sight) + _sent(sight) + [f"Download: {_line(file)}" for file in sight.files]


def _opened(window: PageView) -> str:
    title = f" {_line(window.title)!r}" if window.title else ""
    status = f" (HTTP {window.status})" if window.status else ""
    return f"A new window opened {window.url}{title}{status} and was closed."


def _sent(sight: Sight) -> list[str]:
    """What the call sent to the app, each request once. What a page asks for while it opens says nothing of the call,
    and what failed is told as an error."""
    opened = sight.before.document != sight.after.document
    asked = Counter(
        f"{signal.method} {routes.path(signal.url)} {signal.status}"
        for signal in sight.signals
        if signal.kind == "response"
        and (signal.status or 0) < 400
        and routes.origin(signal.url) in sight.origins
        and (signal.method not in ("GET", "HEAD") or (signal.resource in CALLS and not opened))
    )
    if not asked:
        return []
    told = [_line(request) + (f" ×{count}" if count > 1 else "") for request, count in asked.items()]
    more = [f"{len(told) - SENT} more"] if len(told) > SENT else []
    return [f"Requests sent: {'; '.join([*told[:SENT], *more])}"]


def _errors(sight: Sight) -> list[str]:
    """What went wrong, that of the page before apart: an error that was heard while leaving is not the new page's."""
    changed = sight.before.document != sight.after.document
    now, earlier = [], []
    for signal in sight.signals:
        (earlier if changed and 0 < signal.document < sight.after.document else now).append(signal)
    lines = _loud("Console errors", now, sight.known) + _failed("Request failed", now)
    lines += _loud("Console errors of the page before", earlier, sight.known | error_lines(now))
    return lines + _failed("Request of the page before failed", earlier)


def _loud(label: str, signals: Sequence[Signal], known: frozenset[str]) -> list[str]:
    told = [_line(signal.text) for signal in signals if signal.kind in LOUD]
    if not told:
        return []
    again = sum(line in known for line in told)
    old = f", {'' if again == len(told) else f'{again} of them '}heard before" if again else ""
    fresh = [line for line in dict.fromkeys(told) if line not in known]
    return [f"{label}: {len(told)}{old}", *(f"  {line}" for line in fresh[:SHOWN])]


def _failed(label: str, signals: Sequence[Signal]) -> list[str]:
    failed = [signal for signal in signals if signal.kind == "response" and (signal.status or 0) >= 400]
    return [
        f"{label}: {signal.method} {urlsplit(signal.url).path} {signal.status}"
        for signal in failed[:SHOWN]
        if not signal.navigation
    ]


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


def _cap(text: str) -> str:
    return text if len(text) <= ASKED else f"{text[:ASKED]}\n… cut; use browser_find for the rest"
