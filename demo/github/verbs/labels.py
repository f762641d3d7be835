"""Verbs on labels: of the repository and of an issue."""

import re
from collections.abc import Sequence
from typing import Any

from demo.github import shapes
from demo.github.errors import DESCRIPTION_LIMIT, LABEL_LIMIT, check_length, invalid, not_found
from demo.github.model import Happening, Issue, Label, Repository, User
from demo.github.state import State


class LabelVerbs(State):
    def tell_issue(self, action: str, issue: Issue, sender: User, **parts: Any) -> None:
        """Sends an `issues` webhook. Of a pull request GitHub tells as `pull_request`, which nobody here reads."""
        if issue.pull is None:
            self.emit("issues", action, issue.repository, sender, issue=shapes.issue(self, issue), **parts)

    def create_label(
        self, repository: Repository, name: str, color: str = "ededed", description: str | None = None
    ) -> Label:
        """Raises the 422 of GitHub for a taken name, a long text or a colour that is not six hex digits."""
        if not name.strip():
            raise invalid("Label", "name", "missing_field")
        check_length("Label", "name", name, LABEL_LIMIT)
        check_length("Label", "description", description, DESCRIPTION_LIMIT)
        if not re.fullmatch(r"[0-9a-fA-F]{6}", color):
            raise invalid("Label", "color")
        if name.lower() in repository.labels:
            raise invalid("Label", "name", "already_exists")
        label = Label(self.new_id(), name, color.lower(), description)
        repository.labels[name.lower()] = label
        return label

    def ensure_label(self, repository: Repository, name: str) -> Label:
        """The label of that name in any case; a new grey one when there is none, as GitHub does."""
        return repository.labels.get(name.lower()) or self.create_label(repository, name)

    def add_labels(self, issue: Issue, actor: str, names: Sequence[str]) -> None:
        """Sends `issues.labeled` for each label that the issue did not have."""
        repository, sender = issue.repository, self.user(actor)
        for label in [self.ensure_label(repository, name) for name in names]:
            if label in issue.labels:
                continue
            issue.labels.append(label)
            issue.updated_at = self.now()
            issue.happenings.append(Happening(self.now(), sender, "labeled", label.name))
            self.tell_issue("labeled", issue, sender, label=shapes.label(self, repository, label))

    def remove_label(self, issue: Issue, actor: str, name: str) -> None:
        """Raises 404 when the issue has no such label."""
        label = next((each for each in issue.labels if each.name.lower() == name.lower()), None)
        if label is None:
            raise not_found()
        sender = self.user(actor)
        issue.labels.remove(label)
        issue.updated_at = self.now()
        issue.happenings.append(Happening(self.now(), sender, "unlabeled", label.name))
        self.tell_issue("unlabeled", issue, sender, label=shapes.label(self, issue.repository, label))

    def replace_labels(self, issue: Issue, actor: str, names: Sequence[str]) -> None:
        wanted = {name.lower() for name in names}
        for name in [name for name in issue.label_names if name.lower() not in wanted]:
            self.remove_label(issue, actor, name)
        self.add_labels(issue, actor, names)
