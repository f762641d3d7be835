"""The tools that the host itself offers beside the MCP tools: note, check, report, finish.

Arguments come from a model, so they are parsed; what a call means for the run comes back as events.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent import events as ev
from agent import routes
from agent.budget import Budget
from agent.evidence.finding import Alarm, Because, Claim, Predicate
from agent.ledger import Ledger
from agent.tools.surface import ToolCall, ToolSpec

LONGEST = 600
Status = Literal["works", "broken", "blocked", "not_reached"]


class Arguments(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)


class NoteCapability(Arguments):
    name: str = Field(min_length=1, max_length=200, description="The capability as the charter words it.")
    status: Status
    note: str = Field(default="", max_length=LONGEST, description="What was tested, or why it could not be.")


class Check(Arguments):
    subject: str = Field(
        min_length=1,
        max_length=400,
        description='Locator code such as get_by_role("heading", name="Orders"), or `url`, or `response GET /path`.',
    )
    predicate: Predicate
    expected: str = Field(default="", max_length=LONGEST)
    because: Because = Field(description="Where the expectation comes from.")
    reason: str = Field(min_length=1, max_length=LONGEST, description="Why it must hold, in one sentence.")


class ReportFinding(Arguments):
    title: str = Field(default="", max_length=200, description="What is wrong, in a few words.")
    claim: int | None = Field(default=None, description="Number of a claim that failed.")
    alarm: int | None = Field(default=None, description="Number of an alarm.")
    detail: str = Field(default="", max_length=LONGEST)


class Finish(Arguments):
    summary: str = Field(default="", max_length=2000)


TOOLS: Mapping[str, tuple[type[Arguments], str]] = {
    "note_capability": (NoteCapability, "Record what you know of one of your capabilities."),
    "check": (Check, "State a claim; the host evaluates it on the page as it is now and numbers it."),
    "report_finding": (
        ReportFinding,
        "Hand over a failed claim or an alarm by number, to be proved. Without a number it becomes an observation.",
    ),
    "finish": (Finish, "End your session when the charter is done."),
}


def specs() -> tuple[ToolSpec, ...]:
    return tuple(
        ToolSpec(name, text, shape.model_json_schema(), False, "host") for name, (shape, text) in TOOLS.items()
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """An evaluated claim: `trigger` is the last acting call before it, `url` the page it was evaluated on."""

    claim: Claim
    outcome: str
    actual: str
    url: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What a host tool may know of now. `evaluate` gives (outcome, actual) of a claim on the page."""

    budget: Budget
    url: str
    trigger: str
    evaluate: Callable[[Claim], Awaitable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """`suspected` is a failed claim to prove, with the title given; `finished` the summary when the role is done."""

    text: str
    ok: bool = True
    payloads: tuple[ev.Payload, ...] = ()
    suspected: tuple[Checked, str] | None = None
    finished: str | None = None


class HostTools:
    """The numbered alarms and claims of one role. Rebuilt from the journal when a run is resumed."""

    def __init__(self, role: str, capabilities: Sequence[str], ledger: Ledger, events: Sequence[ev.Event]):
        self._capabilities = tuple(capabilities)
        self._noted = {name for (who, name) in ledger.capabilities if who == role}
        self._alarms: list[Alarm] = []
        self._claims: list[Checked] = []
        self._restore(role, events)

    def add_alarm(self, alarm: Alarm) -> int:
        self._alarms.append(alarm)
        return len(self._alarms)

    def untested(self) -> tuple[str, ...]:
        return tuple(name for name in self._capabilities if name not in self._noted)

    async def perform(self, call: ToolCall, moment: Moment) -> HostAnswer:
        shape, _ = TOOLS[call.tool]
        try:
            arguments = shape.model_validate(dict(call.args))
        except ValidationError as error:
            return HostAnswer(f"{call.tool} was not understood: {_complaint(error)}.", ok=False)
        match arguments:
            case NoteCapability():
                return self._note(arguments)
            case Check():
                return await self._check(arguments, moment)
            case ReportFinding():
                return self._report(arguments, moment)
            case _:
                return self._finish(arguments, moment)

    def _note(self, note: NoteCapability) -> HostAnswer:
        name = next((known for known in self._capabilities if known.lower() == note.name.lower()), note.name)
        if note.status != "works" and not note.note:
            return HostAnswer(f"Say in `note` why it is {note.status}.", ok=False)
        self._noted.add(name)
        return HostAnswer(
            f"Noted: {name}: {note.status}.", payloads=(ev.CapabilityNoted(name, note.status, note.note),)
        )

    async def _check(self, args: Check, moment: Moment) -> HostAnswer:
        claim = Claim(args.subject, args.predicate, args.expected, args.because, args.reason)
        outcome, actual = await moment.evaluate(claim)
        self._claims.append(Checked(claim, outcome, actual, moment.url, moment.trigger))
        text = f"Claim {len(self._claims)} {outcome}" + (f"; actual: {actual[:LONGEST]}" if actual else "") + "."
        return HostAnswer(text, payloads=(ev.ClaimChecked(asdict(claim), outcome, actual[:LONGEST]),))

    def _report(self, report: ReportFinding, moment: Moment) -> HostAnswer:
        if report.alarm is not None:
            known = 0 < report.alarm <= len(self._alarms)
            text = f"Alarm {report.alarm} is in the host's hands already." if known else "There is no such alarm."
            return HostAnswer(text, ok=known)
        if report.claim is None:
            if not report.title:
                return HostAnswer("Give the observation a title, or the number of a claim.", ok=False)
            note = ev.ObservationNoted(report.title, report.detail, routes.path(moment.url))
            return HostAnswer("Kept as an observation for the report.", payloads=(note,))
        if not 0 < report.claim <= len(self._claims):
            return HostAnswer(f"There is no claim {report.claim}; state it with check first.", ok=False)
        checked = self._claims[report.claim - 1]
        if checked.outcome != "fails":
            return HostAnswer(f"Claim {report.claim} {checked.outcome}, so it is no finding.", ok=False)
        title = report.title or checked.claim.reason
        return HostAnswer("Taken; it is proved by replay now.", suspected=(checked, title))

    def _finish(self, finish: Arguments, moment: Moment) -> HostAnswer:
        missing = self.untested()
        if moment.budget.used < moment.budget.minimum:
            return HostAnswer(
                f"Not yet: {moment.budget.used} of at least {moment.budget.minimum} turns are used; explore on.",
                ok=False,
            )
        if missing:
            return HostAnswer(f"Not yet: test, or explain with note_capability: {'; '.join(missing)}.", ok=False)
        summary = finish.summary if isinstance(finish, Finish) else ""
        return HostAnswer("Finished.", finished=summary or "The role finished by itself.")

    def _restore(self, role: str, events: Sequence[ev.Event]) -> None:
        trigger = url = ""
        for event in events:
            match event.payload:
                case _ if event.role != role:
                    continue
                case ev.ToolFinished(call_id=call, steps=steps, url_after=after):
                    trigger, url = (call if steps else trigger), after or url
                case ev.AlarmRaised(alarm=alarm):
                    self._alarms.append(Alarm(**_fields(alarm)))
                case ev.ClaimChecked(claim=claim, outcome=outcome, actual=actual):
                    self._claims.append(Checked(Claim(**claim), outcome, actual, url, trigger))
                case _:
                    continue


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "type"}


def _complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'arguments'}: {first['msg']}"
