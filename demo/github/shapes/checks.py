"""JSON of check runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.github.model import CheckRun, PullRequest, Repository
from demo.github.shapes.accounts import app, node_id, optional_moment, page_url, repository_url

if TYPE_CHECKING:
    from demo.github.state import State


def check_run(state: State, repository: Repository, check: CheckRun) -> dict[str, Any]:
    url = f"{repository_url(state, repository)}/check-runs/{check.id}"
    page = f"{page_url(state, repository)}/commit/{check.head_sha}"
    pulls = [issue.pull for issue in repository.issues.values() if issue.pull]
    return {
        "id": check.id,
        "node_id": node_id("CheckRun", check.id),
        "head_sha": check.head_sha,
        "external_id": check.external_id,
        "url": url,
        "html_url": page,
        "details_url": check.details_url or page,
        "name": check.name,
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": optional_moment(check.started_at),
        "completed_at": optional_moment(check.completed_at),
        "output": {
            "title": check.output.get("title"),
            "summary": check.output.get("summary"),
            "text": check.output.get("text"),
            "annotations_count": len(check.output.get("annotations") or []),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": int(check.head_sha[:7], 16)},
        "app": app(state),
        "pull_requests": [_minimal(state, repository, pull) for pull in pulls if pull.head_sha == check.head_sha],
    }


def _minimal(state: State, repository: Repository, pull: PullRequest) -> dict[str, Any]:
    url = repository_url(state, repository)
    repo = {"id": repository.id, "url": url, "name": repository.name}
    return {
        "id": pull.id,
        "number": pull.number,
        "url": f"{url}/pulls/{pull.number}",
        "head": {"ref": pull.head, "sha": pull.head_sha, "repo": repo},
        "base": {"ref": pull.base, "sha": pull.base_sha, "repo": repo},
    }
