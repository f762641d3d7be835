"""JSON of deployments and their statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.github.model import Deployment, DeploymentStatus
from demo.github.shapes.accounts import moment, node_id, repository_url, user

if TYPE_CHECKING:
    from demo.github.state import State


def deployment(state: State, item: Deployment) -> dict[str, Any]:
    repository = repository_url(state, item.repository)
    url = f"{repository}/deployments/{item.id}"
    newest = item.statuses[-1].created_at if item.statuses else item.created_at
    return {
        "url": url,
        "id": item.id,
        "node_id": node_id("Deployment", item.id),
        "sha": item.sha,
        "ref": item.ref,
        "task": "deploy",
        "payload": {},
        "original_environment": item.environment,
        "environment": item.environment,
        "description": item.description or None,
        "creator": user(state, item.creator),
        "created_at": moment(item.created_at),
        "updated_at": moment(newest),
        "statuses_url": f"{url}/statuses",
        "repository_url": repository,
        "transient_environment": False,
        "production_environment": item.environment == "production",
        "performed_via_github_app": None,
    }


def deployment_status(state: State, item: Deployment, status: DeploymentStatus) -> dict[str, Any]:
    repository = repository_url(state, item.repository)
    url = f"{repository}/deployments/{item.id}"
    return {
        "url": f"{url}/statuses/{status.id}",
        "id": status.id,
        "node_id": node_id("DeploymentStatus", status.id),
        "state": status.state,
        "creator": user(state, status.creator),
        "description": status.description,
        "environment": item.environment,
        "target_url": "",
        "log_url": "",
        "environment_url": status.environment_url,
        "created_at": moment(status.created_at),
        "updated_at": moment(status.created_at),
        "deployment_url": url,
        "repository_url": repository,
        "performed_via_github_app": None,
    }
