"""What a finding is made of: alarms and claims, the steps that show it, and what replaying them proved.

Plain data with JSON forms. No browser, no model, no store: those live beside this file.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

AlarmKind = Literal[
    "server_error",
    "uncaught_exception",
    "console_error",
    "broken_link",
    "broken_image",
    "markup_injection",
    "forbidden_access",
]
Severity = Literal["critical", "high", "medium", "low"]
Because = Literal["spec", "consistency", "permission", "history"]
About = Literal["", "page", "my_change"]
Predicate = Literal[
    "visible",
    "absent",
    "text_is",
    "text_contains",
    "count_is",
    "value_is",
    "url_is",
    "status_is",
    "persists_after_reload",
    "reachable",
]
StepAction = Literal[
    "goto", "click", "double_click", "fill", "select", "check", "press", "dialog", "back", "reload", "request", "scroll"
]
VerdictKind = Literal["CONFIRMED", "FLAKY", "NOT_REPRODUCED", "ERRORED", "UNTESTABLE"]
FixVerdictKind = Literal["FIXED", "STILL_FAILS", "MOVED", "CANNOT_TELL"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A fault the host saw by itself.

    `route` is the route template of the page or endpoint at fault, `signal` the normalised symptom
    (`GET /search 500`, `TypeError: x is not a function @ /static/app.js render`); both hold no ids and no data.
    `detail` is what a person reads (untrusted text), `url` the concrete address, `page_url` the document.
    """

    kind: AlarmKind
    route: str
    signal: str
    detail: str
    url: str
    page_url: str


@dataclass(frozen=True, slots=True)
class Claim:
    """An expectation that the host evaluates. `subject` is Python locator code (`get_by_label("Phone")`), `url`, or
    `response METHOD /route/template`; `expected` is compared as text, as a number for count_is and status_is.
    `about` says whether it follows from something that the role changed; empty where nobody said so."""

    subject: str
    predicate: Predicate
    expected: str
    because: Because
    reason: str
    about: About = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a reproduction. Paths, never hosts; placeholders, never secrets; locators, never refs.

    `locators` are candidates in order of trust. `value` is the text to fill, the option, the key, the path of a goto,
    `METHOD /path` of a request, or accept/dismiss (`accept:text` for a prompt) for a dialog, true/false for a check,
    `down 2` (screens) for a scroll, or nothing to bring its element into view.
    """

    role: str
    action: StepAction
    locators: tuple[str, ...] = ()
    value: str = ""
    words: str = ""
    """The step as a person would write it: `Click button "Save"`."""
    lands: str = ""
    """Where a goto ended, as a route template; empty when it is the route that was asked for."""
    made: str = ""
    """The path on which the step ended, where a later step goes by its id: in a replay the id may be another."""


@dataclass(frozen=True, slots=True)
class Repro:
    """Steps from a fresh, signed-in start to the symptom. `trigger` is the index of the step that causes it.

    `viewport` is (width, height) in CSS pixels.
    """

    steps: tuple[Step, ...]
    trigger: int
    oracle: Alarm | Claim
    viewport: tuple[int, int] = (1280, 800)

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.role for step in self.steps))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A versioned hash and the facts it was made from, so that an issue can explain why it is one issue."""

    value: str
    components: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a session hands to the proof: an alarm or a failed claim, with reproductions to try, shortest first."""

    fingerprint: Fingerprint
    title: str
    severity: Severity
    role: str
    oracle: Alarm | Claim
    candidates: tuple[Repro, ...]
    seq: int = 0
    actual: str = ""
    also: tuple[Alarm, ...] = ()
    """Lesser alarms of the same moment that this one explains."""
    claim: int = 0
    """The claim's number within its role; 0 for an alarm."""
    detail: str = ""
    """What the role wrote beside the title."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`hits` of `runs` replays that executed showed the symptom; `control` is how the run without the trigger ended."""

    kind: VerdictKind
    hits: int
    runs: int
    control: Literal["clean", "fires", "errored", "none"]
    note: str = ""
    build: str = ""
    actual: str = ""
    screenshot: str = ""
    """Path of a picture of the symptom, relative to the run's artefact folder; empty when there is none."""
    reset: bool = True
    """The data was put back to its seeded state before every replay."""

    @property
    def intermittent(self) -> bool:
        """It showed in some of ten replays, more than once, and never without the trigger. On data that is not put back
        it may only have been used up."""
        often = self.hits >= 2 and self.runs >= 10
        return self.kind == "FLAKY" and often and self.control == "clean" and self.reset

    @property
    def proven(self) -> bool:
        return self.kind == "CONFIRMED" or self.intermittent


@dataclass(frozen=True, slots=True)
class Finding:
    """A suspicion with its verdict: what is filed when proven, and what `charterbot replay` reads."""

    fingerprint: Fingerprint
    title: str
    severity: Severity
    role: str
    oracle: Alarm | Claim
    repro: Repro
    verdict: Verdict
    app: str
    profile: str
    also: tuple[Alarm, ...] = ()
    around: tuple[Alarm, ...] = ()
    """Faults of their own that showed at the same place; when they stay, the symptom has not moved."""
    detail: str = ""
    """What the role wrote beside the title."""


@dataclass(frozen=True, slots=True)
class FixVerdict:
    """What replaying a proof against a build says about a fix. `walked` of `runs` replays reached the trigger."""

    kind: FixVerdictKind
    hits: int
    walked: int
    runs: int
    build: str = ""
    note: str = ""


FORMAT = 1


def verdict_of(kind: str, finding: Mapping[str, Any]) -> Verdict:
    """The verdict that an event tells, with the figures of the finding's JSON form beside it."""
    told = finding.get("verdict") or {}
    hits, runs = int(told.get("hits", 0)), int(told.get("runs", 0))
    control, reset = told.get("control", "none"), bool(told.get("reset", True))
    return Verdict(cast(VerdictKind, kind), hits, runs, control, reset=reset)


def to_json(value: Any) -> dict[str, Any]:
    """The JSON form of any record of this file; oracles carry their type in `type`."""
    data = asdict(value)
    _tag(value, data)
    return data


def _tag(value: Any, data: dict[str, Any]) -> None:
    for name in ("oracle",):
        oracle = getattr(value, name, None)
        if oracle is not None:
            data[name]["type"] = type(oracle).__name__.lower()
    if isinstance(value, Finding):
        data["format"] = FORMAT
        _tag(value.repro, data["repro"])
    if isinstance(value, Suspicion):
        for repro, item in zip(value.candidates, data["candidates"], strict=True):
            _tag(repro, item)


def oracle_from_json(data: dict[str, Any]) -> Alarm | Claim:
    fields = {key: value for key, value in data.items() if key != "type"}
    return Alarm(**fields) if data["type"] == "alarm" else Claim(**fields)


def repro_from_json(data: dict[str, Any]) -> Repro:
    steps = tuple(Step(**{**step, "locators": tuple(step["locators"])}) for step in data["steps"])
    viewport = (int(data["viewport"][0]), int(data["viewport"][1]))
    return Repro(steps, data["trigger"], oracle_from_json(data["oracle"]), viewport)


def fingerprint_from_json(data: dict[str, Any]) -> Fingerprint:
    return Fingerprint(data["value"], tuple((key, value) for key, value in data["components"]))


def suspicion_from_json(data: dict[str, Any]) -> Suspicion:
    return Suspicion(
        fingerprint=fingerprint_from_json(data["fingerprint"]),
        title=data["title"],
        severity=data["severity"],
        role=data["role"],
        oracle=oracle_from_json(data["oracle"]),
        candidates=tuple(repro_from_json(item) for item in data["candidates"]),
        seq=data["seq"],
        actual=data["actual"],
        also=tuple(Alarm(**item) for item in data["also"]),
        claim=data.get("claim", 0),
        detail=data.get("detail", ""),
    )


def finding_from_json(data: dict[str, Any]) -> Finding:
    """Raises ValueError, with a sentence for people, when the data is no finding of this format."""
    if data.get("format") != FORMAT:
        raise ValueError(f"This is not a finding of format {FORMAT}; take the file from a run of this version.")
    try:
        return Finding(
            fingerprint=fingerprint_from_json(data["fingerprint"]),
            title=data["title"],
            severity=data["severity"],
            role=data["role"],
            oracle=oracle_from_json(data["oracle"]),
            repro=repro_from_json(data["repro"]),
            verdict=Verdict(**data["verdict"]),
            app=data["app"],
            profile=data["profile"],
            also=tuple(Alarm(**item) for item in data["also"]),
            around=tuple(Alarm(**item) for item in data.get("around", ())),
            detail=data.get("detail", ""),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"The finding file is incomplete ({error}); take it unedited from findings.json.") from error
