"""Pages and forms of pull requests: the list, a new one with its file changes, one with merge and diff."""

import re

from fastapi import APIRouter
from fastapi.responses import Response

from demo.github.errors import GitHubError
from demo.github.pages.frame import OnPage
from demo.github.pages.issues import conversation

router = APIRouter(prefix="/{owner}/{repo}")


@router.get("/pulls")
async def list_pulls(at: OnPage, state: str = "open") -> Response:
    pulls = [issue for issue in at.repository.issues.values() if issue.pull]
    shown = [issue for issue in reversed(pulls) if issue.state == state]
    counts = {name: sum(issue.state == name for issue in pulls) for name in ("open", "closed")}
    values = {"issues": shown, "counts": counts, "state": state, "label": "", "pulls": True}
    return at.page("issues.html", "pulls", values)


@router.get("/pulls/new")
async def new_pull(at: OnPage, path: str = "") -> Response:
    """With `path` the editor starts with that file's text."""
    graph = at.repository.graph
    files = graph.commits[graph.branches[at.repository.default_branch]].files
    chosen = path if path in files else ""
    text = files.get(chosen, "")
    return at.page("new_pull.html", "pulls", {"paths": sorted(files), "path": chosen, "text": text})


@router.post("/pulls")
async def open_pull(at: OnPage) -> Response:
    """Form fields: `title`, `body`, `branch` (optional), then pairs of `path` and `content`, one for each file."""
    at.require("write")
    pairs = await at.form()
    fields = dict(pairs)
    title, branch = fields.get("title", ""), fields.get("branch", "").strip()
    paths = [value for name, value in pairs if name == "path"]
    # A browser sends CRLF; in the repository lines end as they do in git.
    texts = [value.replace("\r\n", "\n") for name, value in pairs if name == "content"]
    files: dict[str, str | None] = {p.strip(): text for p, text in zip(paths, texts, strict=False) if p.strip()}
    if not files:
        raise GitHubError(422, "A pull request must change at least one file.")
    name = branch or f"{at.login}-patch-{at.repository.next_number}"
    if not re.fullmatch(r"[\w][\w./-]{0,100}", name) or name in at.repository.graph.branches:
        raise GitHubError(422, f"The branch {name!r} exists already or is not a valid name.")
    at.world.push(at.repository, at.login, name, files, title or "Change files")
    pull = at.world.open_pull(at.repository, at.login, title, fields.get("body", ""), name)
    return at.go(f"/pull/{pull.number}")


@router.get("/pull/{number}")
async def show_pull(number: int, at: OnPage) -> Response:
    pull = at.world.pull(at.repository, number)
    comparison = at.repository.graph.compare(pull.base_sha, pull.head_sha)
    values = conversation(at, pull.issue) | {
        "pull": pull,
        "commits": comparison.commits if comparison else [],
        "changes": comparison.changes if comparison else [],
        "mergeable": pull.issue.state == "open" and at.world.is_mergeable(pull),
        "linked": at.world.linked_issues(pull),
        "checks": [run for run in at.repository.check_runs.values() if run.head_sha == pull.head_sha],
        "may_write": at.may("write"),
    }
    return at.page("pull.html", "pulls", values)


@router.post("/pull/{number}/merge")
async def merge(number: int, at: OnPage) -> Response:
    """Form field: `method` = merge or squash."""
    at.require("write")
    fields = await at.fields()
    at.world.merge(at.world.pull(at.repository, number), at.login, fields.get("method", "merge"))
    return at.go(f"/pull/{number}")
