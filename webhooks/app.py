"""The web process as an application: routes over a database and a queue that it is given."""

from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agent.errors import BadInput
from bot.config import Settings
from bot.queue import Queue
from bot.store.database import Database
from webhooks import github, health
from webhooks.intake import Intake


def create_app(settings: Settings, db: Database, queue: Queue) -> FastAPI:
    """Raises BadInput without a webhook secret: a door that lets everybody in is none."""
    secret = settings.webhook_secret.get_secret_value().encode()
    if not secret:
        raise BadInput("The webhook secret is missing; set CHARTERBOT_WEBHOOK_SECRET to the one of the App.")
    app = FastAPI(title="Charterbot", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.secret = secret
    app.state.intake = Intake(db, queue, settings.bot_login, lambda: datetime.now(UTC))
    app.include_router(github.router)
    app.include_router(health.router)
    app.add_exception_handler(HTTPException, _say)
    return app


async def _say(_request: Request, error: Exception) -> JSONResponse:
    """Unknown paths and methods answer in the same form as everything else."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"status": "refused", "reason": str(error.detail)}, error.status_code, error.headers)
