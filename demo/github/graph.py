"""The commit graph of one repository: branches, parents, trees, comparison, merging. Knows no issues and no HTTP."""

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    parents: tuple[str, ...]
    files: Mapping[str, str]
    message: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FileChange:
    path: str
    status: str
    additions: int
    deletions: int
    patch: str
    blob_sha: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`base...head`: commits are those of head alone, oldest first; the changes count from the merge base."""

    base: Commit
    head: Commit
    merge_base: Commit
    commits: list[Commit]
    behind_by: int
    changes: list[FileChange]

    @property
    def status(self) -> str:
        if self.commits and self.behind_by:
            return "diverged"
        if self.commits:
            return "ahead"
        return "behind" if self.behind_by else "identical"


class MergeConflict(Exception):
    """Both sides changed the same file to different contents."""


class Graph:
    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, str] = {}

    def commit(
        self, parents: tuple[str, ...], files: Mapping[str, str], message: str, author: str, at: datetime
    ) -> Commit:
        """Adds a commit; its sha depends on content, parents and its place in the graph."""
        parts = [*parents, message, author, at.isoformat(), str(len(self.commits))]
        parts += [f"{path}\0{text}" for path, text in sorted(files.items())]
        sha = hashlib.sha1("\0\0".join(parts).encode(), usedforsecurity=False).hexdigest()
        added = Commit(sha, parents, dict(files), message, author, at)
        self.commits[sha] = added
        return added

    def resolve(self, ref: str) -> Commit | None:
        """A branch, a full name such as refs/heads/main, a sha or its first seven characters or more."""
        name = ref.removeprefix("refs/").removeprefix("heads/")
        if name in self.branches:
            return self.commits[self.branches[name]]
        if len(ref) >= 7:
            found = [commit for sha, commit in self.commits.items() if sha.startswith(ref)]
            return found[0] if len(found) == 1 else None
        return None

    def history(self, sha: str) -> list[Commit]:
        """Everything reachable from a commit, newest first by the order of creation."""
        seen: set[str] = set()
        waiting = deque([sha])
        while waiting:
            current = waiting.popleft()
            if current not in seen:
                seen.add(current)
                waiting.extend(self.commits[current].parents)
        return [commit for known, commit in reversed(self.commits.items()) if known in seen]

    def compare(self, base: str, head: str) -> Comparison | None:
        """None when a ref is unknown or the two share no history."""
        left, right = self.resolve(base), self.resolve(head)
        if left is None or right is None:
            return None
        of_base, of_head = self.history(left.sha), self.history(right.sha)
        base_shas, head_shas = {commit.sha for commit in of_base}, {commit.sha for commit in of_head}
        # The newest common commit: exact for graphs without criss-cross merges, which nothing here creates.
        shared = next((commit for commit in of_head if commit.sha in base_shas), None)
        if shared is None:
            return None
        ahead = [commit for commit in reversed(of_head) if commit.sha not in base_shas]
        behind = sum(commit.sha not in head_shas for commit in of_base)
        return Comparison(left, right, shared, ahead, behind, diff(shared.files, right.files))

    def merged_files(self, base: str, head: str) -> dict[str, str]:
        """The tree of a merge, file by file; raises MergeConflict when both sides changed one file differently."""
        comparison = self.compare(base, head)
        if comparison is None:
            raise MergeConflict(f"{base} and {head} share no history")
        origin, ours, theirs = comparison.merge_base.files, comparison.base.files, comparison.head.files
        result: dict[str, str] = {}
        for path in sorted({*ours, *theirs}):
            before, here, there = origin.get(path), ours.get(path), theirs.get(path)
            if before not in (here, there) and here != there:
                raise MergeConflict(path)
            chosen = there if here == before else here
            if chosen is not None:
                result[path] = chosen
        return result


def blob_sha(text: str) -> str:
    """The sha git itself gives a file of this text."""
    raw = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> list[FileChange]:
    """The files that differ between two trees, by path."""
    changes = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        lines = list(unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=3))[2:]
        status = "added" if old is None else "removed" if new is None else "modified"
        changes.append(
            FileChange(
                path=path,
                status=status,
                additions=sum(line.startswith("+") for line in lines),
                deletions=sum(line.startswith("-") for line in lines),
                patch="\n".join(lines),
                blob_sha=blob_sha(new if new is not None else old or ""),
            )
        )
    return changes
