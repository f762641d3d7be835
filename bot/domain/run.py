"""The states of a run and which follows which. Pure: knows no store and no GitHub."""

from enum import StrEnum


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        return self in ACTIVE


ACTIVE = (RunState.QUEUED, RunState.RUNNING)
FINISHED = (RunState.COMPLETED, RunState.STOPPED, RunState.FAILED)
NEXT: dict[RunState, frozenset[RunState]] = {
    # A run that is stopped or cannot start ends without ever running.
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.STOPPED, RunState.FAILED}),
    RunState.RUNNING: frozenset(FINISHED),
    RunState.COMPLETED: frozenset(),
    RunState.STOPPED: frozenset(),
    RunState.FAILED: frozenset(),
}


def advance(state: RunState, to: RunState) -> RunState | None:
    """The state after asking for `to`: `to` itself, the same state when it is there already, None when it may not."""
    if state == to:
        return state
    return to if to in NEXT[state] else None
