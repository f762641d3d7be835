"""The states of a re-validation, and what a deployment means for one that waits. Pure: knows no store and no GitHub."""

from enum import StrEnum


class RevalidationState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    DECIDED = "decided"
    REPORTED = "reported"


def contains(comparison: str) -> bool:
    """Whether the deployed commit holds the merge, by GitHub's word for `compare merge...deployed`.

    Containment, not equality: a deployment of a later commit has the fix too.
    """
    return comparison in ("identical", "ahead")
