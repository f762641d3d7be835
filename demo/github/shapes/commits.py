"""JSON of commits, comparisons, changed files and file contents."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from demo.github.graph import Commit, Comparison, FileChange, blob_sha
from demo.github.model import Repository
from demo.github.shapes.accounts import moment, node_id, page_url, repository_url, user

if TYPE_CHECKING:
    from demo.github.state import State


def commit(state: State, repository: Repository, item: Commit, files: list[FileChange] | None = None) -> dict[str, Any]:
    url, page = repository_url(state, repository), page_url(state, repository)
    author = state.user(item.author)
    person = {"name": author.name or author.login, "email": f"{author.login}@example.com", "date": moment(item.at)}
    tree = hashlib.sha1(repr(sorted(item.files.items())).encode(), usedforsecurity=False).hexdigest()
    body: dict[str, Any] = {
        "sha": item.sha,
        "node_id": node_id("Commit", int(item.sha[:8], 16)),
        "url": f"{url}/commits/{item.sha}",
        "html_url": f"{page}/commit/{item.sha}",
        "comments_url": f"{url}/commits/{item.sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{item.sha}",
            "author": person,
            "committer": person,
            "message": item.message,
            "comment_count": 0,
            "tree": {"sha": tree, "url": f"{url}/git/trees/{tree}"},
        },
        "author": user(state, author),
        "committer": user(state, author),
        "parents": [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{page}/commit/{sha}"} for sha in item.parents
        ],
    }
    if files is not None:
        additions, deletions = (
            sum(change.additions for change in files),
            sum(change.deletions for change in files),
        )
        body["stats"] = {"additions": additions, "deletions": deletions, "total": additions + deletions}
        body["files"] = [file_change(state, repository, item.sha, change) for change in files]
    return body


def file_change(state: State, repository: Repository, sha: str, change: FileChange) -> dict[str, Any]:
    url, page = repository_url(state, repository), page_url(state, repository)
    return {
        "sha": change.blob_sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{page}/blob/{sha}/{change.path}",
        "raw_url": f"{page}/raw/{sha}/{change.path}",
        "contents_url": f"{url}/contents/{change.path}?ref={sha}",
        "patch": change.patch,
    }


def comparison(state: State, repository: Repository, item: Comparison, commits: list[Commit]) -> dict[str, Any]:
    """`commits` is one page of those that the comparison has."""
    url, page = repository_url(state, repository), page_url(state, repository)
    span = f"{item.base.sha}...{item.head.sha}"
    return {
        "url": f"{url}/compare/{span}",
        "html_url": f"{page}/compare/{span}",
        "permalink_url": f"{page}/compare/{span}",
        "diff_url": f"{page}/compare/{span}.diff",
        "patch_url": f"{page}/compare/{span}.patch",
        "base_commit": commit(state, repository, item.base),
        "merge_base_commit": commit(state, repository, item.merge_base),
        "status": item.status,
        "ahead_by": len(item.commits),
        "behind_by": item.behind_by,
        "total_commits": len(item.commits),
        "commits": [commit(state, repository, each) for each in commits],
        "files": [file_change(state, repository, item.head.sha, each) for each in item.changes],
    }


def _entry(state: State, repository: Repository, sha: str, path: str, kind: str) -> dict[str, Any]:
    url = f"{repository_url(state, repository)}/contents/{path}?ref={sha}"
    page = f"{page_url(state, repository)}/{'blob' if kind == 'file' else 'tree'}/{sha}/{path}"
    return {
        "type": kind,
        "name": path.rpartition("/")[2],
        "path": path,
        "url": url,
        "html_url": page,
        "git_url": None,
        "download_url": f"{page_url(state, repository)}/raw/{sha}/{path}" if kind == "file" else None,
        "_links": {"self": url, "html": page, "git": None},
    }


def file_content(state: State, repository: Repository, item: Commit, path: str) -> dict[str, Any]:
    """The contents answer for one file: base64 in lines of 60, as GitHub wraps it."""
    raw = item.files[path].encode()
    encoded = base64.b64encode(raw).decode()
    lines = [encoded[start : start + 60] + "\n" for start in range(0, len(encoded), 60)]
    return _entry(state, repository, item.sha, path, "file") | {
        "encoding": "base64",
        "size": len(raw),
        "content": "".join(lines),
        "sha": blob_sha(item.files[path]),
    }


def directory(state: State, repository: Repository, item: Commit, path: str) -> list[dict[str, Any]]:
    """The contents answer for a folder; empty when there is nothing at that path."""
    prefix = f"{path.strip('/')}/" if path.strip("/") else ""
    entries: dict[str, dict[str, Any]] = {}
    for name, text in sorted(item.files.items()):
        if not name.startswith(prefix):
            continue
        child, _, below = name.removeprefix(prefix).partition("/")
        entry = _entry(state, repository, item.sha, prefix + child, "dir" if below else "file")
        size, sha = (0, blob_sha(prefix + child)) if below else (len(text.encode()), blob_sha(text))
        entries.setdefault(child, entry | {"size": size, "sha": sha})
    return list(entries.values())
