"""Was the place of the symptom really reached? Silence counts only there. Pure."""

from collections.abc import Sequence

from agent import routes
from agent.evidence.finding import Alarm
from agent.tools.surface import Signal

# What an endpoint answers that is not there any more; other refusals (400, 409, 422) are ways to mend a fault.
GONE = frozenset({404, 405, 410, 501})
# What stands in front of the app answers so when the app is away: no symptom of the app.
AWAY = frozenset({502, 503, 504})


def missed(oracle: Alarm, signals: Sequence[Signal], pages: Sequence[str]) -> str:
    """Why the absence of the alarm proves nothing; empty when it does.

    `signals` are those since the trigger began, `pages` the addresses of the page before and after it.
    """
    match oracle.kind:
        case "server_error":
            method, route = oracle.signal.split(" ", 2)[:2]
            return _unanswered(method, route, signals)
        case "broken_link":
            return _no_arrival(signals)
        case "forbidden_access":
            method, route = oracle.signal.split(" ", 2)[:2]
            return _untried(method, route, signals)
        case _:
            return _off_page(routes.template(oracle.page_url), signals, pages)


def refuses(status: int) -> bool:
    """The page is not there, not for this role, or its environment is away. A 500 is an answer: another symptom."""
    return 400 <= status < 500 or status in AWAY


def _unanswered(method: str, route: str, signals: Sequence[Signal]) -> str:
    answers = [signal for signal in signals if signal.kind == "response" and signal.method == method]
    statuses = [signal.status or 0 for signal in answers if routes.template(signal.url) == route]
    if not statuses:
        return f"{method} {route} was not requested any more, so nothing is known of it."
    if statuses[-1] in GONE:
        return f"{method} {route} answered {statuses[-1]}: it is not there any more."
    if statuses[-1] in AWAY:
        return f"{method} {route} answered {statuses[-1]}: the environment is not healthy."
    if statuses[-1] in (401, 403):
        return f"{method} {route} answered {statuses[-1]}: the role may not go there any more."
    return ""


def _untried(method: str, route: str, signals: Sequence[Signal]) -> str:
    """A refusal is what was wanted, so any answer counts but that of an app which is not well."""
    answers = [signal for signal in signals if signal.kind == "response" and signal.method == method]
    statuses = [signal.status or 0 for signal in answers if routes.template(signal.url) == route]
    if not statuses:
        return f"{method} {route} was not requested any more, so nothing is known of it."
    if statuses[-1] >= 500:
        return f"{method} {route} answered {statuses[-1]}, which says nothing about who may go there."
    return ""


def _no_arrival(signals: Sequence[Signal]) -> str:
    arrivals = [signal for signal in signals if signal.kind == "response" and signal.navigation]
    if not arrivals:
        return "The link did not open a page."
    last = arrivals[-1]
    if refuses(last.status or 0):
        return f"The link led to {routes.template(last.url)}, which answered {last.status}."
    return ""


def _off_page(route: str, signals: Sequence[Signal], pages: Sequence[str]) -> str:
    arrivals = [signal for signal in signals if signal.kind == "response" and signal.navigation]
    bad = next((s for s in arrivals if routes.template(s.url) == route and refuses(s.status or 0)), None)
    if bad:
        return f"The page {route} answered {bad.status}."
    if route in {routes.template(url) for url in (*pages, *(signal.url for signal in arrivals))}:
        return ""
    return f"The page {route} was not reached."
