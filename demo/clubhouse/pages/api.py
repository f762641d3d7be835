"""JSON endpoints of the club's office that scripts call: approving, rejecting, removing a court."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from demo.clubhouse.store import Row
from demo.clubhouse.waitinglist import IS_LIVE, offer_slot
from demo.clubhouse.web import ClubAdmin, ClubMember, Refusal, Visit, number
from demo.clubhouse.wording import day_text

router = APIRouter()

FEWEST_COURTS = 2


def _of_club(visit: Visit, text: str) -> Row:
    booking = visit.store.row("SELECT * FROM bookings WHERE id = ?", number(text, "booking"))
    if booking is None:
        raise Refusal(404, "There is no such booking.")
    if booking["club_id"] != visit.club_id:
        raise Refusal(403, "This booking belongs to another club.")
    return booking


def _decide(visit: Visit, booking: Row, status: str) -> Response:
    if booking["status"] == status:
        return JSONResponse({"status": status, "text": f"Booking {booking['id']} is {status} already."})
    if booking["status"] != "requested":
        raise Refusal(422, f"Booking {booking['id']} is {booking['status']} by now.")
    visit.store.run("UPDATE bookings SET status = ? WHERE id = ?", status, booking["id"])
    visit.notify(
        booking["user_id"],
        f"Your booking on {day_text(booking['day'])} is {status}.",
        (f"/bookings/{booking['id']}", f"Open booking {booking['id']}"),
    )
    visit.audit(f"Booking {booking['id']}: {status}")
    return JSONResponse({"status": status, "text": f"Booking {booking['id']} is {status}."})


@router.post("/api/bookings/{id}/approve")
async def approve(visit: ClubMember, id: str) -> Response:
    if visit.role != "club-admin" and not visit.on("D39"):
        raise Refusal(403, "Only the club's office approves bookings.")
    booking = _of_club(visit, id)
    if visit.on("D05") and booking["status"] == "approved":
        raise AssertionError(f"booking {booking['id']} left the state requested")
    return _decide(visit, booking, "approved")


@router.post("/api/bookings/{id}/reject")
async def reject(visit: ClubAdmin, id: str) -> Response:
    booking = _of_club(visit, id)
    answer = _decide(visit, booking, "rejected")
    if booking["status"] == "requested":
        offer_slot(visit, booking)
    return answer


@router.delete("/api/courts/{id}")
async def remove_court(visit: ClubAdmin, id: str) -> Response:
    """Its live bookings are cancelled without a fee; a club keeps at least two courts."""
    court = visit.store.row("SELECT * FROM courts WHERE id = ?", number(id, "court"))
    if court is None:
        raise Refusal(404, "There is no such court.")
    if court["club_id"] != visit.club_id:
        raise Refusal(403, "This court belongs to another club.")
    left = visit.store.value("SELECT count(*) FROM courts WHERE club_id = ? AND active", visit.club_id)
    if court["active"] and left <= FEWEST_COURTS:
        raise Refusal(422, f"A club keeps at least {FEWEST_COURTS} courts.")
    if not visit.on("D32") and court["active"]:
        visit.store.run("UPDATE courts SET active = 0 WHERE id = ?", court["id"])
        _call_off(visit, court)
        visit.audit(f"Removed {court['name']}")
    return Response(status_code=204)


def _call_off(visit: Visit, court: Row) -> None:
    """Nothing can be played on a removed court: its coming bookings end without a fee, nobody waits for it."""
    now = visit.house.clock()
    today = now.date().isoformat()
    coming = visit.store.rows(
        f"SELECT * FROM bookings WHERE court_id = ? AND {IS_LIVE} AND (day > ? OR (day = ? AND start > ?))",
        court["id"],
        today,
        today,
        now.hour,
    )
    for booking in coming:
        status = "refunded" if booking["status"] == "confirmed" else "cancelled"
        visit.store.run("UPDATE bookings SET status = ? WHERE id = ?", status, booking["id"])
        text = f"{court['name']} was removed; your booking on {day_text(booking['day'])} is {status}."
        visit.notify(booking["user_id"], text, (f"/bookings/{booking['id']}", f"Open booking {booking['id']}"))
    visit.store.run("DELETE FROM waiting WHERE court_id = ?", court["id"])
