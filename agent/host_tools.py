"""What the host's own tools do: note, check, report, finish. Their words are in host_specs.py.

Arguments come from a model, so they are parsed; what a call means for the run comes back as events.
"""

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from agent import events as ev
from agent import routes
from agent.budget import Budget
from agent.charter import Role
from agent.context import observation
from agent.evidence.finding import Alarm, Claim, Verdict
from agent.grounds import JUDGED, TESTED, Grounds
from agent.host_specs import LONGEST, TOOLS, Check, Finish, NoteCapability, ReportFinding
from agent.ledger import Ledger
from agent.suspicions import ATTEMPTS
from agent.tools.surface import ToolCall

NEAR = 0.8
"""From here on two names are the same but for a slip."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An evaluated claim: `trigger` is the last acting call before it, `url` the page it was evaluated on."""

    claim: Claim
    outcome: str
    actual: str
    url: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A failed claim that the role wants proved, by its number."""

    number: int
    checked: Checked
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What a host tool may know of now. `evaluate` gives (outcome, actual) of a claim on the page."""

    budget: Budget
    url: str
    trigger: str
    evaluate: Callable[[Claim], Awaitable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """`text` is the host's own, `quoted` what the page wrote. `handed` is answered by whoever starts its proof;
    `finished` is the summary when the role is done."""

    text: str
    ok: bool = True
    payloads: tuple[ev.Payload, ...] = ()
    quoted: str = ""
    handed: Handed | None = None
    finished: str | None = None


class HostTools:
    """The numbered alarms and claims of one role, and what its statuses rest on. Rebuilt from the journal when a run is
    resumed. A claim has a number when it could be judged."""

    def __init__(self, role: Role, ledger: Ledger, events: Sequence[ev.Event]):
        self._capabilities = role.capabilities
        self._grounds = Grounds(role.capabilities, role.grants)
        self._noted = {name for (who, name) in ledger.capabilities if who == role.name}
        self._alarms: dict[str, tuple[int, str]] = {}
        self._claims: list[Checked] = []
        self._handed: dict[str, int] = {}
        self._restore(role.name, events)

    def witness(self, done: ev.ToolFinished) -> None:
        """What the role did, as evidence for its capabilities."""
        self._grounds.see(done)

    def add_alarm(self, fingerprint: str, alarm: Alarm) -> str:
        """What the alarm is called. The same one keeps its number, whatever record or moment it is met on."""
        again = fingerprint in self._alarms
        number = self._alarms[fingerprint][0] if again else len(self._alarms) + 1
        self._alarms[fingerprint] = (number, routes.path(alarm.page_url))
        return f"Alarm {number} again" if again else f"Alarm {number}"

    def hand_over(self, fingerprint: str, number: int) -> None:
        """From now on the verdict on this fault is news on that claim."""
        self._handed[fingerprint] = number

    def news(self, events: Sequence[ev.Event], since: int) -> tuple[str, ...]:
        """What has become of the claims that were handed over, one line each, told by the events from `since` on."""
        return tuple(line for index in range(since, len(events)) if (line := self._news(events, index)))

    def standing(self, events: Sequence[ev.Event], fingerprint: str) -> str:
        """The last word on a fault that was handed over; empty while its proof is to come."""
        own = [n for n, event in enumerate(events) if getattr(event.payload, "fingerprint", "") == fingerprint]
        return self._news(events, own[-1]) if own else ""

    def _news(self, events: Sequence[ev.Event], index: int) -> str:
        match events[index].payload:
            case ev.VerdictReached(fingerprint=mark, finding=finding) if mark in self._handed:
                tries = [e.payload for e in events[: index + 1] if isinstance(e.payload, ev.VerdictReached)]
                final = sum(reached.fingerprint == mark for reached in tries) >= ATTEMPTS
                verdict = Verdict(**finding["verdict"])
                return observation.verdict_line(self._handed[mark], finding["title"], verdict, final)
            case ev.FindingKnown(fingerprint=mark, reference=reference) if mark in self._handed:
                return observation.known(self._handed[mark], reference)
            case _:
                return ""

    def untested(self) -> tuple[str, ...]:
        return tuple(name for name in self._capabilities if name not in self._noted)

    async def perform(self, call: ToolCall, moment: Moment) -> HostAnswer:
        shape, _ = TOOLS[call.tool]
        try:
            arguments = shape.model_validate(dict(call.args))
        except ValidationError as error:
            text = f"{call.tool} was not understood: {_complaint(error)}. Call it again with that put right."
            return HostAnswer(text, ok=False)
        match arguments:
            case NoteCapability():
                return self._note(arguments, moment)
            case Check():
                return await self._check(arguments, moment)
            case ReportFinding():
                return self._report(arguments, moment)
            case _:
                return self._finish(arguments, moment)

    def _note(self, note: NoteCapability, moment: Moment) -> HostAnswer:
        name = _nearest(note.name, self._capabilities) if self._capabilities else note.name
        if not name:
            mine = "; ".join(self._capabilities)
            return HostAnswer(f"You have no capability `{note.name}`. Name one of these: {mine}.", ok=False)
        if note.status != "works" and not note.note:
            return HostAnswer(f"Say in `note` why it is {note.status}.", ok=False)
        # The last turn takes what it gets: nothing could be tested after a refusal. The report marks it.
        if note.status in TESTED and not moment.budget.last and not self._grounds.bear(name):
            return HostAnswer(_untried(name, self._grounds.wanted(name)), ok=False)
        noted = ev.CapabilityNoted(name, note.status, note.note)
        self._noted.add(name)
        self._grounds.see(noted)
        return HostAnswer(f"Noted: {name}: {note.status}.", payloads=(noted,))

    async def _check(self, args: Check, moment: Moment) -> HostAnswer:
        claim = Claim(args.subject, args.predicate, args.expected, args.because, args.reason, args.about)
        outcome, actual = await moment.evaluate(claim)
        payloads = (ev.ClaimChecked(asdict(claim), outcome, actual[:LONGEST]),)
        if outcome not in JUDGED:
            return HostAnswer(f"That cannot be judged: {actual[:LONGEST].rstrip('.')}.", payloads=payloads)
        self._grounds.see(payloads[0], at=moment.url)
        self._claims.append(Checked(claim, outcome, actual, moment.url, moment.trigger))
        number = len(self._claims)
        by_host = claim.predicate in ("visible", "absent", "count_is", "status_is")
        text = f"Claim {number} {outcome}" + (f"; actual: {actual}." if by_host and actual else ".")
        if outcome == "fails":
            text = f"{text} {self._what_next(number, moment.url)}"
        return HostAnswer(text, payloads=payloads, quoted="" if by_host else actual[:LONGEST])

    def _what_next(self, number: int, url: str) -> str:
        here = [alarm for alarm, path in self._alarms.values() if path == routes.path(url)]
        if not here:
            return f"Hand it over: report_finding claim={number}."
        return (
            f"Alarm {here[-1]} on this page is with the prover already. If this is another fault, hand it over: "
            f"report_finding claim={number}."
        )

    def _report(self, report: ReportFinding, moment: Moment) -> HostAnswer:
        if not report.claim:
            if not report.title:
                text = "Give the number of a claim that failed, or a title for an observation. Alarms need no report."
                return HostAnswer(text, ok=False)
            note = ev.ObservationNoted(report.title, report.detail, routes.path(moment.url))
            return HostAnswer("Kept as an observation for the report.", payloads=(note,))
        if not 0 < report.claim <= len(self._claims):
            waiting = ", ".join(map(str, self._waiting()))
            told = f" Not handed over yet: claim {waiting}." if waiting else ""
            return HostAnswer(f"There is no claim {report.claim}; state it with check first.{told}", ok=False)
        checked = self._claims[report.claim - 1]
        if checked.outcome == "holds":
            return HostAnswer(f"Claim {report.claim} holds, so it is no finding.", ok=False)
        title = report.title or checked.claim.reason
        return HostAnswer("", handed=Handed(report.claim, checked, title, report.detail))

    def _waiting(self) -> list[int]:
        """The claims that failed and were not handed over, by number."""
        handed = set(self._handed.values())
        return [n for n, stated in enumerate(self._claims, 1) if stated.outcome == "fails" and n not in handed]

    def _finish(self, finish: BaseModel, moment: Moment) -> HostAnswer:
        budget = moment.budget
        missing = () if budget.last else self.untested()
        named = f"test, or explain with note_capability: {'; '.join(missing)}." if missing else ""
        if not budget.last and budget.used < budget.minimum:
            early = f"{budget.used} of at least {budget.minimum} turns are used; explore on."
            return HostAnswer(f"Not yet: {early}{f' Then {named}' if named else ''}", ok=False)
        if missing:
            return HostAnswer(f"Not yet: {named}", ok=False)
        summary = finish.summary if isinstance(finish, Finish) else ""
        return HostAnswer("Finished.", finished=summary or "The role finished by itself.")

    def _restore(self, role: str, events: Sequence[ev.Event]) -> None:
        trigger = url = ""
        for event in events:
            if event.role != role:
                continue
            self._grounds.see(event.payload)
            match event.payload:
                case ev.ToolFinished(call_id=call, steps=steps, url_after=after):
                    trigger, url = (call if steps else trigger), after or url
                case ev.AlarmRaised(fingerprint=mark, alarm=alarm):
                    self.add_alarm(mark, Alarm(**_fields(alarm)))
                case ev.ClaimChecked(claim=claim, outcome=outcome, actual=actual) if outcome in JUDGED:
                    self._claims.append(Checked(Claim(**claim), outcome, actual, url, trigger))
                case ev.FindingSuspected(fingerprint=mark, suspicion=suspicion) if suspicion.get("claim"):
                    self.hand_over(mark, suspicion["claim"])
                case _:
                    continue


def _untried(name: str, places: Sequence[str]) -> str:
    where = f"Open {' or '.join(places)} and test there" if places else "Use it, or state with check what it must show"
    return (
        f"Nothing that you did yet stands for {name}; each capability needs an action or a claim of its own. "
        f"{where}, then note it at once. If you cannot, note it as blocked or not_reached and say why."
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    """The one that is meant: by its very name, else by its words, else by its letters; empty when it is not plain."""
    asked = _words(name)
    for fits in (
        lambda other: other.casefold() == name.casefold(),
        lambda other: asked and _words(other) and (asked <= _words(other) or _words(other) <= asked),
        lambda other: difflib.SequenceMatcher(None, other.casefold(), name.casefold()).ratio() >= NEAR,
    ):
        found = [other for other in known if fits(other)]
        if len(found) == 1:
            return found[0]
    return ""


def _words(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("s") for word in re.findall(r"\w+", text.casefold()))


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "type"}


def _complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'arguments'}: {first['msg']}"
