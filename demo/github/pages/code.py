"""Pages of the code: the commits of the default branch, one commit with its diff, one file."""

from fastapi import APIRouter
from fastapi.responses import Response

from demo.github.errors import GitHubError
from demo.github.graph import Commit, diff
from demo.github.pages.frame import OnPage, Visit

router = APIRouter(prefix="/{owner}/{repo}")


@router.get("/commits")
async def list_commits(at: OnPage) -> Response:
    graph = at.repository.graph
    history = graph.history(graph.branches[at.repository.default_branch])
    files = sorted(history[0].files)
    return at.page("commits.html", "code", {"commits": history, "files": files})


@router.get("/commit/{sha}")
async def show_commit(sha: str, at: OnPage) -> Response:
    commit = _commit(at, sha)
    before = at.repository.graph.commits[commit.parents[0]].files if commit.parents else {}
    checks = [run for run in at.repository.check_runs.values() if run.head_sha == commit.sha]
    values = {"commit": commit, "changes": diff(before, commit.files), "checks": checks}
    return at.page("commit.html", "code", values)


@router.get("/blob/{ref}/{path:path}")
async def show_file(ref: str, path: str, at: OnPage) -> Response:
    commit = _commit(at, ref)
    if path not in commit.files:
        raise GitHubError(404, f"There is no file {path} at {ref}.")
    return at.page("file.html", "code", {"commit": commit, "path": path, "text": commit.files[path]})


def _commit(at: Visit, ref: str) -> Commit:
    if (commit := at.repository.graph.resolve(ref)) is None:
        raise GitHubError(404, f"There is no commit {ref}.")
    return commit
