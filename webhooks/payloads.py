"""What we read of a webhook payload, and no more. Whatever else GitHub sends, today or later, is ignored."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Id = Annotated[int, Field(ge=0, lt=2**63)]
Number = Annotated[int, Field(gt=0, lt=2**31)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text that GitHub sends as null when it is empty."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Account(Part):
    login: str
    id: Id
    type: str = "User"


class Repository(Part):
    id: Id
    name: str
    owner: Account
    default_branch: Text = ""


class Installation(Part):
    id: Id


class Payload(Part):
    """`installation` is missing when a hook was set up by hand instead of through the App."""

    repository: Repository
    sender: Account
    installation: Installation | None = None


class Label(Part):
    name: str


class Issue(Part):
    number: Number
    title: str
    body: Text = ""
    pull_request: dict[str, Any] | None = None


class IssueLabelled(Payload):
    issue: Issue
    label: Label


class Comment(Part):
    id: Id
    body: Text = ""


class CommentCreated(Payload):
    issue: Issue
    comment: Comment


class Commit(Part):
    sha: str


class Base(Part):
    ref: str


class PullRequest(Part):
    number: Number
    title: str
    body: Text = ""
    merged: bool
    merge_commit_sha: Text = ""
    head: Commit
    base: Base


class PullRequestClosed(Payload):
    pull_request: PullRequest


class Deployment(Part):
    id: Id
    sha: str
    environment: str


class DeploymentStatus(Part):
    state: str
    environment_url: Text = ""


class DeploymentStatusCreated(Payload):
    deployment: Deployment
    deployment_status: DeploymentStatus
