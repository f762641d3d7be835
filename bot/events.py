"""The bot's vocabulary: what happened on GitHub, in our own words. webhooks/ translates, bot/handlers act on it.

Each has a JSON form, which is all that is stored of a delivery: small, typed and without the raw payload.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RepoRef:
    """`id` is the truth; owner and name change when a repository moves."""

    id: int
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Actor:
    login: str
    id: int
    kind: str = "User"


@dataclass(frozen=True, slots=True)
class CharterLabelled:
    """Somebody put the trigger label (or any label: `label` tells) on an issue."""

    repo: RepoRef
    installation_id: int
    actor: Actor
    issue: int
    label: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class CommentPosted:
    repo: RepoRef
    installation_id: int
    actor: Actor
    issue: int
    comment_id: int
    body: str
    on_pull_request: bool = False


@dataclass(frozen=True, slots=True)
class PullRequestMerged:
    repo: RepoRef
    installation_id: int
    actor: Actor
    number: int
    title: str
    body: str
    merge_sha: str
    head_sha: str
    base: str
    default_branch: str


@dataclass(frozen=True, slots=True)
class DeploymentFinished:
    """A deployment status arrived. Only `success` says that something is live."""

    repo: RepoRef
    installation_id: int
    actor: Actor
    deployment_id: int
    sha: str
    environment: str
    state: str
    url: str = ""


BotEvent = CharterLabelled | CommentPosted | PullRequestMerged | DeploymentFinished
TYPES: dict[str, type[BotEvent]] = {
    cls.__name__: cls for cls in (CharterLabelled, CommentPosted, PullRequestMerged, DeploymentFinished)
}


def to_json(event: BotEvent) -> dict[str, Any]:
    return {"type": type(event).__name__, **asdict(event)}


def from_json(data: Mapping[str, Any]) -> BotEvent:
    values = {key: value for key, value in data.items() if key != "type"}
    values["repo"] = RepoRef(**values["repo"])
    values["actor"] = Actor(**values["actor"])
    return TYPES[data["type"]](**values)
