"""The states of a finding and which follows which. Pure: knows no store and no GitHub."""

from enum import StrEnum


class FindingState(StrEnum):
    DRAFT = "draft"
    FILED = "filed"
    FIXED = "fixed"
    STILL_FAILS = "still_fails"


NEXT: dict[FindingState, frozenset[FindingState]] = {
    FindingState.DRAFT: frozenset({FindingState.FILED}),
    FindingState.FILED: frozenset({FindingState.FIXED, FindingState.STILL_FAILS}),
    # A fixed one that is proven again is a regression: a draft that keeps its issue.
    FindingState.FIXED: frozenset({FindingState.DRAFT, FindingState.STILL_FAILS}),
    FindingState.STILL_FAILS: frozenset({FindingState.FIXED}),
}


def advance(state: FindingState, to: FindingState) -> FindingState | None:
    """The state after asking for `to`: `to` itself, the same state when it is there already, None when it may not."""
    if state == to:
        return state
    return to if to in NEXT[state] else None
