"""The states of a re-validation, and what a deployment means for one that waits. Pure: knows no store and no GitHub."""

from enum import StrEnum


class RevalidationState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    DECIDED = "decided"
    REPORTED = "reported"


ORDER = tuple(RevalidationState)


def advance(state: RevalidationState, to: RevalidationState) -> RevalidationState | None:
    """One step forward, or the same state; None for anything else. A wait that expires is decided at once."""
    if state == to:
        return state
    if state == RevalidationState.WAITING and to == RevalidationState.DECIDED:
        return to
    return to if ORDER.index(to) == ORDER.index(state) + 1 else None


def contains(comparison: str) -> bool:
    """Whether the deployed commit holds the merge, by GitHub's word for `compare merge...deployed`.

    Containment, not equality: a deployment of a later commit has the fix too.
    """
    return comparison in ("identical", "ahead")
