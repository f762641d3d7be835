"""Decides what replays prove. Pure and total: every set of outcomes gets exactly one verdict, errors never pass."""

from collections.abc import Sequence
from typing import Literal

from agent.evidence.finding import FixVerdict, Verdict, VerdictKind
from agent.evidence.outcome import START, ReplayOutcome

Control = Literal["clean", "fires", "errored", "none"]


def is_mixed(outcomes: Sequence[ReplayOutcome]) -> bool:
    return any(outcome.hit for outcome in outcomes) and any(not outcome.hit for outcome in outcomes)


def decide(outcomes: Sequence[ReplayOutcome], control: ReplayOutcome | None, planned: int) -> Verdict:
    """The verdict of `planned` replays and the run without the trigger; `control` is None where none applies.

    | replays                               | control | verdict        |
    | one showed the symptom too early      | any     | UNTESTABLE     |
    | one did not run, or fewer than planned | any    | ERRORED        |
    | no hit                                | any     | NOT_REPRODUCED |
    | a hit                                 | fires   | UNTESTABLE     |
    | a hit                                 | errored | ERRORED        |
    | some hit                              | else    | FLAKY          |
    | all hit                               | else    | CONFIRMED      |
    """
    ran = [outcome for outcome in outcomes if outcome.executed]
    hits = sum(outcome.hit for outcome in ran)
    state = _control(control)
    kind, note = _judge(outcomes, hits, state, planned)
    if state == "errored" and control and kind == "ERRORED" and not note:
        note = f"The run without the last step failed: {control.error}"
    actual = next((outcome.actual for outcome in ran if outcome.hit), "")
    screenshot = next((outcome.screenshot for outcome in ran if outcome.screenshot), "")
    return Verdict(kind, hits, len(ran), state, note, actual=actual, screenshot=screenshot)


def _judge(outcomes: Sequence[ReplayOutcome], hits: int, control: Control, planned: int) -> tuple[VerdictKind, str]:
    early = next((outcome for outcome in outcomes if outcome.fired_before), None)
    if early:
        where = "on the start page" if early.fired_at == START else f"at step {early.fired_at + 1}"
        return "UNTESTABLE", f"The symptom showed before the last step, {where}: the steps do not cause it."
    failed = next((outcome for outcome in outcomes if not outcome.executed), None)
    if failed:
        return "ERRORED", failed.error or "A replay did not run to its end."
    if not outcomes or len(outcomes) < planned:
        return "ERRORED", f"Only {len(outcomes)} of {planned} replays were run."
    if not hits:
        why = next((f" {outcome.error}" for outcome in outcomes if outcome.walked and outcome.error), "")
        return "NOT_REPRODUCED", f"{len(outcomes)} replays ran to their end without the symptom.{why}"
    if control == "fires":
        return "UNTESTABLE", "The symptom also shows without the last step: its cause lies elsewhere."
    if control == "errored":
        return "ERRORED", ""
    if hits < len(outcomes):
        return "FLAKY", f"The symptom showed in {hits} of {len(outcomes)} replays."
    return "CONFIRMED", ""


def _control(control: ReplayOutcome | None) -> Control:
    if control is None:
        return "none"
    if control.hit or control.fired_before:
        return "fires"
    return "clean" if control.executed else "errored"


def decide_fix(outcomes: Sequence[ReplayOutcome], planned: int) -> FixVerdict:
    """What `planned` replays of a proof say about a build that claims the fix.

    | replays                                          | verdict     |
    | one hit                                          | STILL_FAILS |
    | fewer than planned, or one did not get there     | CANNOT_TELL |
    | none hit, all got there, another alarm at it     | MOVED       |
    | none hit, all got there, silence                 | FIXED       |
    """
    counted = [outcome for outcome in outcomes if outcome.executed and not outcome.fired_before]
    hits = sum(outcome.hit for outcome in counted)
    walked = sum(outcome.walked for outcome in counted)
    runs = len(outcomes)
    if hits:
        return FixVerdict("STILL_FAILS", hits, walked, runs, note=f"{hits} of {runs} replays showed the symptom.")
    reason = _untold(outcomes, planned)
    if reason:
        return FixVerdict("CANNOT_TELL", hits, walked, runs, note=reason)
    other = next((alarm for outcome in outcomes for alarm in outcome.others), None)
    if other:
        return FixVerdict("MOVED", hits, walked, runs, note=f"The same steps now show another symptom: {other.detail}")
    return FixVerdict("FIXED", hits, walked, runs, note=f"{runs} replays reached the place and stayed silent.")


def _untold(outcomes: Sequence[ReplayOutcome], planned: int) -> str:
    for outcome in outcomes:
        if outcome.fired_before:
            return "The symptom showed before the last step, so the steps prove nothing on this build."
        if not (outcome.executed and outcome.walked):
            return outcome.error or "A replay did not reach the place of the symptom."
    if not outcomes or len(outcomes) < planned:
        return f"Only {len(outcomes)} of {planned} replays were run."
    return ""
