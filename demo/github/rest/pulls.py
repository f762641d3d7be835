"""Routes of pull requests: the App may only read them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter

from demo.github import shapes
from demo.github.graph import Comparison
from demo.github.model import PullRequest
from demo.github.rest.access import Caller, needs
from demo.github.rest.paging import Pages

router = APIRouter(prefix="/repos/{owner}/{repo}/pulls")
MayRead = Annotated[Caller, needs("pull_requests")]


@router.get("")
async def list_pulls(
    at: MayRead,
    pages: Pages,
    state: Literal["open", "closed", "all"] = "open",
    base: str = "",
    head: str = "",
    sort: Literal["created", "updated"] = "created",
    direction: Literal["asc", "desc"] = "desc",
) -> list[dict[str, Any]]:
    """`head` is "owner:branch"."""
    found = [
        issue.pull
        for issue in at.repository.issues.values()
        if issue.pull
        and state in ("all", issue.state)
        and base in ("", issue.pull.base)
        and head in ("", f"{at.repository.owner.login}:{issue.pull.head}")
    ]

    def key(pull: PullRequest) -> tuple[Any, int]:
        return (pull.issue.updated_at if sort == "updated" else pull.issue.created_at), pull.number

    found.sort(key=key, reverse=direction == "desc")
    return [shapes.pull_simple(at.world, each) for each in pages.cut(found)]


@router.get("/{number}")
async def get_pull(number: int, at: MayRead) -> dict[str, Any]:
    return shapes.pull(at.world, at.world.pull(at.repository, number))


@router.get("/{number}/commits")
async def list_commits(number: int, at: MayRead, pages: Pages) -> list[dict[str, Any]]:
    comparison = _own(at, number)
    shown = pages.cut(comparison.commits if comparison else [])
    return [shapes.commit(at.world, at.repository, each) for each in shown]


@router.get("/{number}/files")
async def list_files(number: int, at: MayRead, pages: Pages) -> list[dict[str, Any]]:
    pull = at.world.pull(at.repository, number)
    comparison = _own(at, number)
    shown = pages.cut(comparison.changes if comparison else [])
    return [shapes.file_change(at.world, at.repository, pull.head_sha, each) for each in shown]


def _own(at: Caller, number: int) -> Comparison | None:
    pull = at.world.pull(at.repository, number)
    return at.repository.graph.compare(pull.base_sha, pull.head_sha)
