"""Routes of deployments and their statuses: the App may only read them."""

from typing import Annotated, Any

from fastapi import APIRouter

from demo.github import shapes
from demo.github.errors import not_found
from demo.github.rest.access import Caller, needs
from demo.github.rest.paging import Pages

router = APIRouter(prefix="/repos/{owner}/{repo}/deployments")
MayRead = Annotated[Caller, needs("deployments")]


@router.get("")
async def list_deployments(
    at: MayRead, pages: Pages, sha: str = "", ref: str = "", environment: str = ""
) -> list[dict[str, Any]]:
    """Newest first."""
    found = [
        each
        for each in reversed(at.repository.deployments)
        if sha in ("", each.sha) and ref in ("", each.ref) and environment in ("", each.environment)
    ]
    return [shapes.deployment(at.world, each) for each in pages.cut(found)]


@router.get("/{deployment_id}")
async def get_deployment(deployment_id: int, at: MayRead) -> dict[str, Any]:
    return shapes.deployment(at.world, at.world.find_deployment(at.repository, deployment_id))


@router.get("/{deployment_id}/statuses")
async def list_statuses(deployment_id: int, at: MayRead, pages: Pages) -> list[dict[str, Any]]:
    """Newest first."""
    deployment = at.world.find_deployment(at.repository, deployment_id)
    shown = pages.cut(deployment.statuses[::-1])
    return [shapes.deployment_status(at.world, deployment, each) for each in shown]


@router.get("/{deployment_id}/statuses/{status_id}")
async def get_status(deployment_id: int, status_id: int, at: MayRead) -> dict[str, Any]:
    deployment = at.world.find_deployment(at.repository, deployment_id)
    found = next((each for each in deployment.statuses if each.id == status_id), None)
    if found is None:
        raise not_found()
    return shapes.deployment_status(at.world, deployment, found)
