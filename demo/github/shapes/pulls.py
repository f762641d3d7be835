"""JSON of pull requests: the short form of lists and the full one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.github.model import PullRequest
from demo.github.shapes.accounts import moment, node_id, optional_moment, repository_url, user
from demo.github.shapes.issues import association, issue_page, issue_url, label
from demo.github.shapes.repositories import repository as repository_shape

if TYPE_CHECKING:
    from demo.github.verbs.pulls import PullVerbs


def _side(state: PullVerbs, pull: PullRequest, ref: str, sha: str) -> dict[str, Any]:
    repository = pull.issue.repository
    return {
        "label": f"{repository.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(state, repository.owner),
        "repo": repository_shape(state, repository),
    }


def _urls(state: PullVerbs, pull: PullRequest) -> dict[str, str]:
    item = pull.issue
    repository = repository_url(state, item.repository)
    url, page = f"{repository}/pulls/{pull.number}", issue_page(state, item)
    return {
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url(state, item),
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{repository}/pulls/comments{{/number}}",
        "comments_url": f"{issue_url(state, item)}/comments",
        "statuses_url": f"{repository}/statuses/{pull.head_sha}",
    }


def pull_simple(state: PullVerbs, pull: PullRequest) -> dict[str, Any]:
    item, urls = pull.issue, _urls(state, pull)
    links = {
        name: {"href": urls[f"{name}_url"]}
        for name in ("html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses")
    }
    return {
        **urls,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "number": pull.number,
        "state": item.state,
        "locked": False,
        "title": item.title,
        "user": user(state, item.author),
        "body": item.body,
        "labels": [label(state, item.repository, each) for each in item.labels],
        "milestone": None,
        "active_lock_reason": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "draft": False,
        "created_at": moment(item.created_at),
        "updated_at": moment(item.updated_at),
        "closed_at": optional_moment(item.closed_at),
        "merged_at": optional_moment(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "head": _side(state, pull, pull.head, pull.head_sha),
        "base": _side(state, pull, pull.base, pull.base_sha),
        "_links": links | {"self": {"href": urls["url"]}},
        "author_association": association(item.repository, item.author),
        "auto_merge": None,
    }


def pull(state: PullVerbs, target: PullRequest) -> dict[str, Any]:
    graph = target.issue.repository.graph
    comparison = graph.compare(target.base_sha, target.head_sha)
    commits, changes = (comparison.commits, comparison.changes) if comparison else ([], [])
    is_open = target.issue.state == "open"
    mergeable = state.is_mergeable(target) if is_open else None
    return pull_simple(state, target) | {
        "merged": target.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": {True: "clean", False: "dirty", None: "unknown"}[mergeable],
        "merged_by": user(state, target.merged_by) if target.merged_by else None,
        "comments": len(target.issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }
