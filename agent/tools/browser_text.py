"""What the model reads after a browser call: a short header, then the page's diff, or a new one's outline. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.tools.answers import Answer
from agent.tools.aria import parse
from agent.tools.aria_text import diff, outline
from agent.tools.surface import PageView, Recovery, Signal

OUTLINE = 6_000
DIFF = 3_000
ASKED = 12_000
SHOWN = 3
LINE = 160


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen around one call."""

    before: PageView
    after: PageView
    signals: tuple[Signal, ...] = ()
    tabs: str = ""
    recoveries: tuple[Recovery, ...] = ()


def call_text(tool: str, answer: Answer, sight: Sight) -> str:
    if tool == "browser_find" and not answer.is_error:
        return _cap(answer.result or "Nothing found.")
    if tool == "browser_snapshot" and not answer.is_error:
        return "\n".join([*_header(sight), outline(parse(answer.snapshot), ASKED)])
    lines = [f"Error: {answer.error}"] if answer.is_error else []
    lines += [
        f"Blocker: {item.what}: {item.how}{'' if item.overcome else ' (still there)'}." for item in sight.recoveries
    ]
    lines += _header(sight)
    if sight.after.dialog:
        lines.append(f"A dialog is open ({_line(sight.after.dialog)}); answer it with browser_handle_dialog.")
        return _cap("\n".join(lines))
    after = parse(sight.after.snapshot)
    if sight.before.document != sight.after.document:
        lines += ["Page:", outline(after, OUTLINE)]
    elif not sight.before.dialog or sight.before.snapshot:
        lines += ["Changes:", diff(parse(sight.before.snapshot), after, DIFF) or "none"]
    else:
        lines += ["Page:", outline(after, OUTLINE)]
    return _cap("\n".join(lines))


def _header(sight: Sight) -> list[str]:
    after = sight.after
    lines = [f"URL: {after.url}"]
    if after.title:
        lines.append(f"Title: {_line(after.title)}")
    if after.status is not None and (after.status >= 400 or sight.before.document != after.document):
        lines.append(f"HTTP status: {after.status}")
    if sight.tabs:
        lines.append(sight.tabs)
    return lines + _errors(sight.signals)


def _errors(signals: tuple[Signal, ...]) -> list[str]:
    loud = [signal for signal in signals if signal.kind in ("pageerror", "console", "crash")]
    failed = [signal for signal in signals if signal.kind == "response" and (signal.status or 0) >= 400]
    lines = [f"Console errors: {len(loud)}"] if loud else []
    lines += [f"  {_line(signal.text)}" for signal in loud[:SHOWN]]
    lines += [
        f"Request failed: {signal.method} {urlsplit(signal.url).path} {signal.status}"
        for signal in failed[:SHOWN]
        if not signal.navigation
    ]
    return lines + [f"Download: {_line(signal.text)}" for signal in signals if signal.kind == "download"]


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


def _cap(text: str) -> str:
    return text if len(text) <= ASKED else f"{text[:ASKED]}\n… cut; use browser_find for the rest"
