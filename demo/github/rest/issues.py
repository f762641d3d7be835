"""Routes of issues: list with filters, read, create, update, react."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response

from demo.github import shapes
from demo.github.errors import invalid
from demo.github.model import Issue
from demo.github.rest.access import Caller, needs
from demo.github.rest.bodies import IssueChange, NewIssue, NewReaction, names
from demo.github.rest.paging import Pages

router = APIRouter(prefix="/repos/{owner}/{repo}/issues")
MayRead = Annotated[Caller, needs("issues")]
MayWrite = Annotated[Caller, needs("issues", "write")]


class Filter:
    """The query of a list. As on GitHub it answers pull requests among the issues."""

    def __init__(
        self,
        state: Literal["open", "closed", "all"] = "open",
        labels: str = "",
        creator: str = "",
        since: datetime | None = None,
        sort: Literal["created", "updated", "comments"] = "created",
        direction: Literal["asc", "desc"] = "desc",
    ) -> None:
        self.state = state
        self.labels = [name.strip().lower() for name in labels.split(",") if name.strip()]
        self.creator = creator.lower()
        self.since = since
        self.sort = sort
        self.descending = direction == "desc"

    def takes(self, issue: Issue) -> bool:
        held = {name.lower() for name in issue.label_names}
        return (
            self.state in ("all", issue.state)
            and held.issuperset(self.labels)
            and (not self.creator or issue.author.login.lower() == self.creator)
            and (self.since is None or issue.updated_at.replace(microsecond=0) >= self.since)
        )

    def key(self, issue: Issue) -> tuple[Any, int]:
        by = {"created": issue.created_at, "updated": issue.updated_at, "comments": len(issue.comments)}
        return by[self.sort], issue.number


@router.get("")
async def list_issues(at: MayRead, pages: Pages, query: Annotated[Filter, Depends()]) -> list[dict[str, Any]]:
    known = [each for each in at.repository.issues.values() if at.world.visible("issues.list", each.created_at)]
    found = sorted(filter(query.takes, known), key=query.key, reverse=query.descending)
    return [shapes.issue(at.world, each) for each in pages.cut(found)]


@router.post("", status_code=201)
async def create_issue(at: MayWrite, new: NewIssue) -> dict[str, Any]:
    issue = at.world.open_issue(at.repository, at.login, new.title, new.body, names(new.labels))
    return shapes.issue(at.world, issue)


@router.get("/{number}")
async def get_issue(number: int, at: MayRead) -> dict[str, Any]:
    return shapes.issue(at.world, at.world.issue(at.repository, number))


@router.patch("/{number}")
async def update_issue(number: int, at: MayWrite, change: IssueChange) -> dict[str, Any]:
    world, issue = at.world, at.world.issue(at.repository, number)
    if change.state not in (None, "open", "closed"):
        raise invalid("Issue", "state")
    world.edit_issue(issue, at.login, title=change.title, body=change.body)
    if change.labels is not None:
        world.replace_labels(issue, at.login, names(change.labels))
    if change.state == "closed":
        world.close_issue(issue, at.login, change.state_reason or "completed")
    elif change.state == "open":
        world.reopen_issue(issue, at.login)
    return shapes.issue(world, issue)


@router.post("/{number}/reactions", status_code=201)
async def react(number: int, at: MayWrite, new: NewReaction, response: Response) -> dict[str, Any]:
    issue = at.world.issue(at.repository, number)
    reaction, is_new = at.world.react(issue, at.login, new.content)
    response.status_code = 201 if is_new else 200
    return shapes.reaction(at.world, reaction)
