"""Routes of the App's webhook deliveries: list, read, deliver again."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from demo.github import shapes
from demo.github.rest.access import AsApp

router = APIRouter(prefix="/app/hook/deliveries")


@router.get("")
async def list_deliveries(
    request: Request,
    response: Response,
    world: AsApp,
    per_page: Annotated[int | None, Query(ge=1, le=100)] = None,
    cursor: str = "",
) -> list[dict[str, Any]]:
    """Newest first. Pages here go by a cursor instead of a number."""
    size = per_page or world.config.page_size
    before = int(cursor.removeprefix("v1_")) if cursor.removeprefix("v1_").isdigit() else None
    older = [each for each in reversed(world.deliveries) if before is None or each.id < before]
    shown = older[:size]
    if len(older) > size:
        following = request.url.include_query_params(cursor=f"v1_{shown[-1].id}")
        response.headers["link"] = f'<{following}>; rel="next"'
    return [shapes.delivery_item(each) for each in shown]


@router.get("/{delivery_id}")
async def get_delivery(delivery_id: int, world: AsApp) -> dict[str, Any]:
    return shapes.delivery(world, world.delivery(delivery_id))


@router.post("/{delivery_id}/attempts", status_code=202)
async def redeliver(delivery_id: int, world: AsApp) -> dict[str, Any]:
    world.redeliver(delivery_id)
    return {}
