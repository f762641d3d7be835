"""A member's bookings: the list, the two steps of a new one, details, paying and cancelling."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from demo.clubhouse.fields import Problems
from demo.clubhouse.reservations import (
    SlotTakenError,
    Wish,
    begins,
    can_cancel,
    cancel_booking,
    own_booking_of,
    price_of,
    read_wish,
    refuse_suspended,
    request_booking,
    slot_is_taken,
)
from demo.clubhouse.seed import CLOSES, OPENS
from demo.clubhouse.store import Row
from demo.clubhouse.web import ClubMember, Refusal, Visit, number
from demo.clubhouse.wording import day_text, hour_text, money

router = APIRouter()

WISHED = ("court", "date", "start", "end", "guest")


def _own(visit: Visit, text: str) -> Row:
    booking = visit.store.row(
        "SELECT b.*, c.name AS court FROM bookings b JOIN courts c ON c.id = b.court_id WHERE b.id = ?",
        number(text, "booking"),
    )
    if booking is None:
        raise Refusal(404, "There is no such booking.")
    if booking["user_id"] != visit.user["id"]:
        raise Refusal(403, "This booking belongs to somebody else.")
    return booking


@router.get("/bookings")
async def bookings(visit: ClubMember) -> Response:
    return visit.page("bookings.html")


@router.get("/api/my/bookings")
async def my_bookings(visit: ClubMember) -> Response:
    found = visit.store.rows(
        "SELECT b.*, c.name AS court FROM bookings b JOIN courts c ON c.id = b.court_id WHERE b.user_id = ?"
        " ORDER BY b.day DESC, b.start DESC, b.id DESC LIMIT 200",
        visit.user["id"],
    )
    rows = [_listed(visit, booking) for booking in found]
    return JSONResponse({"heading": visit.count(len(rows), "booking"), "bookings": rows})


def _listed(visit: Visit, booking: Row) -> Row:
    return {
        "id": booking["id"],
        "court": booking["court"],
        "day": day_text(booking["day"]),
        "hours": f"{hour_text(booking['start'])} to {hour_text(booking['end'])}",
        "price": money(booking["price_cents"]),
        "status": _shown_status(visit, booking),
        "can_cancel": can_cancel(visit, booking),
    }


def _shown_status(visit: Visit, booking: Row) -> str:
    status = booking["status"]
    if visit.on("D33") and visit.session:
        first = visit.session.seen_status.setdefault(booking["id"], status)
        return first if (first, status) == ("requested", "approved") else status
    return status


@router.get("/bookings/new")
async def new_booking(visit: ClubMember) -> Response:
    refuse_suspended(visit)
    return _form_page(visit, {name: visit.query(name) for name in WISHED}, Problems())


def _form_page(visit: Visit, values: dict[str, str], problems: Problems) -> Response:
    courts = visit.store.rows("SELECT * FROM courts WHERE club_id = ? AND active ORDER BY id", visit.club_id)
    return visit.page(
        "booking_new.html",
        422 if problems else 200,
        courts=courts,
        values=values,
        problems=problems,
        hours=range(OPENS, CLOSES + 1),
        guests=visit.flag("guest bookings"),
    )


@router.get("/bookings/review")
async def review(visit: ClubMember) -> Response:
    refuse_suspended(visit)
    values = {name: visit.query(name) for name in WISHED}
    wish, problems = read_wish(visit, values)
    if wish is None:
        return _form_page(visit, values, problems)
    if own_booking_of(visit, wish) is None and slot_is_taken(visit, wish):
        return visit.page("slot_taken.html", status=422, wish=wish)
    court = visit.store.value("SELECT name FROM courts WHERE id = ?", wish.court_id)
    return visit.page("booking_review.html", wish=wish, court=court, price=price_of(visit, wish), values=values)


@router.post("/api/bookings")
async def request(visit: ClubMember) -> Response:
    refuse_suspended(visit)
    wish, problems = read_wish(visit, await visit.body())
    if wish is None:
        raise Refusal(422, " ".join(problems.values()))
    return _requested(visit, wish)


def _requested(visit: Visit, wish: Wish) -> Response:
    try:
        booking = request_booking(visit, wish)
    except SlotTakenError:
        raise Refusal(422, "This slot was taken in the meantime. Choose another one.") from None
    return JSONResponse({"id": booking, "url": f"/bookings/{booking}"}, status_code=201)


@router.get("/bookings/{id}")
async def booking(visit: ClubMember, id: str) -> Response:
    found = _own(visit, id)
    payable = found["status"] == "approved" or (found["status"] == "rejected" and visit.on("D43"))
    return visit.page("booking.html", booking=found, payable=payable, can_cancel=can_cancel(visit, found))


@router.post("/bookings/{id}/pay")
async def pay(visit: ClubMember, id: str) -> Response:
    found = _own(visit, id)
    here = f"/bookings/{found['id']}"
    if found["status"] == "confirmed":
        return visit.go(here, "This booking is paid already.")
    if found["status"] != "approved" and not (found["status"] == "rejected" and visit.on("D43")):
        return visit.go(here, f"A booking that is {found['status']} can't be paid.")
    visit.store.run("UPDATE bookings SET status = 'confirmed' WHERE id = ?", found["id"])
    visit.audit(f"Paid booking {found['id']}")
    return visit.go(here, "Paid. Your booking is confirmed.")


@router.post("/api/bookings/{id}/cancel")
async def cancel(visit: ClubMember, id: str) -> Response:
    found = _own(visit, id)
    if found["status"] in {"cancelled", "refunded"}:
        return JSONResponse({"status": found["status"], "text": "This booking is cancelled already."})
    if not can_cancel(visit, found):
        past = begins(found) <= visit.house.clock()
        raise Refusal(422, "This booking has begun already." if past else "This booking can't be cancelled.")
    done = cancel_booking(visit, found)
    fee = f" The fee is {money(done['fee_cents'])}." if done["fee_cents"] else " It costs nothing."
    return JSONResponse({"status": done["status"], "text": f"Cancelled.{fee}"})
