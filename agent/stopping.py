"""Why a role ended: the closed list that journal, report and texts share."""

from dataclasses import dataclass
from enum import StrEnum


class StopReason(StrEnum):
    BUDGET = "budget"
    FINISHED = "finished"
    STALLED = "stalled"
    STOP_REQUESTED = "stop_requested"
    RATE_LIMITED = "rate_limited"
    MODEL_FAILED = "model_failed"
    SIGN_IN_FAILED = "sign_in_failed"
    BROWSER_LOST = "browser_lost"
    TARGET_DOWN = "target_down"
    CRASHED = "crashed"


FAILURES = frozenset(
    {
        StopReason.RATE_LIMITED,
        StopReason.MODEL_FAILED,
        StopReason.SIGN_IN_FAILED,
        StopReason.BROWSER_LOST,
        StopReason.TARGET_DOWN,
        StopReason.CRASHED,
    }
)


@dataclass(frozen=True, slots=True)
class Stop:
    """`detail` is one sentence for people."""

    reason: StopReason
    detail: str
