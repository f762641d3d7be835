"""JSON of webhook deliveries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from demo.github.model import Delivery
from demo.github.shapes.accounts import moment

if TYPE_CHECKING:
    from demo.github.state import State


def delivery_item(item: Delivery) -> dict[str, Any]:
    payload = json.loads(item.message.body)
    return {
        "id": item.id,
        "guid": item.message.guid,
        "delivered_at": moment(item.delivered_at),
        "redelivery": item.message.redelivery,
        "duration": round(item.duration, 2),
        "status": item.status,
        "status_code": item.status_code,
        "event": item.message.event,
        "action": item.message.action,
        "installation_id": payload.get("installation", {}).get("id"),
        "repository_id": item.message.repository_id,
        "throttled_at": None,
    }


def delivery(state: State, item: Delivery) -> dict[str, Any]:
    return delivery_item(item) | {
        "url": state.webhook_url,
        "request": {"headers": item.request_headers, "payload": json.loads(item.message.body)},
        "response": {"headers": item.response_headers, "payload": item.response_body},
    }
