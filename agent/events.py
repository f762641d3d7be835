"""What happened in a run: small frozen events, the only truth. Everything known is a fold over them.

A payload is plain data with a JSON form. Kinds are never renamed; a new fact is a new kind or a field with a default.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """`seq` is 1, 2, 3, ... within the run, given by the journal; `role` is empty for the run as a whole."""

    seq: int
    at: datetime
    role: str
    payload: "Payload"

    @property
    def kind(self) -> str:
        return self.payload.kind


@dataclass(frozen=True, slots=True)
class Payload:
    kind: ClassVar[str] = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunStarted(Payload):
    """A worker took the run up; the second and later ones of a run are resumptions."""

    kind: ClassVar[str] = "run_started"
    build: str = ""
    roles: tuple[str, ...] = ()
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class RoleStarted(Payload):
    kind: ClassVar[str] = "role_started"
    signed_in: bool = False
    url: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class TurnEnded(Payload):
    """The only resume point. `iteration` counts the role's model turns from 1."""

    kind: ClassVar[str] = "turn_ended"
    iteration: int = 0
    state: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ModelReplied(Payload):
    """`text` is what was said, else why there is nothing to use. Of one turn only the last reply leads to its calls;
    those before it could not be used and were asked for again. `price` is in US dollars, None where none is known;
    `waited` in seconds, `faults` are the tries that failed on the way."""

    kind: ClassVar[str] = "model_replied"
    outcome: str = ""
    text: str = ""
    calls: tuple[Mapping[str, Any], ...] = ()
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    estimated_tokens: int = 0
    """What the server did not report, by our own estimate."""
    seconds: float = 0.0
    price: float | None = None
    waited: float = 0.0
    faults: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    purpose: str = ""
    """Empty for a turn; note for what the model wrote to itself at the end of an epoch."""


@dataclass(frozen=True, slots=True)
class ModelWaited(Payload):
    """A wait for the provider that led to no reply. `end` is cool_down (the tries of a call ran out), given_up (the
    segment or the run ended meanwhile) or failed (what came then, no other try could mend)."""

    kind: ClassVar[str] = "model_waited"
    end: str = ""
    waited: float = 0.0
    faults: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ToolStarted(Payload):
    """Written before a tool that changes something, so that a killed worker knows that the effect is unknown."""

    kind: ClassVar[str] = "tool_started"
    call_id: str = ""
    tool: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolFinished(Payload):
    """`steps` are the call as steps of a reproduction (JSON forms of evidence.finding.Step), empty when it was none.

    `document` numbers the document on which the steps acted; `state` keys are those of agent/coverage/states.py.
    `requests` are the writes that the call made and the app answered, as `POST /path` without a query, each once.
    """

    kind: ClassVar[str] = "tool_finished"
    call_id: str = ""
    tool: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    status: str = "ok"
    text: str = ""
    writes: bool = False
    url_before: str = ""
    url_after: str = ""
    state_before: str = ""
    state_after: str = ""
    document: int = 0
    steps: tuple[Mapping[str, Any], ...] = ()
    target: Mapping[str, Any] | None = None
    seconds: float = 0.0
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmRaised(Payload):
    """`alarm` is the JSON form of an evidence.finding.Alarm."""

    kind: ClassVar[str] = "alarm_raised"
    fingerprint: str = ""
    alarm: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimChecked(Payload):
    """`outcome` is holds, fails or inapplicable."""

    kind: ClassVar[str] = "claim_checked"
    claim: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    actual: str = ""


@dataclass(frozen=True, slots=True)
class CapabilityNoted(Payload):
    kind: ClassVar[str] = "capability_noted"
    name: str = ""
    status: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ObservationNoted(Payload):
    """Worth a look, never an issue: what could not be expressed, replayed or confirmed."""

    kind: ClassVar[str] = "observation_noted"
    title: str = ""
    detail: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class FindingSuspected(Payload):
    """Queued for proof. `suspicion` is the JSON form of an evidence.finding.Suspicion."""

    kind: ClassVar[str] = "finding_suspected"
    fingerprint: str = ""
    title: str = ""
    suspicion: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingKnown(Payload):
    """Seen again: it has an issue already, so it is not replayed anew. `reference` is the issue's number, if any."""

    kind: ClassVar[str] = "finding_known"
    fingerprint: str = ""
    title: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class VerdictReached(Payload):
    """`finding` is the JSON form of an evidence.finding.Finding."""

    kind: ClassVar[str] = "verdict_reached"
    fingerprint: str = ""
    verdict: str = ""
    finding: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlockerMet(Payload):
    """An overlay, dialog or lost session and how it was overcome (or that it was not)."""

    kind: ClassVar[str] = "blocker_met"
    what: str = ""
    recovery: str = ""
    overcome: bool = False


@dataclass(frozen=True, slots=True)
class PlanMade(Payload):
    """What the run would test first, for people to read; it steers nothing. `items` are the JSON forms of
    agent.planning.PlanItem, riskiest first."""

    kind: ClassVar[str] = "plan_made"
    items: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Steered(Payload):
    """A person spoke to the run: `order` is focus or stop, `text` their words, `by` who it was. `note` is the id under
    which it was received; each is journalled once."""

    kind: ClassVar[str] = "steered"
    note: str = ""
    order: str = ""
    text: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class StateMet(Payload):
    """A state of the app was met for the first time. `route` is its template, `shape` what it is told by (headings,
    controls; words without data), `url` its path and query."""

    kind: ClassVar[str] = "state_met"
    key: str = ""
    route: str = ""
    shape: tuple[str, ...] = ()
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class LeadFound(Payload):
    """Something worth following: `sort` is link, id, api or probe (what another role reached); `place` a path with its
    query, or `METHOD /path`. The event's role is who saw it."""

    kind: ClassVar[str] = "lead_found"
    sort: str = ""
    place: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class LeadTaken(Payload):
    """A lead was offered to a role, which has it for itself for some turns from `iteration` on."""

    kind: ClassVar[str] = "lead_taken"
    place: str = ""
    iteration: int = 0


@dataclass(frozen=True, slots=True)
class EpochClosed(Payload):
    """A role's conversation was made short: `kept` of `turns` turns stay as they were, and `masked` says whether only
    old page texts went. `why` is entries, tokens, window or resumed. `note` is the model's own, unverified."""

    kind: ClassVar[str] = "epoch_closed"
    number: int = 0
    why: str = ""
    turns: int = 0
    kept: int = 0
    masked: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class PictureTaken(Payload):
    """A picture of a state, secrets covered. `file` is relative to the run's folder."""

    kind: ClassVar[str] = "picture_taken"
    state: str = ""
    url: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class CircuitOpened(Payload):
    """Calls kept failing to connect. `what` is app_down, route_down or browser_gone; `detail` one sentence."""

    kind: ClassVar[str] = "circuit_opened"
    what: str = ""
    route: str = ""
    failures: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SignedInAgain(Payload):
    """The role was signed out, by accident or by a restart. `how` is form or kept_state."""

    kind: ClassVar[str] = "signed_in_again"
    how: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class RoleStopped(Payload):
    """`reason` is one word of agent.stopping.StopReason; `detail` one sentence for people."""

    kind: ClassVar[str] = "role_stopped"
    reason: str = ""
    detail: str = ""
    iterations: int = 0
    picture: str = ""
    """What the page looked like then, a file relative to the run's folder; empty when there is none."""


@dataclass(frozen=True, slots=True)
class RunEnded(Payload):
    """`state` is completed, stopped or failed."""

    kind: ClassVar[str] = "run_ended"
    state: str = ""
    detail: str = ""


KINDS: dict[str, type[Payload]] = {
    cls.kind: cls
    for cls in (
        RunStarted,
        RoleStarted,
        TurnEnded,
        ModelReplied,
        ModelWaited,
        ToolStarted,
        ToolFinished,
        AlarmRaised,
        ClaimChecked,
        CapabilityNoted,
        ObservationNoted,
        FindingSuspected,
        FindingKnown,
        VerdictReached,
        BlockerMet,
        PlanMade,
        Steered,
        StateMet,
        LeadFound,
        LeadTaken,
        EpochClosed,
        PictureTaken,
        CircuitOpened,
        SignedInAgain,
        RoleStopped,
        RunEnded,
    )
}


def payload_from_json(kind: str, data: Mapping[str, Any]) -> Payload:
    """Raises KeyError for an unknown kind. Lists come back as tuples."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return KINDS[kind](**values)
