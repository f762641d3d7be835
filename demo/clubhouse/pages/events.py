"""Events of the own club as members see them, their pages and tickets."""

from fastapi import APIRouter
from fastapi.responses import Response

from demo.clubhouse.pages.public import shown_title
from demo.clubhouse.store import Row
from demo.clubhouse.web import ClubMember, Refusal, Visit, number

router = APIRouter()

PICTURE_GONE = "doubles.svg"


@router.get("/events")
async def events(visit: ClubMember) -> Response:
    found = visit.store.rows(
        "SELECT * FROM events WHERE club_id = ? AND NOT draft AND day >= ? ORDER BY day, start, id",
        visit.club_id,
        visit.house.clock().date().isoformat(),
    )
    ids = [event["id"] for event in found]
    for place, event in enumerate(found):
        event["title"] = shown_title(visit, event["title"])
        event["target"] = ids[(place + 1) % len(ids)] if visit.on("D14") else event["id"]
    return visit.page("events.html", events=found)


def _event(visit: Visit, text: str) -> Row:
    event = visit.store.row("SELECT * FROM events WHERE id = ?", number(text, "event"))
    if event is None:
        raise Refusal(404, "There is no such event.")
    if visit.on("D36"):
        return event
    if event["club_id"] != visit.club_id:
        raise Refusal(403, "This event belongs to another club.")
    if event["draft"] and visit.role != "club-admin":
        raise Refusal(403, "This event is not published yet.")
    return event


@router.get("/events/{id}")
async def event(visit: ClubMember, id: str) -> Response:
    found = _event(visit, id)
    text = found["description"] if visit.on("D03") else found["description"] or "No description yet."
    picture = f"gone-{found['picture']}" if visit.on("D13") and found["picture"] == PICTURE_GONE else found["picture"]
    sold = visit.store.value("SELECT count(*) FROM tickets WHERE event_id = ?", found["id"])
    mine = visit.store.value(
        "SELECT count(*) FROM tickets WHERE event_id = ? AND user_id = ?", found["id"], visit.user["id"]
    )
    found["title"] = shown_title(visit, found["title"])
    return visit.page(
        "event.html",
        event=found,
        paragraphs=text.splitlines(),
        picture=picture,
        left=found["capacity"] - sold,
        mine=mine,
    )


@router.post("/events/{id}/ticket")
async def take_ticket(visit: ClubMember, id: str) -> Response:
    found = _event(visit, id)
    here = f"/events/{found['id']}"
    if found["draft"] or found["club_id"] != visit.club_id:
        return visit.go(here, "There are no tickets for this event.")
    sold = visit.store.value("SELECT count(*) FROM tickets WHERE event_id = ?", found["id"])
    mine = "SELECT id FROM tickets WHERE event_id = ? AND user_id = ?"
    if visit.store.value(mine, found["id"], visit.user["id"]):
        return visit.go(here, "You have a ticket already.")
    if sold >= found["capacity"]:
        return visit.go(here, "This event is full.")
    visit.store.run("INSERT INTO tickets (event_id, user_id) VALUES (?, ?)", found["id"], visit.user["id"])
    return visit.go(here, "Your ticket is reserved; you pay at the desk.")


@router.post("/events/{id}/return")
async def return_ticket(visit: ClubMember, id: str) -> Response:
    found = _event(visit, id)
    visit.store.run("DELETE FROM tickets WHERE event_id = ? AND user_id = ?", found["id"], visit.user["id"])
    return visit.go(f"/events/{found['id']}", "Your ticket is given back.")
