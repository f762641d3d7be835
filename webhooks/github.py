"""POST /webhooks/github. Steps only: the rules stand in signature.py, translate.py and intake.py."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from bot.log import bound
from webhooks.intake import Answer, Envelope, Intake
from webhooks.signature import verify

MAX_BODY = 10 * 1024 * 1024
MAX_ID = 64
TOO_LARGE = Answer(413, "refused", "The payload is larger than 10 MB.")
NOT_JSON = Answer(400, "refused", "The body is not a JSON object; set the content type to application/json.")
FORGED = Answer(401, "refused", "The signature does not match; set the same webhook secret on both sides.")
NO_HEADERS = Answer(400, "refused", "X-GitHub-Event, X-GitHub-Delivery or X-Hub-Signature-256 is missing or unusable.")
CUT_OFF = Answer(400, "refused", "The connection ended before the body did.")

router = APIRouter()


@router.post("/webhooks/github")
async def receive(request: Request) -> JSONResponse:
    """Answers within milliseconds: 202 taken, 200 nothing to do, 4xx not ours to take, 503 try again."""
    answer = await _answer(request, request.app.state.intake, request.app.state.secret)
    return JSONResponse({"status": answer.status, "reason": answer.reason}, answer.code)


async def _answer(request: Request, intake: Intake, secret: bytes) -> Answer:
    envelope = _envelope(request.headers)
    if envelope is None:
        return NO_HEADERS
    try:
        body = await _read(request)
    except ClientDisconnect:
        return CUT_OFF
    if body is None:
        return TOO_LARGE
    if not verify(secret, body, envelope.signature):
        return FORGED
    data = _parse(body)
    if data is None:
        return NOT_JSON
    with bound(delivery_id=envelope.id, event_name=envelope.event):
        return await intake.take(envelope, data)


def _envelope(headers: Headers) -> Envelope | None:
    names = ("x-github-delivery", "x-github-event", "x-hub-signature-256")
    id, event, signature = (headers.get(name, "") for name in names)
    return Envelope(id, event, signature) if id and event and signature and len(id) <= MAX_ID else None


async def _read(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large: by its own word or by what arrived."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
