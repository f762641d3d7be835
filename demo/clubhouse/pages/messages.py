"""The club's message board, the directory of members, and a member's invoices."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from demo.clubhouse.web import ClubMember, Refusal, Visit, number

router = APIRouter()

LONGEST, SHOWN = 400, 30
CHATTER_NAMES = {1: "Robin Ashby", 2: "Edith Frost"}


@router.get("/messages")
async def messages(visit: ClubMember) -> Response:
    return visit.page("messages.html", longest=LONGEST)


@router.get("/api/messages")
async def list_messages(visit: ClubMember) -> Response:
    said = visit.house.decoys.next_chatter()
    author = CHATTER_NAMES.get(visit.club_id)
    if said and author:
        _post(
            visit, visit.store.value("SELECT id FROM users WHERE name = ? AND club_id = ?", author, visit.club_id), said
        )
    found = visit.store.rows(
        "SELECT m.id, m.text, m.at, u.name FROM messages m JOIN users u ON u.id = m.user_id WHERE m.club_id = ?"
        " ORDER BY m.id DESC LIMIT ?",
        visit.club_id,
        SHOWN,
    )
    return JSONResponse({"messages": found})


def _post(visit: Visit, user_id: int, text: str) -> None:
    visit.store.run(
        "INSERT INTO messages (club_id, user_id, text, at) VALUES (?, ?, ?, ?)",
        visit.club_id,
        user_id,
        text,
        visit.now_text(),
    )


@router.post("/api/messages")
async def post_message(visit: ClubMember) -> Response:
    sent = (await visit.body()).get("text", "")
    text = sent.strip() or (sent if visit.on("D27") else "")
    if not text:
        raise Refusal(422, "Write something first.")
    if len(text) > LONGEST:
        raise Refusal(422, f"A message has {LONGEST} characters at most.")
    _post(visit, visit.user["id"], text)
    return JSONResponse({"text": "Your message is posted."}, status_code=201)


@router.get("/members")
async def members(visit: ClubMember) -> Response:
    return visit.page("members.html")


@router.get("/api/members")
async def find_members(visit: ClubMember) -> Response:
    term = visit.query("q").strip()[:100].lower()
    found = visit.store.rows(
        "SELECT u.id, u.name, u.level, c.name AS club FROM users u JOIN clubs c ON c.id = u.club_id"
        " WHERE (u.club_id = ? OR ?) ORDER BY u.name COLLATE NOCASE, u.id",
        visit.club_id,
        visit.on("D37"),
    )
    return JSONResponse({"members": [member for member in found if term in member["name"].lower()][:60]})


@router.get("/invoices")
async def invoices(visit: ClubMember) -> Response:
    found = visit.store.rows("SELECT * FROM invoices WHERE user_id = ? ORDER BY issued DESC, id", visit.user["id"])
    return visit.page("invoices.html", invoices=found, base="/invoices")


def invoice_page(visit: Visit, id: int, base: str) -> Response:
    found = visit.store.row(
        "SELECT i.*, c.name AS club_name, u.name AS payer FROM invoices i JOIN clubs c ON c.id = i.club_id"
        " LEFT JOIN users u ON u.id = i.user_id WHERE i.id = ?",
        id,
    )
    lines = visit.store.rows("SELECT * FROM invoice_lines WHERE invoice_id = ? ORDER BY id", id)
    summed = lines[:-1] if visit.on("D23") else lines
    return visit.page(
        "invoice.html", invoice=found, lines=lines, total=sum(line["cents"] for line in summed), base=base
    )


@router.get("/invoices/{id}")
async def invoice(visit: ClubMember, id: str) -> Response:
    wanted = number(id, "invoice")
    found = visit.store.row("SELECT * FROM invoices WHERE id = ? AND user_id IS NOT NULL", wanted)
    if found is None:
        raise Refusal(404, "There is no such invoice.")
    if found["user_id"] != visit.user["id"] and not visit.on("D38"):
        raise Refusal(403, "This invoice belongs to somebody else.")
    return invoice_page(visit, wanted, "/invoices")
