"""JSON of issues, labels, comments and reactions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from demo.github.model import Comment, Issue, Label, Reaction, Repository, User
from demo.github.shapes.accounts import (
    app,
    moment,
    node_id,
    optional_moment,
    page_url,
    repository_url,
    user,
)

if TYPE_CHECKING:
    from demo.github.state import State

_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def label(state: State, repository: Repository, item: Label) -> dict[str, Any]:
    return {
        "id": item.id,
        "node_id": node_id("Label", item.id),
        "url": f"{repository_url(state, repository)}/labels/{quote(item.name, safe='')}",
        "name": item.name,
        "color": item.color,
        "default": False,
        "description": item.description,
        "archived_at": None,
        "archived_by": None,
    }


def reaction(state: State, item: Reaction) -> dict[str, Any]:
    return {
        "id": item.id,
        "node_id": node_id("Reaction", item.id),
        "user": user(state, item.author),
        "content": item.content,
        "created_at": moment(item.created_at),
    }


def _rollup(url: str, reactions: list[Reaction]) -> dict[str, Any]:
    counts = Counter(item.content for item in reactions)
    return {
        "url": f"{url}/reactions",
        "total_count": len(reactions),
        **{content: counts[content] for content in _REACTIONS},
    }


def association(repository: Repository, person: User) -> str:
    """GitHub's word for what an author is to the repository."""
    if person is repository.owner:
        return "OWNER"
    return "NONE" if repository.role(person.login) == "none" else "COLLABORATOR"


def _written_by(state: State, repository: Repository, author: User) -> dict[str, Any]:
    return {
        "user": user(state, author),
        "author_association": association(repository, author),
        "performed_via_github_app": app(state) if author is state.bot else None,
    }


def issue_url(state: State, item: Issue) -> str:
    return f"{repository_url(state, item.repository)}/issues/{item.number}"


def issue_page(state: State, item: Issue) -> str:
    kind = "pull" if item.pull else "issues"
    return f"{page_url(state, item.repository)}/{kind}/{item.number}"


def issue(state: State, item: Issue) -> dict[str, Any]:
    url = issue_url(state, item)
    body = {
        "id": item.id,
        "node_id": node_id("Issue", item.id),
        "url": url,
        "repository_url": repository_url(state, item.repository),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": issue_page(state, item),
        "number": item.number,
        "state": item.state,
        "state_reason": item.state_reason,
        "title": item.title,
        "body": item.body,
        **_written_by(state, item.repository, item.author),
        "labels": [label(state, item.repository, each) for each in item.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(item.comments),
        "closed_at": optional_moment(item.closed_at),
        "closed_by": user(state, item.closed_by) if item.closed_by else None,
        "created_at": moment(item.created_at),
        "updated_at": moment(item.updated_at),
        "reactions": _rollup(url, item.reactions),
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
    }
    if item.pull:
        page = issue_page(state, item)
        body["pull_request"] = {
            "url": f"{repository_url(state, item.repository)}/pulls/{item.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": optional_moment(item.pull.merged_at),
        }
    return body


def comment(state: State, item: Comment) -> dict[str, Any]:
    url = f"{repository_url(state, item.issue.repository)}/issues/comments/{item.id}"
    return {
        "id": item.id,
        "node_id": node_id("IssueComment", item.id),
        "url": url,
        "issue_url": issue_url(state, item.issue),
        "html_url": f"{issue_page(state, item.issue)}#issuecomment-{item.id}",
        "body": item.body,
        **_written_by(state, item.issue.repository, item.author),
        "created_at": moment(item.created_at),
        "updated_at": moment(item.updated_at),
        "reactions": _rollup(url, item.reactions),
    }
