"""Verbs on deployments: create one, give it a status, and the whole deed of a person who deploys a commit."""

from collections.abc import Awaitable, Callable

from demo.github import shapes
from demo.github.errors import invalid, not_found
from demo.github.model import Deployment, DeploymentStatus, Repository
from demo.github.verbs.pulls import PullVerbs

# Starts the deployed commit; gives the address where it runs, or raises.
Deployer = Callable[[Deployment], Awaitable[str | None]]
STATES = ("error", "failure", "inactive", "pending", "success", "queued", "in_progress")


class DeploymentVerbs(PullVerbs):
    def find_deployment(self, repository: Repository, deployment_id: int) -> Deployment:
        """Raises the 404 of GitHub for an unknown deployment."""
        found = next((each for each in repository.deployments if each.id == deployment_id), None)
        if found is None:
            raise not_found()
        return found

    def create_deployment(
        self, repository: Repository, actor: str, ref: str, environment: str, description: str = ""
    ) -> Deployment:
        """Sends `deployment.created` to an App that subscribed to it."""
        commit = repository.graph.resolve(ref)
        if commit is None:
            raise invalid("Deployment", "ref")
        creator = self.user(actor)
        deployment = Deployment(
            self.new_id(), repository, commit.sha, ref, environment, creator, description, self.now()
        )
        repository.deployments.append(deployment)
        self.emit(
            "deployment",
            "created",
            repository,
            creator,
            deployment=shapes.deployment(self, deployment),
            workflow=None,
            workflow_run=None,
        )
        return deployment

    def set_deployment_status(
        self, deployment: Deployment, actor: str, state: str, description: str = "", environment_url: str = ""
    ) -> DeploymentStatus:
        """Sends `deployment_status.created`. A success makes the older ones of a test environment inactive."""
        if state not in STATES:
            raise invalid("DeploymentStatus", "state")
        status = self._add_status(deployment, actor, state, description, environment_url)
        self.emit(
            "deployment_status",
            "created",
            deployment.repository,
            status.creator,
            deployment=shapes.deployment(self, deployment),
            deployment_status=shapes.deployment_status(self, deployment, status),
            workflow=None,
            workflow_run=None,
        )
        if state == "success" and deployment.environment != "production":
            self._retire_others(deployment, actor)
        return status

    async def deploy(
        self, repository: Repository, actor: str, ref: str, environment: str, deployer: Deployer | None = None
    ) -> Deployment:
        """A person deploys: in progress, then success with the address, or failure with the reason."""
        deployment = self.create_deployment(repository, actor, ref, environment)
        self.set_deployment_status(deployment, actor, "in_progress")
        try:
            address = await deployer(deployment) if deployer else None
        except Exception as problem:  # noqa: BLE001 - an outer edge: whatever a deployer raises is a failed deploy
            self.set_deployment_status(deployment, actor, "failure", str(problem)[:140])
        else:
            self.set_deployment_status(deployment, actor, "success", environment_url=address or "")
        return deployment

    def _retire_others(self, newest: Deployment, actor: str) -> None:
        for other in newest.repository.deployments:
            same = other is not newest and other.environment == newest.environment
            # GitHub sends no webhook for this status: https://github.com/github/docs/pull/3736
            if same and other.state == "success":
                self._add_status(other, actor, "inactive", "", other.statuses[-1].environment_url)

    def _add_status(
        self, deployment: Deployment, actor: str, state: str, description: str, environment_url: str
    ) -> DeploymentStatus:
        creator = self.user(actor)
        status = DeploymentStatus(self.new_id(), state, creator, description, environment_url, self.now())
        deployment.statuses.append(status)
        return status
