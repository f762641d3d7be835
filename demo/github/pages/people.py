"""The way in: `/` leads to the first repository, `/persona` changes who looks."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from demo.github.errors import not_found
from demo.github.pages.frame import read_form, remember

router = APIRouter()
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="#24292f"/>'
    '<circle cx="8" cy="8" r="3.5" fill="none" stroke="#fff" stroke-width="2"/></svg>'
)


@router.get("/")
async def home(request: Request) -> Response:
    repositories = list(request.app.state.world.repositories.values())
    if not repositories:
        raise not_found()
    return RedirectResponse(f"/{repositories[0].full_name}/issues", 307)


@router.get("/favicon.ico")
async def icon() -> Response:
    return Response(ICON, media_type="image/svg+xml")


@router.post("/persona")
async def change_persona(request: Request) -> Response:
    """Form fields: `as` (a login), `back` (a path of this site)."""
    fields = dict(await read_form(request))
    world = request.app.state.world
    chosen = world.user(fields.get("as", ""))
    back = urlsplit(fields.get("back", "/"))
    path = back.path if back.path.startswith("/") and not back.path.startswith("//") else "/"
    return remember(RedirectResponse(path, 303), chosen)
