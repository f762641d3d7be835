"""The tasks of a club: list, filter, note, and their way from open to closed."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from demo.clubhouse.fields import Problems
from demo.clubhouse.store import Row
from demo.clubhouse.web import ClubAdmin, Refusal, Staff, Visit, number

router = APIRouter()

STATUSES = ("open", "accepted", "started", "closed")
STEPS = {
    "accept": (("open",), "accepted"),
    "start": (("accepted",), "started"),
    "close": (("started",), "closed"),
    "reopen": (("closed",), "open"),
}
NOTE_LONGEST, TITLE_LONGEST, QUICK_SECONDS = 500, 120, 2.0


def _task(visit: Visit, text: str) -> Row:
    task = visit.store.row("SELECT * FROM tasks WHERE id = ?", number(text, "task"))
    if task is None:
        raise Refusal(404, "There is no such task.")
    if task["club_id"] != visit.club_id:
        raise Refusal(403, "This task belongs to another club.")
    return task


def _steps(visit: Visit, task: Row) -> list[str]:
    """The steps that may be taken now."""
    steps = [step for step, (sources, _) in STEPS.items() if task["status"] in sources]
    return [*steps, "start"] if visit.on("D44") and task["status"] == "closed" else steps


@router.get("/tasks")
async def tasks(visit: Staff) -> Response:
    return _list_page(visit, {}, Problems())


def _list_page(visit: Visit, values: dict[str, str], problems: Problems) -> Response:
    wanted = visit.query("status")
    wanted = wanted if wanted in STATUSES else ""
    found = visit.store.rows(
        "SELECT * FROM tasks WHERE club_id = ? AND (? = '' OR status = ?) ORDER BY id DESC",
        visit.club_id,
        wanted,
        wanted,
    )
    counted = "" if visit.on("D19") else " AND status != 'closed'"
    still_open = visit.store.value(f"SELECT count(*) FROM tasks WHERE club_id = ?{counted}", visit.club_id)
    return visit.page(
        "tasks.html",
        422 if problems else 200,
        tasks=found,
        wanted=wanted,
        statuses=STATUSES,
        still_open=still_open,
        values=values,
        problems=problems,
    )


@router.post("/tasks")
async def add_task(visit: ClubAdmin) -> Response:
    form = await visit.form()
    title, place = form.get("title", "").strip(), form.get("place", "").strip()
    problems = Problems()
    problems.check("title", 0 < len(title) <= TITLE_LONGEST, f"Enter a title of 1 to {TITLE_LONGEST} characters.")
    problems.check("place", 0 < len(place) <= TITLE_LONGEST, f"Enter a place of 1 to {TITLE_LONGEST} characters.")
    if problems:
        return _list_page(visit, form, problems)
    visit.store.run("INSERT INTO tasks (club_id, title, place) VALUES (?, ?, ?)", visit.club_id, title, place)
    visit.audit(f"Added the task {title}")
    return visit.go("/tasks", "The task is added.")


@router.get("/tasks/{id}")
async def task(visit: Staff, id: str) -> Response:
    found = _task(visit, id)
    return visit.page("task.html", task=found, steps=_steps(visit, found))


@router.post("/tasks/{id}/delete")
async def delete_task(visit: ClubAdmin, id: str) -> Response:
    found = _task(visit, id)
    visit.store.run("DELETE FROM tasks WHERE id = ?", found["id"])
    visit.audit(f"Deleted the task {found['title']}")
    return visit.go("/tasks", "The task is deleted.")


@router.post("/tasks/{id}/{step}")
async def take_step(visit: Staff, id: str, step: str) -> Response:
    found = _task(visit, id)
    if step not in STEPS:
        raise Refusal(404, "There is no such step.")
    here = f"/tasks/{found['id']}"
    if step not in _steps(visit, found):
        return visit.go(here, f"The task is {found['status']} by now.")
    visit.store.run(
        "UPDATE tasks SET status = ?, assignee = ? WHERE id = ?", STEPS[step][1], visit.user["name"], found["id"]
    )
    visit.audit(f"Task {found['id']}: {step}")
    return visit.go(here, f"The task is {STEPS[step][1]}.")


@router.post("/api/tasks/{id}/note")
async def save_note(visit: Staff, id: str) -> Response:
    found = _task(visit, id)
    note = (await visit.body()).get("note", "").strip()
    if len(note) > NOTE_LONGEST:
        raise Refusal(422, f"A note has {NOTE_LONGEST} characters at most.")
    now = visit.house.clock().timestamp()
    if visit.on("D29") and now - found["note_at"] < QUICK_SECONDS:
        return JSONResponse({"note": note, "text": "The note is saved."})
    visit.store.run("UPDATE tasks SET note = ?, note_at = ? WHERE id = ?", note, now, found["id"])
    return JSONResponse({"note": note, "text": "The note is saved."})
