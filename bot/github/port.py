"""What the bot needs of GitHub, in its own words. Handlers and the outbox know this file alone; live.py fulfils it.

Every method may raise the errors of bot/errors.py. Reads answer everything there is, never one page of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal, Protocol

from bot.domain.effects import Reaction
from bot.events import RepoRef


class RepoRole(IntEnum):
    """A person's role in a repository, ascending, so that "at least triage" is a comparison."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class NewIssue:
    title: str
    body: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueChange:
    """None leaves a part as it is."""

    body: str | None = None
    state: Literal["open", "closed"] | None = None
    state_reason: Literal["completed", "not_planned", "reopened"] | None = None


@dataclass(frozen=True, slots=True)
class IssueView:
    """`ours` tells that our App wrote it: only then does a marker in it count."""

    number: int
    title: str
    body: str
    is_open: bool
    labels: tuple[str, ...]
    ours: bool
    url: str


@dataclass(frozen=True, slots=True)
class CommentView:
    id: int
    body: str
    ours: bool
    url: str


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """`color` is six hex digits; `description` at most 100 characters."""

    name: str
    color: str
    description: str


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """`was_live`: one of its statuses is success. A later `inactive` only says that a newer one took its place."""

    id: int
    sha: str
    environment: str
    was_live: bool


class RepositoryPort(Protocol):
    """One repository as one installation of the App sees it."""

    async def role_of(self, login: str) -> RepoRole: ...

    async def issue(self, number: int) -> IssueView: ...
    async def create_issue(self, new: NewIssue) -> IssueView: ...
    async def update_issue(self, number: int, change: IssueChange) -> None: ...
    async def issues_with_label(self, label: str, since: datetime) -> tuple[IssueView, ...]:
        """Open and closed ones that changed since then, by list: a search trails behind."""
        ...

    async def comments(self, issue: int, since: datetime) -> tuple[CommentView, ...]: ...
    async def create_comment(self, issue: int, body: str) -> CommentView: ...
    async def edit_comment(self, comment_id: int, body: str) -> None: ...
    async def react(self, comment_id: int, content: Reaction) -> None: ...
    async def react_to_issue(self, issue: int, content: Reaction) -> None: ...

    async def add_labels(self, issue: int, labels: Sequence[str]) -> None: ...
    async def remove_label(self, issue: int, label: str) -> None: ...
    async def ensure_labels(self, labels: Sequence[LabelSpec]) -> None:
        """Creates those that are missing and leaves people's changes to the others alone."""
        ...

    async def linked_issues(self, pull_request: int) -> tuple[int, ...]:
        """Issues of this repository that GitHub itself links as closed by the pull request."""
        ...

    async def compare(self, base: str, head: str) -> str:
        """identical, ahead, behind or diverged: how `head` stands to `base`."""
        ...

    async def deployments(self, environment: str) -> tuple[DeploymentView, ...]:
        """The latest ones, newest first, until one that was live."""
        ...


class GitHubPort(Protocol):
    def at(self, repo: RepoRef, installation_id: int) -> RepositoryPort: ...
    async def close(self) -> None: ...
