"""Verbs on comments and reactions."""

from demo.github import shapes
from demo.github.errors import BODY_LIMIT, check_length, invalid, not_found
from demo.github.model import Comment, Issue, Reaction, Repository
from demo.github.verbs.issues import IssueVerbs

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


class CommentVerbs(IssueVerbs):
    def find_comment(self, repository: Repository, comment_id: int) -> Comment:
        """Raises the 404 of GitHub for an unknown comment."""
        every = (comment for issue in repository.issues.values() for comment in issue.comments)
        found = next((comment for comment in every if comment.id == comment_id), None)
        if found is None:
            raise not_found()
        return found

    def comment(self, issue: Issue, actor: str, body: str) -> Comment:
        """Sends `issue_comment.created`."""
        _check_body(body)
        now, author = self.now(), self.user(actor)
        comment = Comment(self.new_id(), issue, author, body, now, now)
        issue.comments.append(comment)
        issue.updated_at = now
        self.emit(
            "issue_comment",
            "created",
            issue.repository,
            author,
            issue=shapes.issue(self, issue),
            comment=shapes.comment(self, comment),
        )
        return comment

    def edit_comment(self, comment: Comment, actor: str, body: str) -> None:
        """Sends `issue_comment.edited`, also when nothing changed: GitHub does so, too."""
        _check_body(body)
        before, comment.body = comment.body, body
        comment.updated_at = comment.issue.updated_at = self.now()
        self.emit(
            "issue_comment",
            "edited",
            comment.issue.repository,
            self.user(actor),
            issue=shapes.issue(self, comment.issue),
            comment=shapes.comment(self, comment),
            changes={"body": {"from": before}},
        )

    def react(self, target: Issue | Comment, actor: str, content: str) -> tuple[Reaction, bool]:
        """The reaction, and whether it is new: a person has each reaction once."""
        if content not in REACTIONS:
            raise invalid("Reaction", "content")
        author = self.user(actor)
        for reaction in target.reactions:
            if reaction.author is author and reaction.content == content:
                return reaction, False
        reaction = Reaction(self.new_id(), author, content, self.now())
        target.reactions.append(reaction)
        return reaction, True


def _check_body(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "body", "missing_field")
    check_length("IssueComment", "body", body, BODY_LIMIT)
