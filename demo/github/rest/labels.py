"""Routes of labels: of the repository, on an issue."""

from typing import Annotated, Any

from fastapi import APIRouter

from demo.github import shapes
from demo.github.errors import not_found
from demo.github.model import Issue
from demo.github.rest.access import Caller, needs
from demo.github.rest.bodies import LabelItem, LabelList, NewLabel, names
from demo.github.rest.paging import Pages

router = APIRouter(prefix="/repos/{owner}/{repo}")
MayRead = Annotated[Caller, needs("issues")]
MayWrite = Annotated[Caller, needs("issues", "write")]


@router.get("/labels")
async def list_labels(at: MayRead, pages: Pages) -> list[dict[str, Any]]:
    known = pages.cut(list(at.repository.labels.values()))
    return [shapes.label(at.world, at.repository, each) for each in known]


@router.post("/labels", status_code=201)
async def create_label(at: MayWrite, new: NewLabel) -> dict[str, Any]:
    label = at.world.create_label(at.repository, new.name, new.color, new.description)
    return shapes.label(at.world, at.repository, label)


@router.get("/labels/{name:path}")
async def get_label(name: str, at: MayRead) -> dict[str, Any]:
    if (label := at.repository.labels.get(name.lower())) is None:
        raise not_found()
    return shapes.label(at.world, at.repository, label)


@router.get("/issues/{number}/labels")
async def list_issue_labels(number: int, at: MayRead, pages: Pages) -> list[dict[str, Any]]:
    issue = at.world.issue(at.repository, number)
    return [shapes.label(at.world, at.repository, each) for each in pages.cut(issue.labels)]


@router.post("/issues/{number}/labels")
async def add_labels(number: int, at: MayWrite, new: LabelList | list[LabelItem]) -> list[dict[str, Any]]:
    issue = at.world.issue(at.repository, number)
    at.world.add_labels(issue, at.login, names(new.labels if isinstance(new, LabelList) else new))
    return _all(at, issue)


@router.delete("/issues/{number}/labels/{name:path}")
async def remove_label(number: int, name: str, at: MayWrite) -> list[dict[str, Any]]:
    issue = at.world.issue(at.repository, number)
    at.world.remove_label(issue, at.login, name)
    return _all(at, issue)


def _all(at: Caller, issue: Issue) -> list[dict[str, Any]]:
    return [shapes.label(at.world, at.repository, each) for each in issue.labels]
