"""Availability of the courts, the waiting list and the conditions on the courts."""

from datetime import date, datetime, time, timedelta

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from demo.clubhouse.decoys import conditions_answer
from demo.clubhouse.fields import day_within, whole
from demo.clubhouse.reservations import DAYS_AHEAD, find_court
from demo.clubhouse.seed import CLOSES, OPENS
from demo.clubhouse.store import Row
from demo.clubhouse.waitinglist import IS_LIVE, is_held, leave_list
from demo.clubhouse.web import ClubMember, Refusal, Visit, number

router = APIRouter()

DAYS_BACK = 60
LEADS = ((0, "Today"), (6, "This week"), (DAYS_AHEAD, "Later"))


@router.get("/availability")
async def availability(visit: ClubMember) -> Response:
    today = visit.house.clock().date()
    asked = visit.query("date") or today.isoformat()
    day = day_within(asked, today, DAYS_BACK, DAYS_AHEAD)
    problem = "" if day else f"Choose a day between {DAYS_BACK} days ago and {DAYS_AHEAD} days ahead."
    shown = day or today
    courts = visit.store.rows("SELECT * FROM courts WHERE club_id = ? AND active ORDER BY id", visit.club_id)
    return visit.page(
        "availability.html",
        422 if problem else 200,
        shown=shown,
        problem=problem,
        lead=_lead(visit, shown, today),
        courts=courts,
        grid=_grid(visit, shown, courts),
        before=shown - timedelta(days=1) if (today - shown).days < DAYS_BACK else None,
        after=shown + timedelta(days=1) if (shown - today).days < DAYS_AHEAD else None,
        conditions=visit.flag("court conditions"),
        steps=_price_steps(visit),
    )


def _lead(visit: Visit, day: date, today: date) -> str:
    """How far away the day is, in words."""
    ahead = (day - today).days
    if ahead < 0 and not visit.on("D02"):
        return "A past day, nothing can be booked"
    return next(text for limit, text in LEADS if 0 <= ahead <= limit)


def _price_steps(visit: Visit) -> list[tuple[int, int, int]]:
    rate = visit.store.value("SELECT price_cents FROM clubs WHERE id = ?", visit.club_id)
    return [(hours, rate * hours * 80 // 100, rate * hours) for hours in (1, 2, 3)]


def _grid(visit: Visit, day: date, courts: list[Row]) -> list[tuple[int, list[tuple[Row, str]]]]:
    """For each hour: each court with `free`, `mine`, `taken` or `past`."""
    now = visit.house.clock()
    held: dict[tuple[int, int], str] = {}
    live = f"SELECT * FROM bookings WHERE club_id = ? AND day = ? AND {IS_LIVE}"
    for booking in visit.store.rows(live, visit.club_id, day.isoformat()):
        state = "mine" if booking["user_id"] == visit.user["id"] else "taken"
        held.update({(booking["court_id"], hour): state for hour in range(booking["start"], booking["end"])})
    rows = []
    for hour in range(OPENS, CLOSES):
        past = datetime.combine(day, time(hour)) <= now
        rows.append((hour, [(court, "past" if past else held.get((court["id"], hour), "free")) for court in courts]))
    return rows


@router.get("/api/conditions")
async def conditions(visit: ClubMember) -> Response:
    return conditions_answer(visit.house.decoys)


@router.post("/api/waiting")
async def join(visit: ClubMember) -> Response:
    body = await visit.body()
    court = whole(body.get("court", ""), 1, 10**8)
    day = day_within(body.get("date", ""), visit.house.clock().date(), 0, DAYS_AHEAD)
    start = whole(body.get("start", ""), OPENS, CLOSES - 1)
    if court is None or find_court(visit, court) is None or day is None or start is None:
        raise Refusal(422, "Choose a slot of your club.")
    if not is_held(visit, court, day.isoformat(), start):
        raise Refusal(422, "This slot is free: book it right away.")
    slot = (court, day.isoformat(), start)
    known = "SELECT id FROM waiting WHERE court_id = ? AND day = ? AND start = ? AND user_id = ? AND state = 'waiting'"
    if visit.store.value(known, *slot, visit.user["id"]):
        return JSONResponse({"text": "You are on the waiting list already."})
    visit.store.run(
        "INSERT INTO waiting (club_id, court_id, day, start, user_id) VALUES (?, ?, ?, ?, ?)",
        visit.club_id,
        *slot,
        visit.user["id"],
    )
    return JSONResponse({"text": "You are on the waiting list."}, status_code=201)


@router.get("/waiting")
async def waiting(visit: ClubMember) -> Response:
    entries = visit.store.rows(
        "SELECT w.*, c.name AS court, (SELECT count(*) FROM waiting o WHERE o.court_id = w.court_id AND o.day = w.day"
        " AND o.start = w.start AND o.state = 'waiting' AND o.id <= w.id) AS place"
        " FROM waiting w JOIN courts c ON c.id = w.court_id WHERE w.user_id = ? ORDER BY w.day, w.start, w.id",
        visit.user["id"],
    )
    return visit.page("waiting.html", entries=entries)


@router.post("/waiting/{id}/leave")
async def leave(visit: ClubMember, id: str) -> Response:
    entry = visit.store.row("SELECT * FROM waiting WHERE id = ?", number(id, "entry"))
    if entry is not None and entry["user_id"] != visit.user["id"]:
        raise Refusal(403, "This entry belongs to somebody else.")
    if entry is not None:
        leave_list(visit, entry)
    return visit.go("/waiting", "You left the waiting list of this slot.")
