"""The office of a club: bookings, members, courts, prices, reports and the club's audit page."""

import csv
import io
from datetime import datetime, time

from fastapi import APIRouter
from fastapi.responses import Response

from demo.clubhouse.fields import Problems, cents, day_within, whole
from demo.clubhouse.reservations import DAYS_AHEAD, LIVE, Wish, find_court, holders
from demo.clubhouse.seed import CLOSES, OPENS
from demo.clubhouse.store import Row
from demo.clubhouse.waitinglist import offer_slot
from demo.clubhouse.web import ClubAdmin, Refusal, Visit, number
from demo.clubhouse.wording import money

router = APIRouter(prefix="/admin")

PAGE_ROWS = 12
LEVELS = ("adult", "junior", "senior")
STATUSES = ("requested", "approved", "confirmed", "played", "rejected", "cancelled", "refunded")
BOOKINGS = (
    "SELECT b.*, c.name AS court, u.name AS member FROM bookings b JOIN courts c ON c.id = b.court_id"
    " JOIN users u ON u.id = b.user_id WHERE b.club_id = ?"
)


@router.get("/bookings")
async def bookings(visit: ClubAdmin) -> Response:
    wanted = visit.query("status")
    wanted = wanted if wanted in STATUSES else ""
    found = visit.store.rows(
        f"{BOOKINGS} AND b.day >= ? AND (? = '' OR b.status = ?) ORDER BY b.status != 'requested', b.day, b.start, b.id"
        " LIMIT 100",
        visit.club_id,
        visit.house.clock().date().isoformat(),
        wanted,
        wanted,
    )
    return visit.page("admin_bookings.html", bookings=found, wanted=wanted, statuses=STATUSES)


def _booking(visit: Visit, text: str) -> Row:
    booking = visit.store.row(f"{BOOKINGS} AND b.id = ?", visit.club_id, number(text, "booking"))
    if booking is not None:
        return booking
    if visit.store.value("SELECT id FROM bookings WHERE id = ?", number(text)):
        raise Refusal(403, "This booking belongs to another club.")
    raise Refusal(404, "There is no such booking.")


def _booking_page(visit: Visit, booking: Row, problems: Problems) -> Response:
    return visit.page(
        "admin_booking.html",
        422 if problems else 200,
        booking=booking,
        problems=problems,
        courts=visit.store.rows("SELECT * FROM courts WHERE club_id = ? AND active ORDER BY id", visit.club_id),
        hours=range(OPENS, CLOSES),
        movable=booking["status"] in LIVE,
    )


@router.get("/bookings/{id}")
async def booking(visit: ClubAdmin, id: str) -> Response:
    return _booking_page(visit, _booking(visit, id), Problems())


@router.post("/bookings/{id}/move")
async def move(visit: ClubAdmin, id: str) -> Response:
    found = _booking(visit, id)
    here = f"/admin/bookings/{found['id']}"
    if found["status"] not in LIVE:
        return visit.go(here, f"A booking that is {found['status']} can't be moved.")
    form = await visit.form()
    court = whole(form.get("court", ""), 1, 10**8)
    day = day_within(form.get("date", ""), visit.house.clock().date(), 0, DAYS_AHEAD)
    length = abs(found["end"] - found["start"])
    start = whole(form.get("start", ""), OPENS, CLOSES - length)
    problems = Problems()
    known = court is not None and find_court(visit, court) is not None
    problems.check("court", known, "Choose one of the courts.")
    problems.check("date", day is not None, f"Choose a day from today to {DAYS_AHEAD} days ahead.")
    problems.check("start", start is not None, "Choose a start that fits into the opening hours.")
    if problems or court is None or day is None or start is None:
        return _booking_page(visit, found, problems)
    past = datetime.combine(day, time(start)) <= visit.house.clock()
    problems.check("start", not past, "This hour has passed; choose a later one.")
    wish = Wish(court, day, start, start + length, bool(found["guest"]))
    problems.check("start", not holders(visit, wish, except_id=found["id"]), "This slot is taken.")
    if problems:
        return _booking_page(visit, found, problems)
    visit.store.run(
        'UPDATE bookings SET court_id = ?, day = ?, start = ?, "end" = ? WHERE id = ?',
        court,
        day.isoformat(),
        start,
        start + length,
        found["id"],
    )
    visit.notify(found["user_id"], "The office moved your booking.", (f"/bookings/{found['id']}", "Open the booking"))
    offer_slot(visit, found)
    visit.audit(f"Moved booking {found['id']}")
    return visit.go(here, "The booking is moved.")


@router.get("/members")
async def members(visit: ClubAdmin) -> Response:
    order = "joined" if visit.query("sort") == "joined" else "name"
    total = visit.store.value("SELECT count(*) FROM users WHERE club_id = ?", visit.club_id)
    pages = max(1, -(-total // PAGE_ROWS))
    page = whole(visit.query("page", "1"), 1, pages) or 1
    skipped = (page - 1) * PAGE_ROWS - (1 if visit.on("D45") and page > 1 else 0)
    collation = "" if visit.on("D20") else " COLLATE NOCASE"
    found = visit.store.rows(
        "SELECT u.*, (SELECT count(*) FROM bookings b WHERE b.user_id = u.id) AS bookings FROM users u"
        f" WHERE u.club_id = ? ORDER BY u.{order}{collation}, u.id LIMIT ? OFFSET ?",
        visit.club_id,
        PAGE_ROWS,
        skipped,
    )
    return visit.page("admin_members.html", members=found, page=page, pages=pages, total=total, sort=order)


def _member(visit: Visit, text: str) -> Row:
    member = visit.store.row("SELECT * FROM users WHERE id = ?", number(text, "member"))
    if member is None:
        raise Refusal(404, "There is no such member.")
    if member["club_id"] != visit.club_id:
        raise Refusal(403, "This member belongs to another club.")
    return member


@router.get("/members/{id}")
async def member(visit: ClubAdmin, id: str) -> Response:
    return visit.page("admin_member.html", member=_member(visit, id), levels=LEVELS)


@router.post("/members/{id}")
async def save_member(visit: ClubAdmin, id: str) -> Response:
    found = _member(visit, id)
    level = (await visit.form()).get("level", "")
    if level not in LEVELS:
        raise Refusal(422, "Choose one of the levels.")
    visit.store.run("UPDATE users SET level = ? WHERE id = ?", level, found["id"])
    visit.audit(f"{found['name']} is {level} now")
    return visit.go(f"/admin/members/{found['id']}", "The member is saved.")


@router.get("/courts")
async def courts(visit: ClubAdmin) -> Response:
    return _courts_page(visit, {}, Problems())


def _courts_page(visit: Visit, values: dict[str, str], problems: Problems) -> Response:
    found = visit.store.rows("SELECT * FROM courts WHERE club_id = ? AND active ORDER BY id", visit.club_id)
    return visit.page("admin_courts.html", 422 if problems else 200, courts=found, values=values, problems=problems)


@router.post("/courts")
async def add_court(visit: ClubAdmin) -> Response:
    form = await visit.form()
    name, surface = form.get("name", "").strip(), form.get("surface", "")
    problems = Problems()
    problems.check("name", 0 < len(name) <= 40, "Enter a name of 1 to 40 characters.")
    problems.check("surface", surface in {"clay", "hard", "carpet", "grass"}, "Choose a surface.")
    number_of = visit.store.value("SELECT count(*) FROM courts WHERE club_id = ? AND active", visit.club_id)
    problems.check("name", number_of < 8, "A club has eight courts at most.")
    if problems:
        return _courts_page(visit, form, problems)
    visit.store.run("INSERT INTO courts (club_id, name, surface) VALUES (?, ?, ?)", visit.club_id, name, surface)
    visit.audit(f"Added the court {name}")
    return visit.go("/admin/courts", "The court is added.")


@router.get("/prices")
async def prices(visit: ClubAdmin) -> Response:
    rate = visit.store.value("SELECT price_cents FROM clubs WHERE id = ?", visit.club_id)
    return visit.page("admin_prices.html", value=f"{rate // 100}.{rate % 100:02}", problem="")


@router.post("/prices")
async def save_prices(visit: ClubAdmin) -> Response:
    typed = (await visit.form()).get("price", "")
    rate = cents(typed)
    if rate is None or rate < 100:
        problem = "Enter a price from 1.00 to 1000.00."
        return visit.page("admin_prices.html", 422, value=typed, problem=problem)
    visit.store.run("UPDATE clubs SET price_cents = ? WHERE id = ?", rate, visit.club_id)
    visit.audit(f"The price per hour is {money(rate)} now")
    return visit.go("/admin/prices", "The price is saved. It counts for new bookings.")


def _monthly(visit: Visit) -> list[Row]:
    return visit.store.rows(
        "SELECT c.name AS court, count(b.id) AS bookings, coalesce(sum(b.price_cents), 0) AS cents FROM courts c"
        " LEFT JOIN bookings b ON b.court_id = c.id AND b.status IN ('played', 'confirmed', 'approved')"
        " WHERE c.club_id = ? AND c.active GROUP BY c.id ORDER BY c.id",
        visit.club_id,
    )


@router.get("/reports")
async def reports(visit: ClubAdmin) -> Response:
    return visit.page("reports.html", rows=_monthly(visit))


@router.get("/reports.csv")
async def export(visit: ClubAdmin) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("court", "bookings", "amount"))
    writer.writerows((row["court"], row["bookings"], f"{row['cents'] / 100:.2f}") for row in _monthly(visit))
    headers = {"Content-Disposition": 'attachment; filename="bookings.csv"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


@router.get("/audit")
async def audit(visit: ClubAdmin) -> Response:
    entries = visit.store.rows("SELECT * FROM audit WHERE club_id = ? ORDER BY id DESC LIMIT 60", visit.club_id)
    return visit.page("audit.html", entries=entries, title="Audit of the club")
