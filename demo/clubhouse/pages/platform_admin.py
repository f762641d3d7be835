"""The platform's own pages: clubs, their flags, invoices to clubs, the platform's audit page."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from demo.clubhouse.fields import Problems
from demo.clubhouse.pages.messages import invoice_page
from demo.clubhouse.seed import FLAGS
from demo.clubhouse.store import Row
from demo.clubhouse.web import PlatformAdmin, Refusal, SignedIn, Visit, number

router = APIRouter(prefix="/platform")

NEW_CLUB_RATE, CLUBS_MOST = 2000, 200


def _club_keeper(visit: SignedIn) -> Visit:
    """Who may see and suspend a club."""
    if visit.role == "platform-admin" or (visit.role == "maintenance" and visit.on("D40")):
        return visit
    raise Refusal(403, f"This page is for the platform-admin role; you are signed in as {visit.role}.")


ClubKeeper = Annotated[Visit, Depends(_club_keeper)]


def _club(visit: Visit, text: str) -> Row:
    club = visit.store.row("SELECT * FROM clubs WHERE id = ?", number(text, "club"))
    if club is None:
        raise Refusal(404, "There is no such club.")
    return club


@router.get("/clubs")
async def clubs(visit: PlatformAdmin) -> Response:
    return _clubs_page(visit, {}, Problems())


def _clubs_page(visit: Visit, values: dict[str, str], problems: Problems) -> Response:
    found = visit.store.rows(
        "SELECT c.*, (SELECT count(*) FROM users u WHERE u.club_id = c.id) AS members FROM clubs c ORDER BY c.name"
    )
    return visit.page("platform_clubs.html", 422 if problems else 200, clubs=found, values=values, problems=problems)


@router.post("/clubs")
async def create_club(visit: PlatformAdmin) -> Response:
    form = await visit.form()
    name, town = form.get("name", "").strip(), form.get("town", "").strip()
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    problems = Problems()
    problems.check("name", 0 < len(name) <= 60 and bool(slug), "Enter a name of 1 to 60 letters or digits.")
    problems.check("town", 0 < len(town) <= 60, "Enter a town of 1 to 60 characters.")
    taken = visit.store.value("SELECT id FROM clubs WHERE slug = ? OR name = ?", slug, name)
    problems.check("name", not taken, "There is a club of this name.")
    full = visit.store.value("SELECT count(*) FROM clubs") >= CLUBS_MOST
    problems.check("name", not full, f"The platform has room for {CLUBS_MOST} clubs.")
    if problems:
        return _clubs_page(visit, form, problems)
    club = visit.store.run(
        "INSERT INTO clubs (slug, name, town, price_cents) VALUES (?, ?, ?, ?)", slug, name, town, NEW_CLUB_RATE
    )
    for flag in FLAGS:
        visit.store.run("INSERT INTO flags VALUES (?, ?, 1)", club, flag)
    for court in (1, 2):
        visit.store.run("INSERT INTO courts (club_id, name, surface) VALUES (?, ?, 'clay')", club, f"Court {court}")
    visit.audit(f"Created the club {name}")
    return visit.go(f"/platform/clubs/{club}", "The club is created.")


@router.get("/clubs/{id}")
async def club(visit: ClubKeeper, id: str) -> Response:
    found = _club(visit, id)
    flags = visit.store.rows("SELECT * FROM flags WHERE club_id = ? ORDER BY name", found["id"])
    members = visit.store.value("SELECT count(*) FROM users WHERE club_id = ?", found["id"])
    return visit.page("platform_club.html", shown=found, flags=flags, members=members)


@router.post("/clubs/{id}/{change}")
async def change_club(visit: ClubKeeper, id: str, change: str) -> Response:
    found = _club(visit, id)
    here = f"/platform/clubs/{found['id']}"
    if change in {"suspend", "resume"}:
        visit.store.run("UPDATE clubs SET suspended = ? WHERE id = ?", change == "suspend", found["id"])
        visit.audit(f"{found['name']}: {change}")
        return visit.go(here, "The club is suspended." if change == "suspend" else "The club is active again.")
    if change == "flags" and visit.role == "platform-admin":
        chosen = await visit.form()
        for flag in FLAGS:
            enabled = bool(chosen.get(flag.replace(" ", "_")))
            visit.store.run("UPDATE flags SET enabled = ? WHERE club_id = ? AND name = ?", enabled, found["id"], flag)
        visit.audit(f"{found['name']}: features changed")
        return visit.go(here, "The features are saved.")
    raise Refusal(404, "There is no such change.")


@router.get("/invoices")
async def invoices(visit: PlatformAdmin) -> Response:
    found = visit.store.rows(
        "SELECT i.*, c.name AS club_name FROM invoices i JOIN clubs c ON c.id = i.club_id WHERE i.user_id IS NULL"
        " ORDER BY i.issued DESC, i.id"
    )
    return visit.page("invoices.html", invoices=found, base="/platform/invoices")


@router.get("/invoices/{id}")
async def invoice(visit: PlatformAdmin, id: str) -> Response:
    wanted = number(id, "invoice")
    if not visit.store.value("SELECT id FROM invoices WHERE id = ? AND user_id IS NULL", wanted):
        raise Refusal(404, "There is no such invoice.")
    return invoice_page(visit, wanted, "/platform/invoices")


@router.get("/audit")
async def audit(visit: PlatformAdmin) -> Response:
    entries = visit.store.rows("SELECT * FROM audit ORDER BY id DESC LIMIT 100")
    return visit.page("audit.html", entries=entries, title="Audit of the platform")
