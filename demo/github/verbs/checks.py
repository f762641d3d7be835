"""Verbs on check runs. Only the App writes them, so there is no actor."""

from datetime import datetime
from typing import Any

from demo.github.errors import BODY_LIMIT, GitHubError, check_length, invalid, not_found
from demo.github.model import CheckRun, Repository
from demo.github.verbs.deployments import DeploymentVerbs

STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required")


class CheckVerbs(DeploymentVerbs):
    def check_run(self, repository: Repository, check_run_id: int) -> CheckRun:
        """Raises the 404 of GitHub for an unknown check run."""
        if (found := repository.check_runs.get(check_run_id)) is None:
            raise not_found()
        return found

    def create_check_run(self, repository: Repository, name: str, head_sha: str, **fields: Any) -> CheckRun:
        """`fields` are those of `update_check_run`. Raises 422 when the commit is unknown."""
        if head_sha not in repository.graph.commits:
            raise GitHubError(422, f"No commit found for SHA: {head_sha}")
        check = CheckRun(self.new_id(), name, head_sha)
        self.update_check_run(check, **fields)
        repository.check_runs[check.id] = check
        return check

    def update_check_run(self, check: CheckRun, **fields: Any) -> None:
        """Sets name, status, conclusion, external_id, details_url, started_at, completed_at, output."""
        output = fields.get("output") or {}
        for part in ("summary", "text"):
            check_length("CheckRun", part, output.get(part), BODY_LIMIT)
        conclusion = fields.get("conclusion")
        status = "completed" if conclusion else fields.get("status", check.status)
        if status not in STATUSES or (conclusion and conclusion not in CONCLUSIONS):
            raise invalid("CheckRun", "status" if status not in STATUSES else "conclusion")
        if status == "completed" and not (conclusion or check.conclusion):
            raise invalid("CheckRun", "conclusion", "missing_field")
        for name, value in fields.items():
            setattr(check, name, value)
        check.status = status
        if status == "completed":
            check.completed_at = check.completed_at or self.now()
        else:
            check.conclusion = check.completed_at = None
        check.started_at = check.started_at or _earliest(check.completed_at, self.now())


def _earliest(completed: datetime | None, now: datetime) -> datetime:
    return min(completed, now) if completed else now
