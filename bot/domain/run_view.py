"""What of a run's journal is shown to people: a pure fold, beside the ledger, that also keeps the last steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent import events as ev
from agent.evidence.finding import verdict_of
from agent.ledger import Ledger, fold

LAST_STEPS = 5


@dataclass(frozen=True, slots=True)
class RoleView:
    """`steps` are the last ones, oldest first, as a person would write them (foreign text)."""

    name: str
    turns: int = 0
    url: str = ""
    pages: int = 0
    tested: int = 0
    stopped: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """The latest verdict on one suspicion."""

    fingerprint: str
    title: str
    severity: str
    verdict: str
    hits: int
    runs: int
    proven: bool = False


@dataclass(frozen=True, slots=True)
class RunView:
    roles: tuple[RoleView, ...] = ()
    proofs: tuple[Proof, ...] = ()
    proving: int = 0
    observations: tuple[ev.ObservationNoted, ...] = ()
    blockers: tuple[ev.BlockerMet, ...] = ()
    orders: tuple[ev.Steered, ...] = ()
    plan: tuple[Mapping[str, Any], ...] = ()
    """JSON forms of agent.planning.PlanItem, riskiest first."""
    tokens: int = 0

    @property
    def turns(self) -> int:
        return sum(role.turns for role in self.roles)

    @property
    def proven(self) -> tuple[Proof, ...]:
        return tuple(proof for proof in self.proofs if proof.proven)

    def of_verdict(self, verdict: str) -> tuple[Proof, ...]:
        return tuple(proof for proof in self.proofs if proof.verdict == verdict)


def view(events: Iterable[ev.Event]) -> RunView:
    journal = tuple(events)
    ledger = fold(Ledger(), journal)
    names: dict[str, None] = {}
    steps: dict[str, tuple[str, ...]] = {}
    proofs: dict[str, Proof] = {}
    plan: tuple[Mapping[str, Any], ...] = ()
    for event in journal:
        match event.payload:
            case ev.RunStarted(roles=roles):
                names |= dict.fromkeys(roles)
            case ev.ToolFinished() as tool if event.role:
                steps[event.role] = (*steps.get(event.role, ()), _words(tool))[-LAST_STEPS:]
            case ev.PlanMade(items=items):
                plan = items
            case ev.VerdictReached() as reached:
                proofs[reached.fingerprint] = _proof(reached)
    names |= dict.fromkeys(ledger.roles)
    return RunView(
        roles=tuple(_role(ledger, name, steps.get(name, ())) for name in names),
        proofs=tuple(proofs.values()),
        proving=len(ledger.pending),
        observations=ledger.observations,
        blockers=ledger.blockers,
        orders=ledger.orders,
        plan=plan,
        tokens=ledger.tokens,
    )


def _role(ledger: Ledger, name: str, steps: tuple[str, ...]) -> RoleView:
    info = ledger.roles.get(name)
    noted = [status for (role, _), status in ledger.capabilities.items() if role == name]
    tested = sum(status in ("works", "broken") for status in noted)
    return RoleView(
        name=name,
        turns=info.iterations if info else 0,
        url=info.url if info else "",
        pages=len(ledger.visited.get(name, ())),
        tested=tested,
        stopped=(info.detail or info.stopped) if info else "",
        steps=steps,
    )


def _words(tool: ev.ToolFinished) -> str:
    said = [str(step.get("words") or "") for step in tool.steps if isinstance(step, Mapping)]
    return next((words for words in reversed(said) if words), tool.tool)


def _proof(reached: ev.VerdictReached) -> Proof:
    verdict = verdict_of(reached.verdict, reached.finding)
    return Proof(
        fingerprint=reached.fingerprint,
        title=str(reached.finding.get("title", "")),
        severity=str(reached.finding.get("severity", "")),
        verdict=reached.verdict,
        hits=verdict.hits,
        runs=verdict.runs,
        proven=verdict.proven,
    )
