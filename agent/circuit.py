"""A role's circuit breaker: counts failures in a row, finds out what is gone, waits for an app to come back.

`Circuit` is pure state over tool results; `diagnose` is the one function that asks the network; `Breaker` keeps both
for a role. That a server is down is no fault of the app's code: it ends roles, and makes one observation in a run.
"""

import time
from asyncio import sleep
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from agent import events as ev
from agent import routes
from agent.charter import Profile
from agent.events import Event
from agent.failures import Failure, answered, failure_of
from agent.stopping import Stop, StopReason
from agent.target import PAUSE, ask
from agent.tools.egress import allowed_origins
from agent.tools.surface import ToolResult

Outcome = Literal["", "app_down", "route_down", "browser_gone", "back", "slow", "unsteady"]
# A server that thinks for 20 seconds is slow, not down.
PROBE_SECONDS = 30.0
SHORTEST_PROBE = 2.0
SLOW_SECONDS = 5.0
PLACES = 5
TITLE = "The application went down during the run"
AWAY = "the application does not answer"


@dataclass(frozen=True, slots=True)
class Circuit:
    """The failures in a row of one role's tools since `since`; of the first `asked` it is known that the app answered
    afterwards. `left` are the routes that are known not to answer: what fails there is not counted again."""

    origins: tuple[str, ...]
    limit: int = 5
    failures: tuple[Failure, ...] = ()
    since: datetime | None = None
    asked: int = 0
    left: frozenset[str] = frozenset()

    def after(self, results: Sequence[ToolResult], now: datetime) -> "Circuit":
        """Calls that neither fail nor hear the app (typing, looking) change nothing."""
        circuit = self
        for result in results:
            if failure := failure_of(result, self.origins, self.left):
                failures = (*circuit.failures, failure)
                circuit = replace(circuit, failures=failures, since=circuit.since or now)
            elif answered(result, self.origins, self.left):
                circuit = circuit.closed()
        return circuit

    def settled(self, found: "Diagnosis") -> "Circuit":
        """After the app was asked: only a row that means nothing yet is counted on."""
        if not found.outcome:
            row = self.without_answers()
            return replace(row, asked=len(row.failures))
        left = self.left | {found.route} if found.outcome == "route_down" else self.left
        return replace(self.closed(), left=left)

    def without_answers(self) -> "Circuit":
        """Once the app itself was heard: what looked like a gateway's word was an answer of the app's own, which ends
        the row before it."""
        own = max((number for number, item in enumerate(self.failures, 1) if item.sort == "gateway"), default=0)
        return replace(self, failures=self.failures[own:]) if own < len(self.failures) else self.closed()

    def closed(self) -> "Circuit":
        return replace(self, failures=(), since=None, asked=0)

    @property
    def open(self) -> bool:
        return len(self.failures) >= self.limit

    @property
    def in_doubt(self) -> bool:
        """The last call was refused outright, or answered by what may stand in front of the app, so that the app is
        worth asking before a model is."""
        return len(self.failures) > self.asked and self.failures[-1].sort in ("refused", "gateway")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is gone: `app_down` and `browser_gone` end the role; `route_down`, `slow` and `unsteady` are told to it, and
    so is `back` (away for a moment). Empty: nothing, or not yet enough. `failures` counts calls and probes in a row.
    """

    outcome: Outcome = ""
    sentence: str = ""
    route: str = ""
    failures: int = 0

    @property
    def stop(self) -> Stop | None:
        reasons = {"app_down": StopReason.TARGET_DOWN, "browser_gone": StopReason.BROWSER_LOST}
        reason = reasons.get(self.outcome)
        return Stop(reason, self.sentence) if reason else None

    @property
    def payloads(self) -> tuple[ev.Payload, ...]:
        """For the journal."""
        if self.outcome in ("app_down", "route_down", "browser_gone"):
            return (ev.CircuitOpened(self.outcome, self.route, self.failures, self.sentence),)
        if self.outcome == "back":
            return (ev.BlockerMet("the application did not answer", self.sentence, True),)
        return ()

    @property
    def told(self) -> str:
        """The host's own words for the role; it quotes no page, `route` is the app's word and belongs in a fence."""
        match self.outcome:
            case "route_down":
                return (
                    "Several calls in a row could not connect to one route, while the rest of the application "
                    "answers. Leave that route and go on elsewhere; it is written down already and is no finding."
                )
            case "back":
                return "The application did not answer for a moment and is back. What the last call did is unknown."
            case "slow":
                return "The application answers, but slowly. That is known; prefer pages that need little of it."
            case "unsteady":
                return "Connections to the application failed for a while; it answers now. That is no finding."
            case _:
                return ""


async def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wait:
    """How long an app that went away is waited for, in seconds, and who may end that earlier."""

    patience: float = 20.0
    give_up: Callable[[], Awaitable[bool]] = _never


async def diagnose(circuit: Circuit, origin: str, wait: Wait, *, lost: bool = False) -> Diagnosis:
    """Asks the app at its origin when there is reason to; that a browser or a sign-in was `lost` is one. Takes
    milliseconds while it answers, up to `wait` and some seconds while it does not, up to PROBE_SECONDS while it only
    hesitates."""
    if not (circuit.open or circuit.in_doubt or lost):
        return Diagnosis()
    started = time.monotonic()
    reply = await ask(origin, PROBE_SECONDS, head=False)
    if reply.away:
        return await _wait_for(circuit, origin, wait, _Silence(started, reply.away))
    row = circuit.without_answers()
    if not row.open:
        return Diagnosis()
    return _while_up(row, time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Silence:
    """Probes in a row that brought no answer of the app, since `started` on the monotonic clock; `why` the last."""

    started: float
    why: str
    probes: int = 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


async def _wait_for(circuit: Circuit, origin: str, wait: Wait, silence: _Silence) -> Diagnosis:
    """Until the app is back, or both the patience is over and enough failed in a row to be sure."""
    while silence.seconds < wait.patience or len(circuit.failures) + silence.probes < circuit.limit:
        if await wait.give_up():
            return Diagnosis()
        await sleep(PAUSE)
        left = wait.patience - silence.seconds
        reply = await ask(origin, min(PROBE_SECONDS, max(left, SHORTEST_PROBE)), head=False)
        if not reply.away:
            sentence = f"waited {silence.seconds:.0f} s until it answered again"
            return Diagnosis("back", sentence, failures=silence.probes)
        silence = replace(silence, why=reply.away, probes=silence.probes + 1)
    since = f" since {circuit.since:%H:%M:%S} UTC" if circuit.since else ""
    calls = f"{_calls(circuit.failures)} and " if circuit.failures else ""
    sentence = (
        f"The application at {origin} does not answer{since}: {calls}{silence.probes} probes in a row got no answer "
        f"from it (the last: {silence.why}), and it did not come back within {silence.seconds:.0f} seconds."
    )
    return Diagnosis("app_down", sentence, failures=len(circuit.failures) + silence.probes)


def _while_up(circuit: Circuit, seconds: float) -> Diagnosis:
    """What an open circuit means when the origin answers, after `seconds`."""
    failures, count = circuit.failures, len(circuit.failures)
    sorts = {failure.sort for failure in failures}
    if seconds >= SLOW_SECONDS or sorts == {"slow"}:
        return Diagnosis("slow", f"It answers after {seconds:.0f} s.", failures=count)
    if sorts == {"browser"}:
        last = failures[-1].text
        sentence = f"The role's tools broke {count} times in a row while the application answered (the last: {last})."
        return Diagnosis("browser_gone", sentence, failures=count)
    gone = {failure.route for failure in failures if failure.route}
    if len(gone) == 1 and "slow" not in sorts:
        (route,) = gone
        sentence = (
            f"{route} does not answer: {_calls(failures)} in a row could not connect "
            f"(the last: {failures[-1].text}), while the rest of the application answers."
        )
        return Diagnosis("route_down", sentence, route, count)
    return Diagnosis("unsteady", "Connections failed; the application answers now.", failures=count)


class Breaker:
    """One role's circuit, for as long as it works. `now` tells the time in UTC."""

    def __init__(self, profile: Profile, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._origin = profile.url
        self._patience = profile.resilience.patience
        self._now = now
        origins = allowed_origins(profile.url, profile.allowed_origins)
        self.circuit = Circuit(origins, profile.resilience.connection_failures)

    @property
    def reason(self) -> str:
        """Why further calls of this turn are not made, empty when they may be: first the app is asked."""
        return AWAY if self.circuit.open or self.circuit.in_doubt else ""

    def hear(self, result: ToolResult) -> str:
        """Takes one call's result and answers with `reason`."""
        self.circuit = self.circuit.after((result,), self._now())
        return self.reason

    async def settle(self, give_up: Callable[[], Awaitable[bool]] = _never, *, lost: bool = False) -> Diagnosis:
        """At the end of a turn, or when a browser or a sign-in was `lost`: what the failures mean. Afterwards calls may
        be made again unless the role ends."""
        found = await diagnose(self.circuit, self._origin, Wait(self._patience, give_up), lost=lost)
        self.circuit = self.circuit.settled(found)
        return found


def trouble(events: Sequence[Event]) -> ev.ObservationNoted | None:
    """The one observation that a run makes of an app that went down; None when it did not, or it is noted already."""
    opened = [e for e in events if isinstance(e.payload, ev.CircuitOpened) and e.payload.what == "app_down"]
    noted = any(isinstance(e.payload, ev.ObservationNoted) and e.payload.title == TITLE for e in events)
    if not opened or noted:
        return None
    first = opened[0].payload
    assert isinstance(first, ev.CircuitOpened)
    names = ", ".join(dict.fromkeys(event.role for event in opened if event.role))
    ended = f" It ended {names}." if names else ""
    return ev.ObservationNoted(TITLE, f"{first.detail}{ended} It is trouble of the infrastructure, not a finding.")


def _calls(failures: Sequence[Failure]) -> str:
    count = len(failures)
    places = list(dict.fromkeys(routes.path(failure.url) for failure in failures if failure.url))
    shown = ", ".join(places[:PLACES]) + (", …" if len(places) > PLACES else "")
    return f"{count} {'call' if count == 1 else 'calls'}{f' ({shown})' if shown else ''}"
