"""The small HTML pages where people open charters, comment, label, merge and deploy. Every form is a plain POST."""

from functools import cache

from fastapi import APIRouter

from demo.github.pages import code, deployments, hooks, issues, people, pulls
from demo.github.pages.frame import error_page

__all__ = ["error_page", "routes"]


@cache
def routes() -> APIRouter:
    """All pages in one router; to be included after the REST routes."""
    router = APIRouter()
    for part in (people, issues, pulls, deployments, hooks, code):
        router.include_router(part.router)
    return router
