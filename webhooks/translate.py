"""From GitHub's payloads to the bot's events: one table, pure. What is not in it is none of our business."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.events import (
    Actor,
    BotEvent,
    CharterLabelled,
    CommentPosted,
    DeploymentFinished,
    PullRequestMerged,
    RepoRef,
)
from webhooks import payloads


@dataclass(frozen=True, slots=True)
class Ignored:
    """Readable and of a kind that we use, but there is nothing to do; `reason` is a sentence for GitHub's log."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Common:
    repo: RepoRef
    installation_id: int
    actor: Actor


def is_used(event: str, action: str) -> bool:
    return (event, action) in TABLE


def translate(event: str, action: str, data: Mapping[str, Any], own_login: str) -> BotEvent | Ignored:
    """The event in our words. Raises pydantic.ValidationError when the payload lacks what we need."""
    shape, make = TABLE[(event, action)]
    payload = shape.model_validate(data)
    if payload.sender.login == own_login:
        return Ignored("Our own App did this.")
    return make(payload, _common(payload))


def _common(payload: payloads.Payload) -> _Common:
    repository, sender = payload.repository, payload.sender
    return _Common(
        repo=RepoRef(repository.id, repository.owner.login, repository.name),
        installation_id=payload.installation.id if payload.installation else 0,
        actor=Actor(sender.login, sender.id, sender.type),
    )


def _labelled(payload: payloads.IssueLabelled, common: _Common) -> CharterLabelled | Ignored:
    if payload.issue.pull_request is not None:
        return Ignored("The label is on a pull request.")
    return CharterLabelled(
        repo=common.repo,
        installation_id=common.installation_id,
        actor=common.actor,
        issue=payload.issue.number,
        label=payload.label.name,  # of the event: the issue's own list may be newer or older
        title=payload.issue.title,
        body=payload.issue.body,
    )


def _commented(payload: payloads.CommentCreated, common: _Common) -> CommentPosted:
    return CommentPosted(
        repo=common.repo,
        installation_id=common.installation_id,
        actor=common.actor,
        issue=payload.issue.number,
        comment_id=payload.comment.id,
        body=payload.comment.body,
        on_pull_request=payload.issue.pull_request is not None,
    )


def _closed(payload: payloads.PullRequestClosed, common: _Common) -> PullRequestMerged | Ignored:
    pull = payload.pull_request
    if not pull.merged:
        return Ignored("The pull request was closed without a merge.")
    return PullRequestMerged(
        repo=common.repo,
        installation_id=common.installation_id,
        actor=common.actor,
        number=pull.number,
        title=pull.title,
        body=pull.body,
        merge_sha=pull.merge_commit_sha,
        head_sha=pull.head.sha,
        base=pull.base.ref,
        default_branch=payload.repository.default_branch,
    )


def _deployed(payload: payloads.DeploymentStatusCreated, common: _Common) -> DeploymentFinished:
    return DeploymentFinished(
        repo=common.repo,
        installation_id=common.installation_id,
        actor=common.actor,
        deployment_id=payload.deployment.id,
        sha=payload.deployment.sha,
        environment=payload.deployment.environment,
        state=payload.deployment_status.state,
        url=payload.deployment_status.environment_url,
    )


Make = Callable[[Any, _Common], BotEvent | Ignored]
TABLE: dict[tuple[str, str], tuple[type[payloads.Payload], Make]] = {
    ("issues", "labeled"): (payloads.IssueLabelled, _labelled),
    ("issue_comment", "created"): (payloads.CommentCreated, _commented),
    ("pull_request", "closed"): (payloads.PullRequestClosed, _closed),
    ("deployment_status", "created"): (payloads.DeploymentStatusCreated, _deployed),
}
