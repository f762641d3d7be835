"""Proves a suspicion, or re-checks a finding, by replays. Chooses what to replay; the verdict's tables decide.

Stops as soon as no further replay could change the verdict.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from agent.evidence import fingerprint, symptom
from agent.evidence.finding import Alarm, Claim, Finding, FixVerdict, Repro, Suspicion, Verdict
from agent.evidence.instance import InstanceFailed, read_build
from agent.evidence.outcome import START, ReplayOutcome
from agent.evidence.rate import silent_replays
from agent.evidence.replay import Replayer
from agent.evidence.shrink import shrink
from agent.evidence.story import LONGEST
from agent.evidence.verdict import decide, decide_fix, is_mixed

MIXED_REPLAYS = 10
SHRINK_SECONDS = 30.0
"""Others wait for their proofs."""
NO_STEPS = f"There are no steps that could be replayed, or it takes more than {LONGEST} of them."
# Of these claims the run without the trigger says something; the others speak of what the trigger brings about.
_CONTROLLED = frozenset({"absent", "status_is", "persists_after_reload"})


@dataclass(slots=True)
class _Trial:
    """Replays of one suspicion; a hit is one that shows what was `seen`. `shot` names the picture of the symptom."""

    replayer: Replayer
    seen: str
    shot: str
    hurried: Callable[[], bool]
    may_fail: bool = True

    async def run(self, repro: Repro, *, pictured: bool = False, skip_trigger: bool = False) -> ReplayOutcome:
        shot = None if pictured or skip_trigger else self.shot
        outcome = await self.replayer.run(repro, skip_trigger=skip_trigger, shot=shot)
        return symptom.judged(outcome, repro.oracle, self.seen)

    async def repeat(self, repro: Repro, *, pictured: bool = False, skip_trigger: bool = False) -> ReplayOutcome:
        """A replay of steps that have shown the symptom. One that fails for a reason of its own says nothing about it:
        once in a proof such a replay is made again."""
        outcome = await self.run(repro, pictured=pictured, skip_trigger=skip_trigger)
        if outcome.executed or not self.may_fail:
            return outcome
        self.may_fail = False
        return await self.run(repro, pictured=pictured, skip_trigger=skip_trigger)


@dataclass(slots=True)
class _Scouted:
    """The candidate to go on with and what its replays brought so far."""

    repro: Repro
    outcomes: list[ReplayOutcome] = field(default_factory=list)


async def prove(
    suspicion: Suspicion,
    replayer: Replayer,
    replays: int = 5,
    build: str = "",
    hurried: Callable[[], bool] = lambda: False,
) -> Finding:
    """The suspicion with its verdict. `build` names the build to replay on, where the instance can choose. Once
    `hurried`, no further replays are made to shorten what is proved already."""
    if not suspicion.candidates:
        verdict = Verdict("UNTESTABLE", 0, 0, "none", NO_STEPS, build)
        nothing = Repro((), 0, suspicion.oracle)
        return _finding(suspicion, replayer, nothing, verdict, ())
    try:
        origin = await replayer.instance.ensure(build)
    except InstanceFailed as error:
        verdict = Verdict("ERRORED", 0, 0, "none", str(error), build)
        return _finding(suspicion, replayer, suspicion.candidates[0], verdict, ())
    trial = _Trial(replayer, suspicion.actual, f"{suspicion.fingerprint.value}.png", hurried)
    scouted = await _scout(suspicion.candidates, trial)
    control = await _control(scouted, trial)
    # A cause that lies elsewhere is known after two replays; the rest could not change it.
    elsewhere = control is not None and (control.hit or control.fired_before)
    planned = len(scouted.outcomes) if elsewhere else await _replay(scouted, trial, replays)
    control = control or await _control(scouted, trial)
    if control is not None and is_mixed(scouted.outcomes):
        control = await _long_control(scouted, control, trial)
    verdict = decide(scouted.outcomes, control, planned)
    # A claim may fail without the very steps that it follows from, so its own are left as they are.
    if verdict.kind == "CONFIRMED" and isinstance(suspicion.oracle, Alarm):
        scouted, verdict = await _shorter(scouted, verdict, trial, replays)
    note = " ".join(filter(None, (verdict.note, replayer.instance.note)))
    running = await read_build(replayer.profile, origin) or build
    verdict = replace(verdict, note=note, build=running, reset=not replayer.instance.note)
    return _finding(suspicion, replayer, scouted.repro, verdict, scouted.outcomes)


async def recheck(finding: Finding, replayer: Replayer, replays: int = 3, build: str = "") -> FixVerdict:
    """What `build` (or what runs there) does with the steps of a proof, in `replays` at least: what showed only now and
    then must stay silent for longer."""
    replays = max(replays, silent_replays(finding.verdict.hits, finding.verdict.runs))
    try:
        origin = await replayer.instance.ensure(build)
    except InstanceFailed as error:
        return FixVerdict("CANNOT_TELL", 0, 0, 0, build, str(error))
    running = await read_build(replayer.profile, origin)
    if build and running and not (build.startswith(running) or running.startswith(build)):
        return FixVerdict("CANNOT_TELL", 0, 0, 0, running, f"The instance runs build {running}, not {build}.")
    known = {fingerprint.of_alarm(alarm).value for alarm in (*finding.also, *finding.around)}
    outcomes: list[ReplayOutcome] = []
    may_fail = True
    while len(outcomes) < replays:
        outcome = await replayer.run(finding.repro)
        if not outcome.executed and may_fail:
            may_fail, outcome = False, await replayer.run(finding.repro)
        others = tuple(alarm for alarm in outcome.others if fingerprint.of_alarm(alarm).value not in known)
        outcomes.append(replace(outcome, others=others))
        if outcome.hit:
            break  # one hit is enough; a replay that failed is not: another may still show the symptom
    verdict = decide_fix(outcomes, replays)
    note = " ".join(filter(None, (verdict.note, replayer.instance.note)))
    return replace(verdict, build=running or build, note=note)


async def _scout(candidates: Sequence[Repro], trial: _Trial) -> _Scouted:
    """One replay each, shortest first; the first that hits is kept, else the longest that at least ran."""
    tried: list[_Scouted] = []
    waiting = list(candidates)
    while waiting:
        current = _Scouted(waiting.pop(0))
        tried.append(current)
        outcome = await trial.run(current.repro)
        current.outcomes.append(outcome)
        if outcome.hit or (outcome.fired_before and outcome.fired_at == START):
            return current  # every candidate begins on the same start page
        if outcome.fired_before:
            shorter = _until(current.repro, outcome.fired_at)
            if shorter not in (item.repro for item in tried):
                waiting.insert(0, shorter)
    ran = [item for item in tried if item.outcomes[0].executed and not item.outcomes[0].fired_before]
    return (ran or tried)[-1]


def _until(repro: Repro, index: int) -> Repro:
    """An earlier step turned out to be the trigger."""
    return replace(repro, steps=repro.steps[: index + 1], trigger=index)


async def _replay(scouted: _Scouted, trial: _Trial, replays: int) -> int:
    """Fills up the replays; returns how many were planned in the end."""
    outcomes, planned = scouted.outcomes, replays
    while len(outcomes) < planned:
        if any(outcome.fired_before or not outcome.executed for outcome in outcomes):
            break  # UNTESTABLE or ERRORED, whatever else comes
        pictured = any(outcome.screenshot for outcome in outcomes)
        again = trial.repeat if any(outcome.hit for outcome in outcomes) else trial.run
        outcomes.append(await again(scouted.repro, pictured=pictured))
        if is_mixed(outcomes):
            planned = max(replays, MIXED_REPLAYS)
    return planned


async def _shorter(scouted: _Scouted, verdict: Verdict, trial: _Trial, replays: int) -> tuple[_Scouted, Verdict]:
    """The same proof with fewer steps, where all its replays show the symptom too; else as it was."""

    until = time.monotonic() + SHRINK_SECONDS

    async def shows(repro: Repro) -> bool:
        if trial.hurried() or time.monotonic() >= until:
            return False
        outcome = await trial.run(repro, pictured=True)
        return outcome.executed and outcome.hit and not outcome.fired_before

    short = _Scouted(await shrink(scouted.repro, shows))
    if short.repro == scouted.repro or trial.hurried():
        return scouted, verdict
    planned = await _replay(short, trial, replays)
    proved = decide(short.outcomes, await _control(short, trial), planned)
    return (short, proved) if proved.kind == "CONFIRMED" else (scouted, verdict)


async def _control(scouted: _Scouted, trial: _Trial) -> ReplayOutcome | None:
    """The run without the trigger, once a replay has shown the symptom; None where there is nothing to control."""
    counts = all(outcome.executed and not outcome.fired_before for outcome in scouted.outcomes)
    if not counts or not any(outcome.hit for outcome in scouted.outcomes) or not _needs_control(scouted.repro):
        return None
    return await trial.repeat(scouted.repro, skip_trigger=True)


async def _long_control(scouted: _Scouted, control: ReplayOutcome, trial: _Trial) -> ReplayOutcome:
    """What shows only now and then may show as seldom without the trigger: one silent run says little of that. Returns
    the first run that was not silent, else the last."""
    hits, runs = sum(outcome.hit for outcome in scouted.outcomes), len(scouted.outcomes)
    for _ in range(silent_replays(hits, runs) - 1 if hits > 1 else 0):
        if control.hit or control.fired_before or not control.executed:
            break
        control = await trial.repeat(scouted.repro, skip_trigger=True)
    return control


def _needs_control(repro: Repro) -> bool:
    oracle: Alarm | Claim = repro.oracle
    return isinstance(oracle, Alarm) or oracle.predicate in _CONTROLLED


def _finding(
    suspicion: Suspicion, replayer: Replayer, repro: Repro, verdict: Verdict, outcomes: Sequence[ReplayOutcome]
) -> Finding:
    profile = replayer.profile
    also = {fingerprint.of_alarm(alarm).value for alarm in suspicion.also}
    seen = {fingerprint.of_alarm(alarm).value: alarm for outcome in outcomes for alarm in outcome.others}
    return Finding(
        fingerprint=suspicion.fingerprint,
        title=suspicion.title,
        severity=suspicion.severity,
        role=suspicion.role,
        oracle=suspicion.oracle,
        repro=repro,
        verdict=verdict,
        app=profile.app,
        profile=profile.name,
        also=suspicion.also,
        around=tuple(alarm for key, alarm in seen.items() if key not in also),
        detail=suspicion.detail,
    )
