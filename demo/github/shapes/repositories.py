"""JSON of repositories and of a person's permission in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.github.model import FOLDED, ROLES, Repository, User
from demo.github.shapes.accounts import moment, node_id, page_url, repository_url, user

if TYPE_CHECKING:
    from demo.github.state import State

_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_COUNTS = ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size")


def repository_reference(target: Repository) -> dict[str, Any]:
    """The few fields that installation webhooks name repositories by."""
    return {
        "id": target.id,
        "node_id": node_id("Repository", target.id),
        "name": target.name,
        "full_name": target.full_name,
        "private": target.private,
    }


def repository(state: State, target: Repository) -> dict[str, Any]:
    url, page = repository_url(state, target), page_url(state, target)
    host = state.base_url.partition("://")[2]
    open_issues = sum(issue.state == "open" for issue in target.issues.values())
    pushed_at = max(commit.at for commit in target.graph.commits.values())
    return {
        **repository_reference(target),
        "owner": user(state, target.owner),
        "html_url": page,
        "description": target.description or None,
        "fork": False,
        "url": url,
        **{name: url + suffix for name, suffix in _URLS.items()},
        "git_url": f"git://{host}/{target.full_name}.git",
        "ssh_url": f"git@{host}:{target.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "license": None,
        "default_branch": target.default_branch,
        **dict.fromkeys(_COUNTS, 0),
        "open_issues": open_issues,
        "open_issues_count": open_issues,
        "topics": [],
        "has_issues": target.has_issues,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "is_template": False,
        "archived": False,
        "disabled": False,
        "allow_forking": False,
        "web_commit_signoff_required": False,
        "visibility": "private" if target.private else "public",
        "created_at": moment(target.created_at),
        "updated_at": moment(pushed_at),
        "pushed_at": moment(pushed_at),
    }


def full_repository(state: State, target: Repository) -> dict[str, Any]:
    return repository(state, target) | {"subscribers_count": 0, "network_count": 0}


def collaborator_permission(state: State, target: Repository, person: User) -> dict[str, Any]:
    """Both answers of GitHub: the exact role, and the permission into which old clients fold it."""
    role = target.role(person.login)
    reached = ROLES.index(role)
    return {
        "permission": FOLDED.get(role, role),
        "role_name": role,
        "user": {
            **user(state, person),
            "role_name": role,
            "permissions": {
                "pull": reached >= ROLES.index("read"),
                "triage": reached >= ROLES.index("triage"),
                "push": reached >= ROLES.index("write"),
                "maintain": reached >= ROLES.index("maintain"),
                "admin": reached >= ROLES.index("admin"),
            },
        },
    }
