"""The page of webhook deliveries, each with the button that sends it again."""

import json

from fastapi import APIRouter
from fastapi.responses import Response

from demo.github.pages.frame import OnPage

router = APIRouter(prefix="/{owner}/{repo}/hooks")
RECENT = 40


@router.get("")
async def show_deliveries(at: OnPage, delivery: int = 0) -> Response:
    chosen = at.world.delivery(delivery) if delivery else None
    payload = json.dumps(json.loads(chosen.message.body), indent=2, ensure_ascii=False) if chosen else ""
    values = {
        "deliveries": at.world.deliveries[::-1][:RECENT],
        "waiting": len(at.world.outbox),
        "chosen": chosen,
        "payload": payload,
    }
    return at.page("hooks.html", "hooks", values)


@router.post("/{delivery_id}/redeliver")
async def redeliver(delivery_id: int, at: OnPage) -> Response:
    """No form fields."""
    at.world.redeliver(delivery_id)
    return at.go("/hooks")
