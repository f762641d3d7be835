"""What is known of a run: a pure fold over its events. Never written to directly, never stored.

`fold(fold(empty, a), b) == fold(empty, a + b)`; resuming a run is folding its journal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from agent import events as ev
from agent import routes
from agent.coverage import coverage as covering
from agent.coverage.actions import signature
from agent.coverage.coverage import Coverage


@dataclass(frozen=True, slots=True)
class StateInfo:
    """A state of the app: a route template in one shape. `url` is where it was first met."""

    key: str
    url: str
    visits: int = 0
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoleInfo:
    iterations: int = 0
    url: str = ""
    stopped: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """`tried` counts actions by (role, state key, action signature), see `signature`; `alarms` sightings and
    `verdicts` outcomes by fingerprint; `pending` holds suspicions without a verdict; `known` has issues already."""

    seq: int = 0
    states: Mapping[str, StateInfo] = field(default_factory=dict)
    tried: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    visited: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URLs (path and query) by role."""
    capabilities: Mapping[tuple[str, str], str] = field(default_factory=dict)
    alarms: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, Mapping] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    """Outcome by the claim's own text (subject, predicate, expected)."""
    observations: tuple[ev.ObservationNoted, ...] = ()
    blockers: tuple[ev.BlockerMet, ...] = ()
    roles: Mapping[str, RoleInfo] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    """Proofs by fingerprint."""
    started: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Tools by (role, call) that were begun and did not come back: their effect is unknown."""
    coverage: Coverage = field(default_factory=Coverage)
    orders: tuple[ev.Steered, ...] = ()
    """What people told the run, oldest first."""
    tokens: int = 0
    ended: str = ""


def fold(ledger: Ledger, events: Iterable[ev.Event]) -> Ledger:
    seq, coverage = ledger.seq, ledger.coverage
    for event in events:
        seq, coverage = event.seq, covering.fold(coverage, event)
        ledger = _fold_one(ledger, event)
    return replace(ledger, seq=seq, coverage=coverage)


def _fold_one(ledger: Ledger, event: ev.Event) -> Ledger:
    match event.payload:
        case ev.ToolStarted(call_id=call, tool=tool):
            return replace(ledger, started={**ledger.started, (event.role, call): tool})
        case ev.ToolFinished() as tool:
            return _fold_tool(ledger, event.role, tool)
        case ev.TurnEnded(iteration=iteration, state=state, url=url):
            info = replace(ledger.roles.get(event.role, RoleInfo()), iterations=iteration, url=url)
            ledger = _visit(ledger, event.role, state, routes.path(url))
            return replace(ledger, roles={**ledger.roles, event.role: info})
        case ev.RoleStopped(reason=reason, detail=detail):
            info = replace(ledger.roles.get(event.role, RoleInfo()), stopped=reason, detail=detail)
            return replace(ledger, roles={**ledger.roles, event.role: info})
        case ev.RoleStarted(url=url):
            # A role that goes on is still where its last turn ended, until it was taken back there.
            info = ledger.roles.get(event.role, RoleInfo())
            info = replace(info, url=info.url or url)
            started = {key: tool for key, tool in ledger.started.items() if key[0] != event.role}
            return replace(ledger, roles={**ledger.roles, event.role: info}, started=started)
        case ev.ModelReplied(input_tokens=given, output_tokens=made):
            return replace(ledger, tokens=ledger.tokens + given + made)
        case ev.CapabilityNoted(name=name, status=status):
            return replace(ledger, capabilities={**ledger.capabilities, (event.role, name): status})
        case ev.ObservationNoted() as note:
            return ledger if note in ledger.observations else replace(ledger, observations=(*ledger.observations, note))
        case ev.BlockerMet() as blocker:
            return replace(ledger, blockers=(*ledger.blockers, blocker))
        case ev.ClaimChecked(claim=claim, outcome=outcome):
            key = f"{claim.get('subject')} {claim.get('predicate')} {claim.get('expected')}"
            return replace(ledger, claims={**ledger.claims, key: outcome})
        case ev.Steered() as order:
            return replace(ledger, orders=(*ledger.orders, order))
        case ev.RunEnded(state=state):
            return replace(ledger, ended=state)
        case _:
            return _fold_finding(ledger, event.payload)


def _fold_finding(ledger: Ledger, payload: ev.Payload) -> Ledger:
    match payload:
        case ev.AlarmRaised(fingerprint=key):
            return replace(ledger, alarms={**ledger.alarms, key: ledger.alarms.get(key, 0) + 1})
        case ev.FindingSuspected(fingerprint=key, suspicion=suspicion):
            return replace(ledger, pending={**ledger.pending, key: suspicion})
        case ev.FindingKnown(fingerprint=key, reference=reference):
            return replace(ledger, pending=_without(ledger.pending, key), known={**ledger.known, key: reference})
        case ev.VerdictReached(fingerprint=key, verdict=verdict):
            attempts = {**ledger.attempts, key: ledger.attempts.get(key, 0) + 1}
            verdicts = {**ledger.verdicts, key: verdict}
            return replace(ledger, pending=_without(ledger.pending, key), verdicts=verdicts, attempts=attempts)
        case _:
            return ledger


def _fold_tool(ledger: Ledger, role: str, tool: ev.ToolFinished) -> Ledger:
    key = (role, tool.state_before, signature(tool.tool, tool.args, tool.target))
    started = _without(ledger.started, (role, tool.call_id)) if tool.writes else ledger.started
    ledger = replace(ledger, started=started, tried={**ledger.tried, key: ledger.tried.get(key, 0) + 1})
    if not tool.url_after:
        return ledger
    return _visit(ledger, role, tool.state_after, routes.path(tool.url_after))


def _without(mapping: Mapping, key: object) -> dict:
    return {other: value for other, value in mapping.items() if other != key}


def _visit(ledger: Ledger, role: str, state: str, url: str) -> Ledger:
    before = ledger.visited.get(role, frozenset())
    visited = {**ledger.visited, role: before | {url}} if url and url not in before else ledger.visited
    if not state:
        return replace(ledger, visited=visited)
    info = ledger.states.get(state, StateInfo(state, url))
    info = replace(info, visits=info.visits + 1, roles=info.roles | {role})
    return replace(ledger, visited=visited, states={**ledger.states, state: info})
