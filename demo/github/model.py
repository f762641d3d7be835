"""The things that live on the local GitHub, as plain records. Verbs change them; they know neither JSON nor HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.github.graph import Graph

# Ascending, so that "at least triage" is a comparison of positions.
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
# The collaborator API folds the finer roles into the four old permissions.
FOLDED = {"triage": "read", "maintain": "write"}


@dataclass(slots=True, eq=False)
class User:
    id: int
    login: str
    kind: str = "User"
    name: str = ""


@dataclass(slots=True, eq=False)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(slots=True, eq=False)
class Reaction:
    id: int
    author: User
    content: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class Comment:
    id: int
    issue: Issue
    author: User
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line between the comments of an issue's page: who did what, and to which label or commit."""

    at: datetime
    actor: User
    verb: str
    detail: str = ""


@dataclass(slots=True, eq=False)
class Issue:
    """An issue, or the conversation half of a pull request: both share one sequence of numbers."""

    id: int
    number: int
    repository: Repository
    author: User
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: User | None = None
    pull: PullRequest | None = None

    @property
    def label_names(self) -> list[str]:
        return [label.name for label in self.labels]


@dataclass(slots=True, eq=False)
class PullRequest:
    id: int
    issue: Issue
    head: str
    base: str
    head_sha: str
    base_sha: str
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None

    @property
    def number(self) -> int:
        return self.issue.number


@dataclass(slots=True, eq=False)
class DeploymentStatus:
    id: int
    state: str
    creator: User
    description: str
    environment_url: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class Deployment:
    id: int
    repository: Repository
    sha: str
    ref: str
    environment: str
    creator: User
    description: str
    created_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The newest status, "pending" before the first."""
        return self.statuses[-1].state if self.statuses else "pending"


@dataclass(slots=True, eq=False)
class CheckRun:
    id: int
    name: str
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    external_id: str = ""
    details_url: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Repository:
    id: int
    owner: User
    name: str
    graph: Graph
    created_at: datetime
    description: str = ""
    default_branch: str = "main"
    private: bool = True
    has_issues: bool = True
    next_number: int = 1
    roles: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def role(self, login: str) -> str:
        """The role of a person: "none" for who is not a collaborator."""
        return self.roles.get(login, "none")

    def allows(self, login: str, required: str) -> bool:
        return ROLES.index(self.role(login)) >= ROLES.index(required)


@dataclass(slots=True, eq=False)
class Installation:
    id: int
    account: User
    permissions: dict[str, str]
    events: tuple[str, ...]
    created_at: datetime
    # None: all repositories of the account.
    repository_ids: set[int] | None = None
    suspended_at: datetime | None = None
    suspended_by: User | None = None

    def covers(self, repository: Repository) -> bool:
        if repository.owner is not self.account:
            return False
        return self.repository_ids is None or repository.id in self.repository_ids


@dataclass(slots=True, eq=False)
class Token:
    value: str
    installation: Installation
    permissions: dict[str, str]
    repository_ids: set[int] | None
    expires_at: datetime
    requests: int = 0
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook that waits to be sent; a redelivery keeps the guid and the bytes."""

    guid: str
    event: str
    action: str | None
    body: bytes
    repository_id: int | None
    redelivery: bool = False

    @property
    def kind(self) -> str:
        return f"{self.event}.{self.action}" if self.action else self.event


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a message, as GitHub's delivery log keeps it."""

    id: int
    message: Message
    delivered_at: datetime
    duration: float
    status: str
    status_code: int
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    response_body: str


@dataclass(frozen=True, slots=True)
class Unexpected:
    """Something the local GitHub was asked for and does not have: a test that sees one must fail."""

    method: str
    path: str
    detail: str
