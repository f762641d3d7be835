"""GET /livez: the process answers. GET /readyz: it could take a delivery, because both stores answer."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text

from bot.store.database import UNAVAILABLE, Database

CHECK_SECONDS = 3

router = APIRouter()


@router.get("/livez")
async def live() -> JSONResponse:
    return JSONResponse({"status": "ok", "reason": "The process answers."})


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    intake = request.app.state.intake
    database, redis = await asyncio.gather(_answers(intake.db), intake.queue.is_up())
    down = [name for name, up in (("the database", database), ("Redis", redis)) if not up]
    if down:
        return JSONResponse({"status": "unavailable", "reason": f"No answer from {' and '.join(down)}."}, 503)
    return JSONResponse({"status": "ok", "reason": "Database and Redis answer."})


async def _answers(db: Database) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS), db.read() as tx:
            await tx.execute(text("SELECT count(*) FROM deliveries WHERE state = 'received'"))
    except UNAVAILABLE:
        return False
    return True
