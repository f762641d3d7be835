"""What the host calls a fault by itself: signals of the browser in, alarms out. Pure; knows no page and no model.

Ignored by construction: other origins, requests that the page or our own policy gave up, servers that could not be
reached, the favicon, Chromium's own lines about failed resources (the responses tell the same).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent import routes
from agent.evidence import stack
from agent.evidence.finding import Alarm, Severity
from agent.evidence.shape import of_message
from agent.tools.connection import unconnected
from agent.tools.surface import Foreign, Signal

# A refusal or a plea to wait is an answer, not a missing page.
_NOT_MISSING = frozenset({401, 403, 407, 408, 425, 429})
_GIVEN_UP = re.compile(
    r"ERR_(ABORTED|BLOCKED|CACHE_MISS|NETWORK_|INTERNET_DISCONNECTED|CONNECTION_|EMPTY_RESPONSE|NAME_NOT_RESOLVED"
    r"|ADDRESS_|TIMED_OUT|SOCKET_|PROXY_|TUNNEL_)"
)
_BROWSER_LINE = re.compile(r"^Failed to load resource|net::ERR_|^Access to .+ has been blocked by CORS policy")
_FETCH_GAVE_UP = re.compile(r"AbortError|Failed to fetch|Load failed|NetworkError when attempting|aborted")
_LINK = re.compile(r"\blink \"(.*)\"", re.S)
_LED = re.compile(r"^Link \"(.*)\" led to ", re.S)
_BELONGS = re.compile(r"^(.*?) can (open|read|[A-Z]+) \S+, (which belongs to .*)$", re.S)
LONGEST_DETAIL = 600
PROBE = "charterbot-probe"
INJECTION = f"<img src=/{PROBE}>"
"""Harmless markup to type into a field. A page that shows it unescaped asks for the image: the host hears that.
No quotes: they break other things, which would hide it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`origins` are the app's own; `action` says in words what was done (`Click link "Terms"`); `clicked_link` is true
    when it was a click on a link, the only way to a broken link: a typed address may be wrong by itself."""

    origins: frozenset[str]
    action: str = ""
    clicked_link: bool = False
    cut_off: bool = False
    """The app could not be reached just before: what scripts say then, they say of that."""


def scan(signals: Sequence[Signal], scope: Scope) -> tuple[Alarm, ...]:
    """The alarms of one moment in the order heard, each normalised symptom once."""
    found: dict[tuple[str, str, str], Alarm] = {}
    cut_off = scope.cut_off or any(unconnected(signal, scope.origins) for signal in signals)
    for index, signal in enumerate(signals):
        alarm = _judge(signal, signals[index + 1 :], signals, scope)
        if alarm and not (cut_off and signal.kind in ("pageerror", "console")):
            found.setdefault((alarm.kind, alarm.route, alarm.signal), alarm)
    return tuple(found.values())


def _judge(signal: Signal, later: Sequence[Signal], all_of: Sequence[Signal], scope: Scope) -> Alarm | None:
    if _is_probe(signal) and _own(signal.page_url, scope):
        return _injection(signal)
    match signal.kind:
        case "response" if signal.foreign and signal.foreign.held == "data" and _own(signal.url, scope):
            return _forbidden(signal, signal.foreign)
        case "response" if _own(signal.url, scope) and not _is_favicon(signal.url):
            return _response(signal, later, scope)
        case "requestfailed" if signal.resource == "image" and _own(signal.url, scope):
            return None if _GIVEN_UP.search(signal.text) or _is_favicon(signal.url) else _image(signal)
        case "pageerror":
            return None if _gave_up(signal, all_of) else _exception(signal, scope)
        case "console":
            return None if _gave_up(signal, all_of) else _console(signal, scope)
        case _:
            return None


def _response(signal: Signal, later: Sequence[Signal], scope: Scope) -> Alarm | None:
    status = signal.status or 0
    if status >= 500 and signal.resource != "image":
        return None if _recovered(signal, later) else _server_error(signal)
    if status < 400:
        return None
    if signal.resource == "image":
        return _image(signal)
    if scope.clicked_link and signal.navigation and status not in _NOT_MISSING and status < 500:
        return _broken_link(signal, scope)
    return None


def _recovered(signal: Signal, later: Sequence[Signal]) -> bool:
    """The page asked again and was answered: what people saw was right."""
    return any(
        other.kind == "response"
        and (other.method, other.url) == (signal.method, signal.url)
        and other.status is not None
        and other.status < 500
        for other in later
    )


def _server_error(signal: Signal) -> Alarm:
    route, method = routes.template(signal.url), signal.method or "GET"
    return Alarm(
        kind="server_error",
        route=route,
        signal=f"{method} {route} {signal.status}",
        detail=f"{method} {routes.path(signal.url)} answered {signal.status}"[:LONGEST_DETAIL],
        url=signal.url,
        page_url=signal.url if signal.navigation else signal.page_url,
    )


def _broken_link(signal: Signal, scope: Scope) -> Alarm:
    route, name = routes.template(signal.url), _LINK.search(scope.action)
    return Alarm(
        kind="broken_link",
        route=route,
        signal=f"link {route} missing",
        detail=f'Link "{name[1] if name else ""}" led to {routes.path(signal.url)}, which answered {signal.status}',
        url=signal.url,
        page_url=signal.page_url,
    )


def _image(signal: Signal) -> Alarm:
    route = routes.template(signal.url)
    reason = f"answered {signal.status}" if signal.status else f"failed ({signal.text})"
    return Alarm(
        kind="broken_image",
        route=route,
        signal=f"image {route} missing",
        detail=f"Image {routes.path(signal.url)} {reason}"[:LONGEST_DETAIL],
        url=signal.url,
        page_url=signal.page_url,
    )


def _exception(signal: Signal, scope: Scope) -> Alarm | None:
    error, message = stack.name_and_message(signal.text, signal.stack)
    if message == "Script error." and not signal.stack:
        return None  # all that a browser tells of a foreign script
    frames = stack.frames(signal.stack)
    top = frames[0].url if frames else signal.url or signal.page_url
    if not _own(signal.page_url, scope) or (routes.origin(top) and not _own(top, scope)):
        return None
    frame = next((frame for frame in frames if _own(frame.url, scope)), stack.Frame(signal.url or signal.page_url, ""))
    route = routes.template(signal.page_url)
    return Alarm(
        kind="uncaught_exception",
        route=route,
        signal=f"{error}: {of_message(message)} @ {stack.place(frame, signal.page_url)}",
        detail=f"{error}: {message}"[:LONGEST_DETAIL],
        url=frame.url,
        page_url=signal.page_url,
    )


def _console(signal: Signal, scope: Scope) -> Alarm | None:
    script = signal.url or signal.page_url
    if not _own(signal.page_url, scope) or not _own(script, scope) or _BROWSER_LINE.search(signal.text):
        return None
    if routes.template(script).endswith("/favicon.ico"):
        return None
    place = stack.place(stack.Frame(script, ""), signal.page_url)
    return Alarm(
        kind="console_error",
        route=routes.template(signal.page_url),
        signal=f"{of_message(signal.text)} @ {place}",
        detail=signal.text[:LONGEST_DETAIL],
        url=script,
        page_url=signal.page_url,
    )


def _gave_up(signal: Signal, signals: Sequence[Signal]) -> bool:
    """A script complains about a request that was aborted (by leaving the page) or that went to another host."""
    if not _FETCH_GAVE_UP.search(signal.text) and not signal.text.startswith("AbortError"):
        return False
    return "AbortError" in signal.text or any(
        other.kind == "requestfailed"
        and (_GIVEN_UP.search(other.text) or not routes.same_origin(other.url, signal.page_url))
        for other in signals
    )


def _is_probe(signal: Signal) -> bool:
    return signal.resource == "image" and routes.path(signal.url) == f"/{PROBE}"


def _injection(signal: Signal) -> Alarm:
    route = routes.template(signal.page_url)
    return Alarm(
        kind="markup_injection",
        route=route,
        signal=f"markup runs on {route}",
        detail=f"{routes.path(signal.page_url)} showed typed markup unescaped: the browser ran it"[:LONGEST_DETAIL],
        url=signal.page_url,
        page_url=signal.page_url,
    )


def _forbidden(signal: Signal, foreign: Foreign) -> Alarm:
    """A role got what another role's capability opens: whoever marked the signal has looked at what was held."""
    route, method = routes.template(signal.url), signal.method or "GET"
    verb = method if method not in ("GET", "HEAD") else "open" if signal.navigation else "read"
    whose = f'which belongs to "{foreign.capability}" of {foreign.owner}'
    return Alarm(
        kind="forbidden_access",
        route=route,
        signal=f"{method} {route} for {foreign.role}",
        detail=f"{foreign.role} can {verb} {routes.path(signal.url)}, {whose}"[:LONGEST_DETAIL],
        url=signal.url,
        page_url=signal.url if signal.navigation else signal.page_url,
    )


def _own(url: str, scope: Scope) -> bool:
    return routes.origin(url) in scope.origins


def _is_favicon(url: str) -> bool:
    return routes.template(url).rsplit("/", 1)[-1].startswith(("favicon.", "apple-touch-icon"))


_RANK = {
    "forbidden_access": 0,
    "server_error": 0,
    "markup_injection": 0,
    "uncaught_exception": 1,
    "broken_link": 2,
    "broken_image": 2,
    "console_error": 3,
}
_EXPLAINS = {
    "forbidden_access": frozenset({"forbidden_access"}),
    "server_error": frozenset({"console_error", "uncaught_exception"}),
    "uncaught_exception": frozenset({"console_error"}),
}


def lead(alarms: Sequence[Alarm]) -> list[tuple[Alarm, tuple[Alarm, ...]]]:
    """Each cause of one moment with the lesser alarms on the same document that it explains, worst first."""
    leaders: list[tuple[Alarm, list[Alarm]]] = []
    for alarm in sorted(alarms, key=_order):
        cause = next((item for item in leaders if _explains(item[0], alarm)), None)
        if cause:
            cause[1].append(alarm)
        else:
            leaders.append((alarm, []))
    return [(alarm, tuple(also)) for alarm, also in leaders]


def _order(alarm: Alarm) -> tuple[int, bool]:
    """By rank; a forbidden page before what its own scripts asked for, which may have been heard first."""
    return _RANK[alarm.kind], alarm.kind == "forbidden_access" and alarm.url != alarm.page_url


def _explains(cause: Alarm, other: Alarm) -> bool:
    if other.kind not in _EXPLAINS.get(cause.kind, frozenset()):
        return False
    if cause.kind == "forbidden_access" and cause.url != cause.page_url:
        return False  # only a page explains what its scripts ask for
    return cause.page_url.partition("#")[0] == other.page_url.partition("#")[0]


def severity(alarm: Alarm) -> Severity:
    """A first guess: what opens to the wrong people is critical, what stops people is high, what disfigures low."""
    if alarm.kind == "forbidden_access":
        return "critical"
    if alarm.kind == "server_error":
        reading = alarm.signal.startswith(("GET ", "HEAD "))
        return "medium" if reading and alarm.url != alarm.page_url else "high"
    if alarm.kind in ("uncaught_exception", "markup_injection"):
        return "high"
    return "medium" if alarm.kind == "console_error" else "low"


def title(alarm: Alarm) -> str:
    """One line for an issue list. Holds untrusted text of the app: render it as such."""
    match alarm.kind:
        case "server_error":
            method, _, status = alarm.signal.split(" ", 2)
            return f"{method} {alarm.route} answers {status}"
        case "uncaught_exception":
            error, _, message = alarm.detail.partition(": ")
            return f"{error} on {alarm.route}: {_short(message)}"
        case "console_error":
            return f"Console error on {alarm.route}: {_short(alarm.detail)}"
        case "broken_link":
            name, status = _LED.search(alarm.detail), alarm.detail.rsplit(" ", 1)[-1]
            link = f'Link "{_short(name[1])}"' if name and name[1] else "A link"
            return f"{link} leads to a missing page {alarm.route} ({status})"
        case "markup_injection":
            return f"Typed markup runs as part of the page {alarm.route}"
        case "broken_image":
            return f"Image {alarm.route} is missing"
        case "forbidden_access":
            told = _BELONGS.fullmatch(alarm.detail)
            return f"{told[1]} can {told[2]} {alarm.route}, {told[3]}" if told else _short(alarm.detail)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:99] + "…"
