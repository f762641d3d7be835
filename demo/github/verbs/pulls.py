"""Verbs on pull requests: open, merge, close; which issues they close, and when GitHub knows it."""

import re
from collections.abc import Mapping
from typing import Any

from demo.github import shapes
from demo.github.errors import GitHubError, invalid, not_found
from demo.github.graph import Commit, MergeConflict
from demo.github.model import Happening, Issue, PullRequest, Repository
from demo.github.verbs.comments import CommentVerbs

# All nine closing keywords, with the optional colon, before #7, owner/name#7 or the issue's address.
CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"
    r"(?:(?P<short>[\w.-]+/[\w.-]+)?#|https?://[^/\s]+/(?P<long>[\w.-]+/[\w.-]+)/issues/)(?P<number>\d+)\b",
    re.IGNORECASE,
)


class PullVerbs(CommentVerbs):
    def pull(self, repository: Repository, number: int) -> PullRequest:
        """Raises the 404 of GitHub for a number that is no pull request."""
        issue = repository.issues.get(number)
        if issue is None or issue.pull is None:
            raise not_found()
        return issue.pull

    def push(
        self,
        repository: Repository,
        actor: str,
        branch: str,
        files: Mapping[str, str | None],
        message: str,
    ) -> Commit:
        """One commit on a branch, which starts from the default branch when it is new. None deletes a file."""
        graph = repository.graph
        parent = graph.commits[graph.branches.get(branch, graph.branches[repository.default_branch])]
        changed = {**parent.files, **files}
        tree = {path: text for path, text in changed.items() if text is not None}
        author = self.user(actor).login
        commit = graph.commit((parent.sha,), tree, message, author, self.now())
        graph.branches[branch] = commit.sha
        for issue in repository.issues.values():
            if issue.pull and issue.pull.head == branch and issue.state == "open":
                issue.pull.head_sha = commit.sha
        return commit

    def open_pull(self, repository: Repository, actor: str, title: str, body: str, branch: str) -> PullRequest:
        """From a pushed branch to the default one; sends `pull_request.opened`."""
        if branch not in repository.graph.branches or branch == repository.default_branch:
            raise invalid("PullRequest", "head")
        issue = self.new_conversation(repository, self.user(actor), title, body)
        base = repository.default_branch
        graph = repository.graph
        pull = PullRequest(self.new_id(), issue, branch, base, graph.branches[branch], graph.branches[base])
        issue.pull = pull
        self._tell_pull("opened", pull, actor)
        return pull

    def is_mergeable(self, pull: PullRequest) -> bool:
        try:
            pull.issue.repository.graph.merged_files(pull.base, pull.head_sha)
        except MergeConflict:
            return False
        return True

    def merge(self, pull: PullRequest, actor: str, method: str = "merge") -> Commit:
        """`method`: merge or squash. Sends `pull_request.closed`, then `issues.closed` for what it fixes."""
        issue, graph = pull.issue, pull.issue.repository.graph
        if issue.state != "open" or not self.is_mergeable(pull):
            raise GitHubError(405, "Pull Request is not mergeable")
        base = graph.branches[pull.base]
        tree = graph.merged_files(base, pull.head_sha)
        closes = self._closed_by_merge(pull)
        merger = self.user(actor)
        squash = method == "squash"
        first_line = f"{issue.title} (#{pull.number})" if squash else f"Merge pull request #{pull.number}"
        parents = (base,) if squash else (base, pull.head_sha)
        message = f"{first_line}\n\n{issue.body if squash else issue.title}"
        commit = graph.commit(parents, tree, message, merger.login, self.now())
        graph.branches[pull.base] = commit.sha
        pull.merged_at, pull.merged_by, pull.merge_commit_sha = self.now(), merger, commit.sha
        issue.happenings.append(Happening(self.now(), merger, "merged", commit.sha))
        self._close(pull, actor)
        for number in closes:
            self.close_issue(issue.repository.issues[number], actor)
        return commit

    def close_pull(self, pull: PullRequest, actor: str) -> None:
        """Closes it unmerged."""
        pull.issue.happenings.append(Happening(self.now(), self.user(actor), "closed"))
        self._close(pull, actor)

    def linked_issues(self, pull: PullRequest) -> list[Issue]:
        """What GitHub shows as linked: keywords in title and body, towards the default branch only."""
        repository = pull.issue.repository
        if pull.base != repository.default_branch:
            return []
        return [repository.issues[n] for n in self._references(pull, f"{pull.issue.title}\n{pull.issue.body}")]

    def _closed_by_merge(self, pull: PullRequest) -> list[int]:
        """The linked issues, and those that a commit message names: such a commit closes without a link."""
        repository = pull.issue.repository
        if pull.base != repository.default_branch:
            return []
        comparison = repository.graph.compare(pull.base, pull.head_sha)
        messages = [commit.message for commit in comparison.commits] if comparison else []
        texts = [pull.issue.title, pull.issue.body or "", *messages]
        return self._references(pull, "\n".join(texts))

    def _references(self, pull: PullRequest, text: str) -> list[int]:
        repository = pull.issue.repository
        numbers = []
        for match in CLOSING.finditer(text):
            named, number = match["short"] or match["long"], int(match["number"])
            here = named is None or named.lower() == repository.full_name.lower()
            known = repository.issues.get(number)
            if here and known is not None and known.pull is None and number not in numbers:
                numbers.append(number)
        return numbers

    def _close(self, pull: PullRequest, actor: str) -> None:
        issue = pull.issue
        issue.state, issue.closed_by = "closed", self.user(actor)
        issue.closed_at = issue.updated_at = self.now()
        self._tell_pull("closed", pull, actor)

    def _tell_pull(self, action: str, pull: PullRequest, actor: str) -> None:
        parts: dict[str, Any] = {"number": pull.number, "pull_request": shapes.pull(self, pull)}
        self.emit("pull_request", action, pull.issue.repository, self.user(actor), **parts)
