"""The JSON of GitHub's REST answers and webhooks, one file per resource. Reads the state, changes nothing."""

from demo.github.shapes.accounts import app, installation, node_id, organization, ping, token, user
from demo.github.shapes.checks import check_run
from demo.github.shapes.commits import commit, comparison, directory, file_change, file_content
from demo.github.shapes.deliveries import delivery, delivery_item
from demo.github.shapes.deployments import deployment, deployment_status
from demo.github.shapes.issues import comment, issue, label, reaction
from demo.github.shapes.pulls import pull, pull_simple
from demo.github.shapes.repositories import (
    collaborator_permission,
    full_repository,
    repository,
    repository_reference,
)

__all__ = [
    "app",
    "check_run",
    "collaborator_permission",
    "comment",
    "commit",
    "comparison",
    "delivery",
    "delivery_item",
    "deployment",
    "deployment_status",
    "directory",
    "file_change",
    "file_content",
    "full_repository",
    "installation",
    "issue",
    "label",
    "node_id",
    "organization",
    "ping",
    "pull",
    "pull_simple",
    "reaction",
    "repository",
    "repository_reference",
    "token",
    "user",
]
