"""Wires one Clubhouse instance together: store, switches, pages, error answers. It holds no page itself."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from demo.clubhouse import decoys
from demo.clubhouse.clock import Clock
from demo.clubhouse.defects import Switches
from demo.clubhouse.pages import (
    account,
    api,
    bookings,
    club_admin,
    club_events,
    courts,
    events,
    maintenance,
    messages,
    platform_admin,
    public,
)
from demo.clubhouse.reservations import finish_played
from demo.clubhouse.sessions import keep_sessions
from demo.clubhouse.store import Store
from demo.clubhouse.web import House, Refusal, SignInNeeded, answer_refusal, answer_sign_in

PAGES = (public, account, bookings, courts, events, messages, maintenance, club_admin, club_events, platform_admin, api)
WORDS = {404: ("Page not found", "There is no such page."), 405: ("That did not work", "Please use the page's form.")}


@dataclass(frozen=True, slots=True)
class AppConfig:
    """`keep` is the folder in which data and sessions of the build before go on, as in production; without it nothing
    is written, so that nothing stays behind however the instance ends."""

    clock: Clock
    keep: Path | None = None
    defects: frozenset[str] = frozenset()
    build: str = "none"
    resettable: bool = False
    partner: str = ""
    """Origin of the third-party script; empty leaves it out."""


def create_app(config: AppConfig) -> FastAPI:
    if config.keep:
        config.keep.mkdir(parents=True, exist_ok=True)
    house = House(
        store=Store(config.clock, config.keep and config.keep / "clubhouse.sqlite"),
        clock=config.clock,
        switches=Switches(config.defects),
        build=config.build,
        partner=config.partner,
    )
    lifespan = keep_sessions(house, config.keep / "sessions.json") if config.keep else None
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.house = house
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for pages in PAGES:
        app.include_router(pages.router, dependencies=[Depends(_time_passes)])
    app.include_router(decoys.router)
    _add_errors(app)
    _add_build(app, house)
    if config.resettable:
        _add_reset(app, house)
    return app


async def _time_passes(request: Request) -> None:
    finish_played(request.app.state.house)


def _add_build(app: FastAPI, house: House) -> None:
    @app.get("/version")
    async def version() -> dict[str, str]:
        return {"build": house.build}


def _add_reset(app: FastAPI, house: House) -> None:
    @app.post("/__reset")
    async def reset() -> Response:
        house.reset()
        return Response(status_code=204)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        return answer_refusal(request, refusal.status, refusal.title, refusal.text)

    @app.exception_handler(SignInNeeded)
    async def sign_in_needed(request: Request, needed: SignInNeeded) -> Response:
        return answer_sign_in(request, needed.back)

    @app.exception_handler(HTTPException)
    async def not_answered(request: Request, error: HTTPException) -> Response:
        title, text = WORDS.get(error.status_code, ("That did not work", "The request could not be read."))
        return answer_refusal(request, error.status_code, title, text)

    @app.middleware("http")
    async def answer_failures(request: Request, call_next: RequestResponseEndpoint) -> Response:
        # Not an exception handler: after one of those the server drops the connection, and with it at times the answer.
        try:
            return await call_next(request)
        except Exception:  # noqa: BLE001 - the outer edge of the application
            return PlainTextResponse("500 Internal Server Error\nClubhouse could not answer this request.\n", 500)
