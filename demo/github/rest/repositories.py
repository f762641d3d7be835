"""Routes of a repository and of a person's permission in it."""

from typing import Annotated, Any

from fastapi import APIRouter

from demo.github import shapes
from demo.github.rest.access import Caller, needs

router = APIRouter(prefix="/repos/{owner}/{repo}")
MayRead = Annotated[Caller, needs("metadata")]


@router.get("")
async def get_repository(at: MayRead) -> dict[str, Any]:
    return shapes.full_repository(at.world, at.repository)


@router.get("/collaborators/{login}/permission")
async def get_permission(login: str, at: MayRead) -> dict[str, Any]:
    return shapes.collaborator_permission(at.world, at.repository, at.world.user(login))
