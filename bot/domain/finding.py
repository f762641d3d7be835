"""The states of a finding. Pure: knows no store and no GitHub."""

from enum import StrEnum


class FindingState(StrEnum):
    DRAFT = "draft"
    FILED = "filed"
    FIXED = "fixed"  # proven again, it is a draft again that keeps its issue
    STILL_FAILS = "still_fails"
