"""The rules of booking: what may be wished, what it costs, who gets a slot, what a cancellation costs.

Pages ask here; nothing here makes a page.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from demo.clubhouse.fields import Problems, day_within, whole
from demo.clubhouse.seed import CLOSES, OPENS
from demo.clubhouse.store import Row
from demo.clubhouse.waitinglist import IS_LIVE, end_waiting, offer_slot
from demo.clubhouse.web import House, Refusal, Visit

LIVE = ("requested", "approved", "confirmed")
DAYS_AHEAD, LONGEST_HOURS = 60, 4
DOUBLE_CLICK_SECONDS, RACE_SECONDS = 3.0, 1.5


@dataclass(frozen=True, slots=True)
class Wish:
    court_id: int
    day: date
    start: int
    end: int
    guest: bool


class SlotTakenError(Exception):
    """Somebody else holds the slot."""


def read_wish(visit: Visit, values: dict[str, str]) -> tuple[Wish | None, Problems]:
    """Read court, date, start, end and guest as a form or a script sent them."""
    problems = Problems()
    now = visit.house.clock()
    court = whole(values.get("court", ""), 1, 10**8)
    known = court is not None and find_court(visit, court) is not None
    day = day_within(values.get("date", ""), now.date(), 0, DAYS_AHEAD)
    start = whole(values.get("start", ""), OPENS, CLOSES - 1)
    end = whole(values.get("end", ""), OPENS + 1, CLOSES)
    problems.check("court", known, "Choose one of the courts.")
    problems.check("date", day is not None, f"Choose a day from today to {DAYS_AHEAD} days ahead.")
    problems.check("start", start is not None, "Choose a start.")
    problems.check("end", end is not None, "Choose an end.")
    if not (known and court and day and start and end):
        return None, problems
    past = datetime.combine(day, time(start)) <= now
    problems.check("start", not past, "This hour has passed; choose a later one.")
    ordered = end > start or (visit.on("D24") and end < start)
    problems.check("end", ordered, "The end must be after the start.")
    problems.check("end", end - start <= LONGEST_HOURS, f"A booking lasts {LONGEST_HOURS} hours at most.")
    if problems:
        return None, problems
    guest = values.get("guest", "") not in {"", "0", "false", "False"} and visit.flag("guest bookings")
    return Wish(court, day, start, end, guest), problems


def find_court(visit: Visit, court: int) -> Row | None:
    return visit.store.row("SELECT * FROM courts WHERE id = ? AND club_id = ? AND active", court, visit.club_id)


def price_of(visit: Visit, wish: Wish) -> int:
    """Cents: the club's rate per hour, members 20 % off, guests in full."""
    rate = visit.store.value("SELECT price_cents FROM clubs WHERE id = ?", visit.club_id)
    hours = abs(wish.end - wish.start)
    full = rate * hours
    if wish.guest:
        return full
    price = full * 80 // 100
    return price * 80 // 100 if visit.on("D22") and hours >= 2 else price


def refuse_suspended(visit: Visit) -> None:
    club = visit.club
    if club and club["suspended"]:
        raise Refusal(403, f"{club['name']} is suspended at the moment; new bookings are not possible.")


def own_booking_of(visit: Visit, wish: Wish) -> int | None:
    """The visitor's own live booking of exactly this slot, so that asking twice books once."""
    recent = visit.house.clock().timestamp() - DOUBLE_CLICK_SECONDS
    return visit.store.value(
        f'SELECT id FROM bookings WHERE court_id = ? AND day = ? AND start = ? AND "end" = ? AND user_id = ?'
        f" AND {IS_LIVE} AND NOT (? AND created > ?)",
        wish.court_id,
        wish.day.isoformat(),
        wish.start,
        wish.end,
        visit.user["id"],
        visit.on("D30"),
        recent,
    )


def holders(visit: Visit, wish: Wish, except_id: int = 0) -> list[Row]:
    """The live bookings that hold any hour of the wish."""
    return visit.store.rows(
        f'SELECT user_id, created FROM bookings WHERE court_id = ? AND day = ? AND start < ? AND "end" > ?'
        f" AND {IS_LIVE} AND id != ?",
        wish.court_id,
        wish.day.isoformat(),
        wish.end,
        wish.start,
        except_id,
    )


def slot_is_taken(visit: Visit, wish: Wish) -> bool:
    now = visit.house.clock().timestamp()
    for booking in holders(visit, wish):
        own = booking["user_id"] == visit.user["id"]
        age = now - booking["created"]
        if own and visit.on("D30") and age < DOUBLE_CLICK_SECONDS:
            continue
        if not own and visit.on("D34") and age < RACE_SECONDS:
            continue
        return True
    return False


def request_booking(visit: Visit, wish: Wish) -> int:
    """Book the slot as requested and return the booking's id; SlotTakenError if another live booking holds it."""
    existing = own_booking_of(visit, wish)
    if existing:
        return existing
    if slot_is_taken(visit, wish):
        raise SlotTakenError
    booking = visit.store.run(
        'INSERT INTO bookings (club_id, court_id, user_id, day, start, "end", guest, price_cents, status, created)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'requested', ?)",
        visit.club_id,
        wish.court_id,
        visit.user["id"],
        wish.day.isoformat(),
        wish.start,
        wish.end,
        wish.guest,
        price_of(visit, wish),
        visit.house.clock().timestamp(),
    )
    visit.audit(f"Requested booking {booking}")
    end_waiting(visit, {"court_id": wish.court_id, "day": wish.day.isoformat(), "start": wish.start, "end": wish.end})
    return booking


def begins(booking: Row) -> datetime:
    return datetime.combine(date.fromisoformat(booking["day"]), time(booking["start"]))


def can_cancel(visit: Visit, booking: Row) -> bool:
    return booking["status"] in LIVE and begins(booking) > visit.house.clock()


def cancel_booking(visit: Visit, booking: Row) -> Row:
    """Cancel a live booking; less than 24 hours ahead it costs half. A paid one is refunded, less that fee."""
    late = begins(booking) - visit.house.clock() < timedelta(hours=24)
    if late and visit.on("D31"):
        raise RuntimeError("the ledger refused the cancellation fee")
    fee = booking["price_cents"] // 2 if late else 0
    status = "refunded" if booking["status"] == "confirmed" else "cancelled"
    visit.store.run("UPDATE bookings SET status = ?, fee_cents = ? WHERE id = ?", status, fee, booking["id"])
    visit.audit(f"Cancelled booking {booking['id']}", booking["club_id"])
    offer_slot(visit, booking)
    return booking | {"status": status, "fee_cents": fee}


def finish_played(house: House) -> None:
    """A confirmed booking whose time is over has been played."""
    now = house.clock()
    today = now.date().isoformat()
    house.store.run(
        "UPDATE bookings SET status = 'played' WHERE status = 'confirmed' AND"
        ' (day < ? OR (day = ? AND max(start, "end") <= ?))',
        today,
        today,
        now.hour,
    )
