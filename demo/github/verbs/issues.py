"""Verbs on issues: open, edit, close, reopen. Labels and comments have their own files."""

from collections.abc import Sequence
from typing import Any

from demo.github import shapes
from demo.github.errors import BODY_LIMIT, GitHubError, check_length, check_title, invalid, not_found
from demo.github.model import Happening, Issue, Repository, User
from demo.github.verbs.labels import LabelVerbs

CLOSE_REASONS = ("completed", "not_planned", "duplicate")


class IssueVerbs(LabelVerbs):
    def issue(self, repository: Repository, number: int) -> Issue:
        """Raises 410 when the repository has no issues, 404 for an unknown number."""
        if not repository.has_issues:
            raise GitHubError(410, "Issues has been disabled in this repository.")
        if (found := repository.issues.get(number)) is None:
            raise not_found()
        return found

    def open_issue(
        self, repository: Repository, actor: str, title: str, body: str | None, labels: Sequence[str] = ()
    ) -> Issue:
        """Sends `issues.opened`, whose payload has the labels already, then `issues.labeled` for each."""
        if not repository.has_issues:
            raise GitHubError(410, "Issues has been disabled in this repository.")
        issue = self.new_conversation(repository, self.user(actor), title, body)
        issue.labels = [self.ensure_label(repository, name) for name in dict.fromkeys(labels)]
        self.tell_issue("opened", issue, issue.author)
        for label in issue.labels:
            issue.happenings.append(Happening(self.now(), issue.author, "labeled", label.name))
            self.tell_issue("labeled", issue, issue.author, label=shapes.label(self, repository, label))
        return issue

    def new_conversation(self, repository: Repository, author: User, title: str, body: str | None) -> Issue:
        """Takes the next number; issues and pull requests share the sequence."""
        check_title("Issue", title)
        check_length("Issue", "body", body, BODY_LIMIT)
        now = self.now()
        issue = Issue(self.new_id(), repository.next_number, repository, author, title, body, now, now)
        repository.issues[issue.number] = issue
        repository.next_number += 1
        return issue

    def edit_issue(self, issue: Issue, actor: str, *, title: str | None = None, body: str | None = None) -> None:
        """Sends `issues.edited` with the former texts, when something did change."""
        changes: dict[str, Any] = {}
        if title is not None and title != issue.title:
            check_title("Issue", title)
            changes["title"] = {"from": issue.title}
            issue.happenings.append(Happening(self.now(), self.user(actor), "renamed", title))
            issue.title = title
        if body is not None and body != issue.body:
            check_length("Issue", "body", body, BODY_LIMIT)
            changes["body"] = {"from": issue.body or ""}
            issue.body = body
        if changes:
            issue.updated_at = self.now()
            self.tell_issue("edited", issue, self.user(actor), changes=changes)

    def close_issue(self, issue: Issue, actor: str, reason: str = "completed") -> None:
        """Does nothing to a closed issue but to note another reason, as GitHub."""
        if reason not in CLOSE_REASONS:
            raise invalid("Issue", "state_reason")
        if issue.state == "closed":
            issue.state_reason = reason
            return
        issue.state, issue.state_reason = "closed", reason
        issue.closed_at = issue.updated_at = self.now()
        issue.closed_by = self.user(actor)
        issue.happenings.append(Happening(self.now(), issue.closed_by, "closed", reason))
        self.tell_issue("closed", issue, issue.closed_by)

    def reopen_issue(self, issue: Issue, actor: str) -> None:
        if issue.state == "open":
            return
        if issue.pull and issue.pull.merged_at:
            raise invalid("Issue", "state", "custom", "a merged pull request cannot be reopened")
        issue.state, issue.state_reason = "open", "reopened"
        issue.closed_at = issue.closed_by = None
        issue.updated_at = self.now()
        issue.happenings.append(Happening(self.now(), self.user(actor), "reopened"))
        self.tell_issue("reopened", issue, self.user(actor))
