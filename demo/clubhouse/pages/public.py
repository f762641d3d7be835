"""What a visitor sees: landing page, the clubs' public pages, search, terms."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from demo.clubhouse.decoys import pause_for_archive
from demo.clubhouse.store import Row
from demo.clubhouse.web import Anyone, Refusal, Visit, templates

router = APIRouter()

SEARCH_LONGEST = 200
SCRIPTS = ("app", "bookings", "review", "register", "availability", "messages", "task", "admin", "members")


def shown_title(visit: Visit, title: str) -> str:
    """An event's title as the template gets it; the template escapes it once more."""
    return title.replace("&", "&amp;amp;") if visit.on("D46") else title


def _club(visit: Visit, slug: str) -> Row:
    club = visit.store.row("SELECT * FROM clubs WHERE slug = ?", slug)
    if club is None:
        raise Refusal(404, "There is no such club.")
    return club


@router.get("/")
async def landing(visit: Anyone) -> Response:
    return visit.page("landing.html", clubs=visit.store.rows("SELECT * FROM clubs ORDER BY name"))


@router.get("/clubs/{slug}")
async def club(visit: Anyone, slug: str) -> Response:
    found = _club(visit, slug)
    courts = visit.store.rows("SELECT * FROM courts WHERE club_id = ? AND active ORDER BY id", found["id"])
    welcome = visit.store.value("SELECT enabled FROM flags WHERE club_id = ? AND name = 'welcome note'", found["id"])
    return visit.page("club.html", shown=found, courts=courts, welcome=welcome)


@router.get("/clubs/{slug}/events")
async def club_events(visit: Anyone, slug: str) -> Response:
    found = _club(visit, slug)
    events = visit.store.rows(
        "SELECT * FROM events WHERE club_id = ? AND public AND NOT draft AND day >= ? ORDER BY day, id",
        found["id"],
        visit.house.clock().date().isoformat(),
    )
    return visit.page("club_events.html", shown=found, events=events)


@router.get("/clubs/{slug}/archive")
async def archive(visit: Anyone, slug: str) -> Response:
    found = _club(visit, slug)
    await pause_for_archive()
    return visit.page("archive.html", shown=found)


@router.get("/search")
async def search(visit: Anyone) -> Response:
    term = visit.query("q").strip()[:SEARCH_LONGEST]
    return visit.page("search.html", term=term, events=_matching(visit, term) if term else [])


def _matching(visit: Visit, term: str) -> list[Row]:
    """Events by title: those of the own club for members, the public ones for everybody else."""
    seen = "e.club_id = ?" if visit.club else "e.public AND ? IS NULL"
    club_id = visit.club["id"] if visit.club else None
    sql = (
        "SELECT e.*, c.slug, c.name AS club_name FROM events e JOIN clubs c ON c.id = e.club_id"
        f" WHERE NOT e.draft AND {seen} AND e.title LIKE "
    )
    pattern = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    if visit.on("D01"):
        return visit.store.rows(f"{sql} '%{pattern}%' ESCAPE '\\' ORDER BY e.day LIMIT 50", club_id)
    return visit.store.rows(f"{sql} ? ESCAPE '\\' ORDER BY e.day LIMIT 50", club_id, f"%{pattern}%")


@router.get("/terms")
async def terms(visit: Anyone) -> Response:
    if visit.on("D12"):
        raise Refusal(404, "There is no such page.")
    return visit.page("terms.html")


@router.post("/cookies")
async def cookies(visit: Anyone) -> Response:
    """For browsers without scripts; with them the banner closes in place."""
    response = RedirectResponse("/", status_code=303)
    response.set_cookie("clubhouse_cookies", "decided", max_age=30 * 86400, samesite="lax")
    return response


@router.get("/scripts/{name}.js")
async def script(visit: Anyone, name: str) -> Response:
    if name not in SCRIPTS:
        raise Refusal(404, "There is no such page.")
    text = templates.get_template(f"scripts/{name}.js").render(on=visit.on)
    return HTMLResponse(text, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
