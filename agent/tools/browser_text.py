"""What the model reads after a browser call: a short header, then the page's diff, or a new one's outline. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.tools.answers import Answer
from agent.tools.aria import parse
from agent.tools.aria_text import diff, outline, search
from agent.tools.surface import PageView, Recovery, Signal

OUTLINE = 6_000
DIFF = 3_000
ASKED = 12_000
SHOWN = 3
FOUND = 50
LINE = 160
LOUD = frozenset({"pageerror", "console", "crash"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen around one call. `known` are the errors told before, as `error_lines` gives them; `wanted` is the
    text that browser_find was asked for."""

    before: PageView
    after: PageView
    signals: tuple[Signal, ...] = ()
    tabs: str = ""
    recoveries: tuple[Recovery, ...] = ()
    known: frozenset[str] = frozenset()
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
    lines += _header(sight)
    if sight.after.dialog:
        return _cap("\n".join(lines))
    after = parse(sight.after.snapshot)
    if sight.before.document != sight.after.document:
        lines += ["Page:", outline(after, OUTLINE)]
    elif not sight.before.dialog or sight.before.snapshot:
        lines += ["Changes:", diff(parse(sight.before.snapshot), after, DIFF) or "none"]
    else:
        lines += ["Page:", outline(after, OUTLINE)]
    return _cap("\n".join(lines))


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
    if sight.tabs:
        lines.append(sight.tabs)
    if after.dialog:
        lines.append(f"Dialog: {_line(after.dialog)}")
    return lines + _errors(sight)


def _errors(sight: Sight) -> list[str]:
    """What went wrong, that of the page before apart: an error that was heard while leaving is not the new page's."""
    changed = sight.before.document != sight.after.document
    now, earlier = [], []
    for signal in sight.signals:
        (earlier if changed and 0 < signal.document < sight.after.document else now).append(signal)
    lines = _loud("Console errors", now, sight.known) + _failed("Request failed", now)
    lines += _loud("Console errors of the page before", earlier, sight.known | error_lines(now))
    lines += _failed("Request of the page before failed", earlier)
    return lines + [f"Download: {_line(signal.text)}" for signal in sight.signals if signal.kind == "download"]


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
