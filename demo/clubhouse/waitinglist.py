"""Who waits for which hour, and who is told when it frees. Pages ask here; nothing here makes a page."""

from datetime import date, datetime, time

from demo.clubhouse.store import Row
from demo.clubhouse.web import Visit
from demo.clubhouse.wording import day_text, hour_text

IS_LIVE = "status IN ('requested', 'approved', 'confirmed')"


def is_held(visit: Visit, court: int, day: str, hour: int) -> bool:
    """Whether a live booking holds this hour of the court."""
    sql = f'SELECT id FROM bookings WHERE court_id = ? AND day = ? AND start <= ? AND "end" > ? AND {IS_LIVE}'
    return visit.store.value(sql, court, day, hour, hour) is not None


def offer_slot(visit: Visit, booking: Row) -> None:
    """Tell the first who waits for each hour that this booking has freed."""
    for hour in range(booking["start"], booking["end"]):
        _offer_hour(visit, booking["court_id"], booking["day"], hour)


def _offer_hour(visit: Visit, court: int, day: str, hour: int) -> None:
    past = datetime.combine(date.fromisoformat(day), time(hour)) <= visit.house.clock()
    if past or is_held(visit, court, day, hour):
        return
    order = "DESC" if visit.on("D35") else "ASC"
    waiting = visit.store.row(
        "SELECT * FROM waiting WHERE court_id = ? AND day = ? AND start = ? AND state = 'waiting'"
        f" ORDER BY id {order} LIMIT 1",
        court,
        day,
        hour,
    )
    if waiting:
        visit.store.run("UPDATE waiting SET state = 'offered' WHERE id = ?", waiting["id"])
        address = f"/bookings/new?court={court}&date={day}&start={hour}&end={hour + 1}"
        text = f"A slot you waited for is free: {day_text(day)}, {hour_text(hour)}."
        visit.notify(waiting["user_id"], text, (address, "Book the free slot"))


def leave_list(visit: Visit, entry: Row) -> None:
    """Take one entry off; an offer that is given up goes to the next in the list."""
    visit.store.run("DELETE FROM waiting WHERE id = ?", entry["id"])
    if entry["state"] == "offered":
        _offer_hour(visit, entry["court_id"], entry["day"], entry["start"])


def end_waiting(visit: Visit, booking: Row) -> None:
    """The visitor has booked these hours and waits for them no longer; an offer of them to others is void again."""
    slot = (booking["court_id"], booking["day"], booking["start"], booking["end"])
    hours = "court_id = ? AND day = ? AND start >= ? AND start < ?"
    visit.store.run(f"DELETE FROM waiting WHERE {hours} AND user_id = ?", *slot, visit.user["id"])
    visit.store.run(f"UPDATE waiting SET state = 'waiting' WHERE {hours} AND state = 'offered'", *slot)
