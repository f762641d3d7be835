"""Routes of commits, comparisons and file contents: the App may only read them."""

from typing import Annotated, Any

from fastapi import APIRouter

from demo.github import shapes
from demo.github.errors import GitHubError, not_found
from demo.github.graph import Commit, diff
from demo.github.rest.access import Caller, needs
from demo.github.rest.paging import Pages

router = APIRouter(prefix="/repos/{owner}/{repo}")
MayRead = Annotated[Caller, needs("contents")]


@router.get("/commits")
async def list_commits(at: MayRead, pages: Pages, sha: str = "") -> list[dict[str, Any]]:
    """Newest first, from a branch or commit."""
    start = _commit(at, sha or at.repository.default_branch)
    shown = pages.cut(at.repository.graph.history(start.sha))
    return [shapes.commit(at.world, at.repository, each) for each in shown]


@router.get("/commits/{ref:path}")
async def get_commit(ref: str, at: MayRead) -> dict[str, Any]:
    commit = at.repository.graph.resolve(ref)
    if commit is None:
        raise GitHubError(422, f"No commit found for SHA: {ref}")
    before = at.repository.graph.commits[commit.parents[0]].files if commit.parents else {}
    return shapes.commit(at.world, at.repository, commit, diff(before, commit.files))


@router.get("/compare/{span:path}")
async def compare(span: str, at: MayRead, pages: Pages) -> dict[str, Any]:
    """`span` is "base...head"."""
    base, dots, head = span.partition("...")
    comparison = at.repository.graph.compare(base, head) if dots else None
    if comparison is None:
        raise not_found()
    return shapes.comparison(at.world, at.repository, comparison, pages.cut(comparison.commits))


@router.get("/contents/{path:path}", response_model=None)
async def get_contents(path: str, at: MayRead, ref: str = "") -> dict[str, Any] | list[dict[str, Any]]:
    """A file, or the entries of a folder; 404 when there is neither at that commit."""
    commit = _commit(at, ref or at.repository.default_branch)
    if path in commit.files:
        return shapes.file_content(at.world, at.repository, commit, path)
    if not (entries := shapes.directory(at.world, at.repository, commit, path)):
        raise not_found()
    return entries


def _commit(at: Caller, ref: str) -> Commit:
    if (commit := at.repository.graph.resolve(ref)) is None:
        raise GitHubError(404, f"No commit found for the ref {ref}")
    return commit
