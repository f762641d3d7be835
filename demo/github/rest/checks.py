"""Routes of check runs."""

from typing import Annotated, Any

from fastapi import APIRouter

from demo.github import shapes
from demo.github.errors import GitHubError
from demo.github.rest.access import Caller, needs
from demo.github.rest.bodies import CheckChange, NewCheck
from demo.github.rest.paging import Pages

router = APIRouter(prefix="/repos/{owner}/{repo}")
MayRead = Annotated[Caller, needs("checks")]
MayWrite = Annotated[Caller, needs("checks", "write")]


@router.post("/check-runs", status_code=201)
async def create_check(at: MayWrite, new: NewCheck) -> dict[str, Any]:
    fields = new.given()
    name, sha = fields.pop("name"), fields.pop("head_sha")
    return shapes.check_run(at.world, at.repository, at.world.create_check_run(at.repository, name, sha, **fields))


@router.get("/check-runs/{check_run_id}")
async def get_check(check_run_id: int, at: MayRead) -> dict[str, Any]:
    return shapes.check_run(at.world, at.repository, at.world.check_run(at.repository, check_run_id))


@router.patch("/check-runs/{check_run_id}")
async def update_check(check_run_id: int, at: MayWrite, change: CheckChange) -> dict[str, Any]:
    check = at.world.check_run(at.repository, check_run_id)
    at.world.update_check_run(check, **change.given())
    return shapes.check_run(at.world, at.repository, check)


@router.get("/commits/{ref}/check-runs")
async def list_checks(ref: str, at: MayRead, pages: Pages, check_name: str = "") -> dict[str, Any]:
    commit = at.repository.graph.resolve(ref)
    if commit is None:
        raise GitHubError(422, f"No commit found for SHA: {ref}")
    found = [
        each
        for each in at.repository.check_runs.values()
        if each.head_sha == commit.sha and check_name in ("", each.name)
    ]
    shown = [shapes.check_run(at.world, at.repository, each) for each in pages.cut(found)]
    return {"total_count": len(found), "check_runs": shown}
