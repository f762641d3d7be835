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
