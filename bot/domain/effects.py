"""Pending GitHub writes as values: what a decision wants done. The outbox sends them; nothing here knows how.

Texts in them are finished (rendered and cleaned). Each has a JSON form, which is what the database keeps.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Reaction = Literal["eyes", "rocket", "+1", "-1", "confused"]


@dataclass(frozen=True, slots=True)
class PostComment:
    """A new comment, exactly once. `marker` is the key by which ours is found again; it stands in the first line."""

    issue: int
    body: str
    marker: str


@dataclass(frozen=True, slots=True)
class OpenProgress:
    """The live comment of a run, exactly once; its id goes to the run's row."""

    run_id: str
    issue: int
    body: str
    marker: str


@dataclass(frozen=True, slots=True)
class React:
    """A reaction to a comment. Repeating it changes nothing."""

    comment_id: int
    content: Reaction


@dataclass(frozen=True, slots=True)
class ReactToIssue:
    issue: int
    content: Reaction


@dataclass(frozen=True, slots=True)
class AddLabels:
    issue: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveLabel:
    issue: int
    label: str


@dataclass(frozen=True, slots=True)
class CreateFindingIssue:
    """The issue of a finding, exactly once; one that has an issue already is reopened there instead."""

    finding_id: str


@dataclass(frozen=True, slots=True)
class CloseIssue:
    issue: int
    reason: Literal["completed", "not_planned"] = "completed"


@dataclass(frozen=True, slots=True)
class ReopenIssue:
    issue: int


Effect = (
    PostComment | OpenProgress | React | ReactToIssue | AddLabels | RemoveLabel | CreateFindingIssue | CloseIssue
    | ReopenIssue
)  # fmt: skip
TYPES: dict[str, type[Effect]] = {
    cls.__name__: cls
    for cls in (
        PostComment,
        OpenProgress,
        React,
        ReactToIssue,
        AddLabels,
        RemoveLabel,
        CreateFindingIssue,
        CloseIssue,
        ReopenIssue,
    )
}


def to_json(effect: Effect) -> dict[str, Any]:
    return {"type": type(effect).__name__, **asdict(effect)}


def from_json(data: Mapping[str, Any]) -> Effect:
    """Raises KeyError for an unknown type. Lists come back as tuples."""
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name != "type":
            values[name] = tuple(value) if isinstance(value, list) else value
    return TYPES[data["type"]](**values)
