"""What one replay brought. Plain data, so that the verdict needs no browser."""

from dataclasses import dataclass

from agent.evidence.finding import Alarm

START = -1
LONGEST_ACTUAL = 300
"""Characters of `actual` that are kept, once the secrets are masked: a secret that was cut is not known for one."""


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """`executed`: every step ran and the oracle could be evaluated. `hit`: the symptom showed. `walked`: the trigger
    ran and the place of the symptom was really reached, so that its absence means something. `fired_before`: the
    symptom showed before the trigger, at the step `fired_at` (START: while signing in or on the start page).

    `others` are different alarms since the trigger; `error` says why the replay does not count.
    """

    executed: bool
    hit: bool = False
    walked: bool = False
    fired_before: bool = False
    others: tuple[Alarm, ...] = ()
    actual: str = ""
    error: str = ""
    screenshot: str = ""
    fired_at: int = START
    seconds: float = 0.0
