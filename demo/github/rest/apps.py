"""Routes of the App itself: who it is, where it is installed, tokens for an installation."""

from typing import Any

from fastapi import APIRouter

from demo.github import shapes
from demo.github.errors import GitHubError, not_found
from demo.github.model import Installation, Repository
from demo.github.rest.access import AsApp, LiveToken, TheWorld
from demo.github.rest.bodies import TokenScope
from demo.github.rest.paging import Pages
from demo.github.state import LEVELS
from demo.github.world import World

router = APIRouter()


@router.get("/app")
async def get_app(world: AsApp) -> dict[str, Any]:
    return shapes.app(world)


@router.get("/app/installations")
async def list_installations(world: AsApp, pages: Pages) -> list[dict[str, Any]]:
    return [shapes.installation(world, each) for each in pages.cut(list(world.installations.values()))]


@router.get("/app/installations/{installation_id}")
async def get_installation(installation_id: int, world: AsApp) -> dict[str, Any]:
    return shapes.installation(world, _installation(world, installation_id))


@router.get("/repos/{owner}/{repo}/installation")
async def get_repository_installation(owner: str, repo: str, world: AsApp) -> dict[str, Any]:
    installed = world.installation_of(world.repository(f"{owner}/{repo}"))
    if installed is None:
        raise not_found()
    return shapes.installation(world, installed)


@router.post("/app/installations/{installation_id}/access_tokens", status_code=201)
async def create_token(installation_id: int, world: AsApp, scope: TokenScope | None = None) -> dict[str, Any]:
    """The body may narrow the token to some repositories and permissions, never widen it."""
    installed = _installation(world, installation_id)
    if installed.suspended_at is not None:
        raise GitHubError(403, "This installation has been suspended")
    wanted = scope or TokenScope()
    chosen = _chosen_repositories(world, installed, wanted)
    permissions = _narrowed(installed, wanted.permissions)
    ids = installed.repository_ids if chosen is None else {repository.id for repository in chosen}
    token = world.mint_token(installed, permissions, ids)
    named = None if chosen is None else [shapes.repository(world, each) for each in chosen]
    return shapes.token(token, named)


@router.get("/installation/repositories")
async def list_repositories(world: TheWorld, token: LiveToken, pages: Pages) -> dict[str, Any]:
    covered = [
        each
        for each in world.repositories.values()
        if token.installation.covers(each) and (token.repository_ids is None or each.id in token.repository_ids)
    ]
    return {
        "total_count": len(covered),
        "repository_selection": "all" if token.repository_ids is None else "selected",
        "repositories": [shapes.repository(world, each) for each in pages.cut(covered)],
    }


def _installation(world: World, installation_id: int) -> Installation:
    if (installed := world.installations.get(installation_id)) is None:
        raise not_found()
    return installed


def _chosen_repositories(world: World, installed: Installation, wanted: TokenScope) -> list[Repository] | None:
    """None when the request names no repositories; raises 422 when it names one that is not covered."""
    if wanted.repositories is None and wanted.repository_ids is None:
        return None
    covered = [each for each in world.repositories.values() if installed.covers(each)]
    names, ids = set(wanted.repositories or ()), set(wanted.repository_ids or ())
    chosen = [each for each in covered if each.name in names or each.id in ids]
    if names - {each.name for each in chosen} or ids - {each.id for each in chosen} or not chosen:
        raise GitHubError(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    return chosen


def _narrowed(installed: Installation, wanted: dict[str, str] | None) -> dict[str, str]:
    if wanted is None:
        return dict(installed.permissions)
    for name, level in wanted.items():
        granted = installed.permissions.get(name, "none")
        if level not in LEVELS or LEVELS.index(level) > LEVELS.index(granted):
            raise GitHubError(422, "The permissions requested are not granted to this installation.")
    # Every token may read metadata, whatever it was narrowed to.
    return {"metadata": "read"} | wanted if "metadata" in installed.permissions else dict(wanted)
