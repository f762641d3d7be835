"""The REST and GraphQL routes of the local GitHub, one file per resource; each route names its permission."""

from functools import cache

from fastapi import APIRouter

from demo.github.rest import (
    apps,
    checks,
    comments,
    commits,
    deployments,
    graphql,
    hooks,
    issues,
    labels,
    pulls,
    repositories,
)


@cache
def routes() -> APIRouter:
    """All routes in one router."""
    router = APIRouter()
    parts = (
        apps,
        hooks,
        repositories,
        # Before issues: /issues/comments/{id} must not be read as an issue's number.
        comments,
        issues,
        labels,
        pulls,
        # Before commits: a ref there may have slashes and would swallow /commits/{ref}/check-runs.
        checks,
        commits,
        deployments,
        graphql,
    )
    for part in parts:
        router.include_router(part.router)
    return router
