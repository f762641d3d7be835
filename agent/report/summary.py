"""What a run came to, as data. A pure fold over its events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent import events as ev
from agent.effort import RoleEffort, efforts
from agent.evidence.finding import Finding, finding_from_json
from agent.ledger import Ledger, fold
from agent.suspicions import plain_record

LAST_STEPS = 3


@dataclass(frozen=True, slots=True)
class RoleSummary:
    """`state` is waiting, exploring or the word of its stop reason; `steps` the last ones in words, newest last."""

    name: str
    iteration: int = 0
    state: str = "waiting"
    detail: str = ""
    url: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Seen again: it has an issue already."""

    fingerprint: str
    title: str
    reference: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """`findings` holds the last verdict of each fingerprint, whatever it was; `proving` the titles that wait."""

    state: str
    detail: str
    build: str
    started: datetime | None
    ended: datetime | None
    roles: tuple[RoleSummary, ...]
    findings: tuple[Finding, ...]
    known: tuple[Known, ...]
    proving: tuple[str, ...]
    observations: tuple[ev.ObservationNoted, ...]
    blockers: tuple[ev.BlockerMet, ...]
    efforts: Mapping[str, RoleEffort]

    @property
    def input_tokens(self) -> int:
        return sum(effort.input_tokens for effort in self.efforts.values())

    @property
    def output_tokens(self) -> int:
        return sum(effort.output_tokens for effort in self.efforts.values())

    @property
    def price(self) -> float | None:
        """US dollars; None when some call has no known price."""
        unpriced = any(effort.unpriced for effort in self.efforts.values())
        return None if unpriced else sum(effort.usd for effort in self.efforts.values())

    @property
    def iterations(self) -> int:
        return sum(role.iteration for role in self.roles)

    @property
    def confirmed(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.verdict.proven)


def summary(events: Sequence[ev.Event]) -> RunSummary:
    """Pure: the same events give the same summary, in the middle of a run as well as after it."""
    ledger = fold(Ledger(), events)
    payloads = [event.payload for event in events]
    started = [payload for payload in payloads if isinstance(payload, ev.RunStarted)]
    ended = [payload for payload in payloads if isinstance(payload, ev.RunEnded)]
    names = dict.fromkeys([*(started[0].roles if started else ()), *ledger.roles])
    verdicts = {p.fingerprint: p for p in payloads if isinstance(p, ev.VerdictReached)}
    known = {
        p.fingerprint: Known(p.fingerprint, p.title, p.reference) for p in payloads if isinstance(p, ev.FindingKnown)
    }
    return RunSummary(
        state=ledger.ended or ("running" if started else "waiting"),
        detail=ended[-1].detail if ended else "",
        build=started[-1].build if started else "",
        started=events[0].at if events else None,
        ended=events[-1].at if ended else None,
        roles=tuple(_role(name, ledger, events) for name in names),
        findings=tuple(finding_from_json(plain_record(p.finding)) for p in verdicts.values()),
        known=tuple(Known(p.fingerprint, p.title, p.reference) for p in known.values()),
        proving=tuple(str(suspicion["title"]) for suspicion in ledger.pending.values()),
        observations=ledger.observations,
        blockers=ledger.blockers,
        efforts=efforts(events),
    )


def _role(name: str, ledger: Ledger, events: Sequence[ev.Event]) -> RoleSummary:
    info = ledger.roles.get(name)
    if info is None:
        return RoleSummary(name)
    steps: list[str] = []
    for event in reversed(events):
        if event.role == name and isinstance(event.payload, ev.ToolFinished):
            steps += [str(step["words"]) for step in reversed(event.payload.steps)]
        if len(steps) >= LAST_STEPS:
            break
    last = tuple(reversed(steps[:LAST_STEPS]))
    return RoleSummary(name, info.iterations, info.stopped or "exploring", info.detail, info.url, last)
