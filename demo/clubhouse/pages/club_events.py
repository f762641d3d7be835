"""How the office of a club plans its events: list, form, deletion."""

from fastapi import APIRouter
from fastapi.responses import Response

from demo.clubhouse.fields import Problems, cents, day_within, whole
from demo.clubhouse.seed import CLOSES, OPENS
from demo.clubhouse.store import Row
from demo.clubhouse.web import ClubAdmin, Refusal, Visit, number

router = APIRouter(prefix="/admin/events")

TITLE_LONGEST, TEXT_LONGEST, CAPACITY_MOST, PLANNED_AHEAD = 120, 2000, 1000, 730


@router.get("")
async def events(visit: ClubAdmin) -> Response:
    found = visit.store.rows("SELECT * FROM events WHERE club_id = ? ORDER BY day, id", visit.club_id)
    return visit.page("admin_events.html", events=found)


def _form_page(visit: Visit, values: Row, problems: Problems, id: int | None) -> Response:
    status = 422 if problems else 200
    hours = range(OPENS - 2, CLOSES)
    return visit.page("admin_event_form.html", status, values=values, problems=problems, hours=hours, event_id=id)


@router.get("/new")
async def new_event(visit: ClubAdmin) -> Response:
    return _form_page(visit, {"public": "1"}, Problems(), None)


def _event(visit: Visit, text: str) -> Row:
    event = visit.store.row("SELECT * FROM events WHERE id = ?", number(text, "event"))
    if event is None:
        raise Refusal(404, "There is no such event.")
    if event["club_id"] != visit.club_id:
        raise Refusal(403, "This event belongs to another club.")
    return event


@router.get("/{id}/edit")
async def edit_event(visit: ClubAdmin, id: str) -> Response:
    event = _event(visit, id)
    price = event["price_cents"]
    values = {name: "" if event[name] is None else str(event[name]) for name in event}
    flags = {name: "1" if event[name] else "" for name in ("draft", "public")}
    return _form_page(visit, values | flags | {"price": f"{price // 100}.{price % 100:02}"}, Problems(), event["id"])


def _read(visit: Visit, form: dict[str, str], sold: int = 0) -> tuple[tuple[object, ...] | None, Problems]:
    """The columns title to public in the order of the SQL below, or what is wrong. `sold`: tickets that are out."""
    today = visit.house.clock().date()
    problems = Problems()
    title, text = form.get("title", "").strip(), form.get("description", "").strip()
    day = day_within(form.get("day", ""), today, 0, PLANNED_AHEAD)
    start = whole(form.get("start", ""), OPENS - 2, CLOSES - 1)
    least = -(10**6) if visit.on("D25") else 1
    capacity = whole(form.get("capacity", ""), least, CAPACITY_MOST)
    price = cents(form.get("price", "").strip() or "0")
    problems.check("title", 0 < len(title) <= TITLE_LONGEST, f"Enter a title of 1 to {TITLE_LONGEST} characters.")
    problems.check("day", day is not None, "Choose a day from today to two years ahead.")
    problems.check("start", start is not None, "Choose a start.")
    problems.check("capacity", capacity is not None, f"Enter a capacity from 1 to {CAPACITY_MOST}.")
    holds_all = capacity is None or capacity >= sold or capacity < 1
    problems.check("capacity", holds_all, f"{sold} tickets are out already; the capacity can't be lower.")
    problems.check("price", price is not None, "Enter a price from 0 to 1000.")
    problems.check("description", len(text) <= TEXT_LONGEST, f"A description has {TEXT_LONGEST} characters at most.")
    if problems or day is None:
        return None, problems
    shown = (bool(form.get("draft")), bool(form.get("public")))
    return (title, day.isoformat(), start, capacity, price, text or None, *shown), problems


@router.post("/new")
async def add_event(visit: ClubAdmin) -> Response:
    form = await visit.form()
    columns, problems = _read(visit, form)
    if columns is None:
        return _form_page(visit, form, problems, None)
    visit.store.run(
        "INSERT INTO events (title, day, start, capacity, price_cents, description, draft, public, club_id, picture)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'evening.svg')",
        *columns,
        visit.club_id,
    )
    visit.audit(f"Planned the event {columns[0]}")
    return visit.go("/admin/events", "The event is saved.")


@router.post("/{id}/edit")
async def save_event(visit: ClubAdmin, id: str) -> Response:
    event = _event(visit, id)
    form = await visit.form()
    sold = visit.store.value("SELECT count(*) FROM tickets WHERE event_id = ?", event["id"])
    columns, problems = _read(visit, form, sold)
    if columns is None:
        return _form_page(visit, form, problems, event["id"])
    visit.store.run(
        "UPDATE events SET title = ?, day = ?, start = ?, capacity = ?, price_cents = ?, description = ?, draft = ?,"
        " public = ? WHERE id = ?",
        *columns,
        event["id"],
    )
    return visit.go("/admin/events", "The event is saved.")


@router.post("/{id}/delete")
async def delete_event(visit: ClubAdmin, id: str) -> Response:
    event = _event(visit, id)
    visit.store.run("DELETE FROM events WHERE id = ?", event["id"])
    visit.audit(f"Deleted the event {event['title']}")
    return visit.go("/admin/events", "The event is deleted.")
