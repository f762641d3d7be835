"""Which calls did not reach the app, or the browser or server that was to make them. Pure; asks and counts nothing."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from agent import routes
from agent.target import GATEWAY
from agent.tools.connection import CONNECTION, LATE, unconnected, unreached
from agent.tools.egress import origin_of
from agent.tools.surface import Signal, ToolResult

Sort = Literal["refused", "gateway", "slow", "browser"]
# What a page cannot do without. A missing picture alone says nothing about the server.
VITAL = frozenset({"document", "fetch", "xhr", "script", "eventsource"})
NAVIGATION = re.compile(r"^Error: .*Timeout \d+ms exceeded.*navigating to", re.S)
LOST = "session lost"


@dataclass(frozen=True, slots=True)
class Failure:
    """One call that did not get through. `url` is what did not answer, empty where none is known."""

    sort: Sort
    url: str = ""
    text: str = ""
    route: str = ""
    """The route's template; an origin where it is not the app's first one."""


def failure_of(result: ToolResult, origins: Sequence[str], left: Collection[str] = ()) -> Failure | None:
    """What of a call did not connect to one of the app's `origins`, but for the routes `left`, or to the browser or
    server that was to do it; or was answered by what may stand in front of the app."""
    for signal in _cut_off(result, origins, left):
        if signal.navigation or signal.resource in VITAL:
            return Failure("refused", signal.url, _reason(signal.text), _route(signal.url, origins))
    for signal in result.signals:
        if _from_a_gateway(signal, origins) and _route(signal.url, origins) not in left:
            return Failure("gateway", signal.url, f"HTTP status {signal.status}", _route(signal.url, origins))
    # In an answer of the browser only the host's notice is beyond doubt; other servers have no page to quote.
    said = result.notice if result.before is not None else result.told
    if result.status == "lost" or (result.status == "tool_error" and LOST in said):
        return Failure("browser", text=said.partition("\n")[0])
    if LATE in said or (result.status == "tool_error" and NAVIGATION.search(result.text)):
        return Failure("slow", text="no answer in time")
    after = result.after
    if result.status == "ok" and result.before and after and unreached(after.url):
        return Failure("refused", text="the browser shows its error page")
    return None


def answered(result: ToolResult, origins: Sequence[str], left: Collection[str] = ()) -> bool:
    """The app spoke during a call, and nothing of it failed to connect: a page from the cache also looks like an
    answer, but its pictures do not."""
    if _cut_off(result, origins, left):
        return False
    return any(signal.kind == "response" and origin_of(signal.url) in origins for signal in result.signals)


def _cut_off(result: ToolResult, origins: Sequence[str], left: Collection[str]) -> list[Signal]:
    return [item for item in result.signals if unconnected(item, origins) and _route(item.url, origins) not in left]


def _route(url: str, origins: Sequence[str]) -> str:
    origin = origin_of(url) or ""
    return routes.template(url) if origin == origins[0] else origin


def _from_a_gateway(signal: Signal, origins: Sequence[str]) -> bool:
    """A page was answered with what proxies say of an app that is away; the app itself may also say it of a page."""
    page = signal.kind == "response" and signal.navigation and signal.status in GATEWAY
    return page and origin_of(signal.url) in origins


def _reason(text: str) -> str:
    found = CONNECTION.search(text)
    return found[0] if found else ""
