"""Routes of issue comments and the reactions on them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response

from demo.github import shapes
from demo.github.rest.access import Caller, needs
from demo.github.rest.bodies import CommentText, NewReaction
from demo.github.rest.paging import Pages

router = APIRouter(prefix="/repos/{owner}/{repo}/issues")
MayRead = Annotated[Caller, needs("issues")]
MayWrite = Annotated[Caller, needs("issues", "write")]


@router.get("/{number}/comments")
async def list_comments(number: int, at: MayRead, pages: Pages, since: datetime | None = None) -> list[dict[str, Any]]:
    """Oldest first."""
    issue = at.world.issue(at.repository, number)
    shown = [
        each
        for each in issue.comments
        if at.world.visible("comments.list", each.created_at)
        and (since is None or each.updated_at.replace(microsecond=0) >= since)
    ]
    return [shapes.comment(at.world, each) for each in pages.cut(shown)]


@router.post("/{number}/comments", status_code=201)
async def create_comment(number: int, at: MayWrite, new: CommentText) -> dict[str, Any]:
    issue = at.world.issue(at.repository, number)
    return shapes.comment(at.world, at.world.comment(issue, at.login, new.body))


@router.get("/comments/{comment_id}")
async def get_comment(comment_id: int, at: MayRead) -> dict[str, Any]:
    return shapes.comment(at.world, at.world.find_comment(at.repository, comment_id))


@router.patch("/comments/{comment_id}")
async def update_comment(comment_id: int, at: MayWrite, change: CommentText) -> dict[str, Any]:
    comment = at.world.find_comment(at.repository, comment_id)
    at.world.edit_comment(comment, at.login, change.body)
    return shapes.comment(at.world, comment)


@router.post("/comments/{comment_id}/reactions", status_code=201)
async def react(comment_id: int, at: MayWrite, new: NewReaction, response: Response) -> dict[str, Any]:
    comment = at.world.find_comment(at.repository, comment_id)
    reaction, is_new = at.world.react(comment, at.login, new.content)
    response.status_code = 201 if is_new else 200
    return shapes.reaction(at.world, reaction)
