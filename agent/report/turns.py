"""A role's run turn by turn, as a person would tell it: what it did, what happened to it. Pure folds over events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from agent import events as ev
from agent import routes
from agent.evidence.finding import verdict_of

Sort = Literal["finding", "claim", "alarm", "blocker", "trouble", "sign-in", "wait", "epoch", "order", "note", "stop"]
Task = Literal["test", "bug", "setup"]
LONG_WAIT = 1.0
"""Seconds; a shorter wait for the provider is no event of its own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something worth a mark on a timeline. `words` may hold text of the application."""

    turn: int
    sort: Sort
    words: str


@dataclass(slots=True)
class Turn:
    """One turn of a role with its events; `began` is when the one before it ended."""

    number: int
    began: datetime
    ended: datetime
    url: str = ""
    state: str = ""
    events: list[ev.Event] = field(default_factory=list)

    @property
    def payloads(self) -> list[ev.Payload]:
        return [event.payload for event in self.events]

    @property
    def tools(self) -> list[ev.ToolFinished]:
        return [payload for payload in self.payloads if isinstance(payload, ev.ToolFinished)]

    @property
    def steps(self) -> list[str]:
        return [str(step.get("words", "")) for tool in self.tools for step in tool.steps]

    @property
    def task(self) -> Task:
        """What the turn was spent on, as session-based testing counts it: test design and execution, bug investigation
        and reporting, or setup (sign-in, blockers, waiting)."""
        called = {call.get("tool") for p in self.payloads if isinstance(p, ev.ModelReplied) for call in p.calls}
        failed = any(isinstance(p, ev.ClaimChecked) and p.outcome == "fails" for p in self.payloads)
        if "report_finding" in called or failed:
            return "bug"
        stood = (ev.BlockerMet, ev.SignedInAgain, ev.CircuitOpened)
        if any(isinstance(p, stood) for p in self.payloads):
            return "setup"
        statuses = [tool.status for tool in self.tools]
        return "setup" if statuses and all(status != "ok" for status in statuses) else "test"


@dataclass(frozen=True, slots=True)
class Written:
    """Data that a role sent to the application in one turn, in the words of the steps."""

    role: str
    turn: int
    page: str
    steps: tuple[str, ...]


@dataclass(slots=True)
class RoleTale:
    """`marks` are in the order in which they happened; what came after the last turn is marked there."""

    role: str
    turns: list[Turn] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    began: datetime | None = None
    ended: datetime | None = None
    stopped: str = ""
    detail: str = ""
    picture: str = ""

    @property
    def waited(self) -> float:
        """Seconds for the model's provider."""
        replies = (p for turn in self.turns for p in turn.payloads)
        return sum(p.waited for p in replies if isinstance(p, ev.ModelReplied | ev.ModelWaited))


def tales(events: Sequence[ev.Event]) -> Mapping[str, RoleTale]:
    """By role, in the order of the run; a role that never began has an empty one."""
    names = [name for e in events if isinstance(e.payload, ev.RunStarted) for name in e.payload.roles]
    found = {name: RoleTale(name) for name in dict.fromkeys([*names, *(e.role for e in events if e.role)])}
    open_turns: dict[str, list[ev.Event]] = {name: [] for name in found}
    for event in events:
        if event.role in found:
            _tell(found[event.role], event, open_turns[event.role])
        elif isinstance(event.payload, ev.Steered):
            for tale in found.values():
                tale.marks += _marks(tale, event.payload) if not tale.stopped else []
    return found


def written(tale: RoleTale) -> tuple[Written, ...]:
    """What the role may have left in the application: fields that were filled and then sent."""
    found: list[Written] = []
    filled: list[str] = []
    for turn in tale.turns:
        for tool in turn.tools:
            for step in tool.steps:
                action, words = step.get("action"), str(step.get("words", ""))
                if action in ("fill", "select", "check"):
                    filled.append(words)
                elif action in ("goto", "back", "reload"):
                    filled.clear()
                elif filled and action in ("click", "double_click", "press") and tool.status == "ok":
                    page = routes.path(tool.url_before) if tool.url_before else ""
                    found.append(Written(tale.role, turn.number, page, (*filled, words)))
                    filled.clear()
    return tuple(found)


def _tell(tale: RoleTale, event: ev.Event, pending: list[ev.Event]) -> None:
    payload = event.payload
    tale.began = tale.began or event.at
    tale.ended = event.at if not tale.stopped else tale.ended
    tale.marks += _marks(tale, payload)
    pending.append(event)
    match payload:
        case ev.TurnEnded(iteration=number, url=url, state=state):
            began = tale.turns[-1].ended if tale.turns else tale.began
            tale.turns.append(Turn(number, began, event.at, url, state, list(pending)))
            pending.clear()
        case ev.RoleStopped(reason=reason, detail=detail, picture=picture):
            tale.stopped, tale.detail, tale.picture = reason, detail, picture


def _marks(tale: RoleTale, payload: ev.Payload) -> list[Mark]:
    # What happens while nothing is done yet belongs to the turn that is under way.
    last = tale.turns[-1].number if tale.turns else 0
    during = last + (0 if tale.stopped else 1)
    return [Mark(max(turn, 1), sort, words) for turn, sort, words in _marked(payload, last, during)]


def _marked(payload: ev.Payload, last: int, during: int) -> Iterable[tuple[int, Sort, str]]:
    match payload:
        case ev.VerdictReached(verdict=kind, finding=finding) if verdict_of(kind, finding).proven:
            yield during, "finding", f"Proved: {finding.get('title', '')}"
        case ev.FindingKnown(title=title, reference=reference):
            yield during, "finding", f"Known already: {title} {reference}".strip()
        case ev.ClaimChecked(claim=claim, outcome="fails"):
            yield during, "claim", f"A claim failed: {claim.get('reason', '')}"
        case ev.AlarmRaised(alarm=alarm):
            yield during, "alarm", f"Alarm: {alarm.get('signal', '')}"
        case ev.BlockerMet(what=what, recovery=recovery, overcome=overcome):
            yield during, "blocker", f"{what}: {recovery}" if overcome else f"{what}: not overcome"
        case ev.CircuitOpened(what=what, detail=detail):
            yield during, "trouble", f"{what.replace('_', ' ')}: {detail}"
        case ev.SignedInAgain(how=how):
            yield during, "sign-in", f"Signed in again ({how.replace('_', ' ')})"
        case ev.RoleStarted() if last:
            yield during, "sign-in", "Taken up again after an interruption"
        case ev.ModelReplied(waited=waited, faults=faults) if waited >= LONG_WAIT:
            yield during, "wait", f"Waited {waited:.0f} s for the provider{_of(faults)}"
        case ev.ModelWaited(waited=waited, faults=faults, end=end):
            yield during, "wait", f"Waited {waited:.0f} s for the provider, {end.replace('_', ' ')}{_of(faults)}"
        case ev.EpochClosed(number=number, kept=kept, turns=turns):
            yield during, "epoch", f"Epoch {number} closed: {kept} of {turns} turns kept as they were"
        case ev.Steered(order=order, text=text, by=by):
            yield during, "order", f"{by or 'A person'} said {order}{f': {text}' if text else ''}"
        case ev.CapabilityNoted(name=name, status=status):
            yield during, "note", f"{name}: {status.replace('_', ' ')}"
        case ev.RoleStopped(reason=reason, detail=detail):
            yield last, "stop", detail or reason
        case _:
            return


def _of(faults: Sequence[str]) -> str:
    return f" ({', '.join(dict.fromkeys(faults))})" if faults else ""
