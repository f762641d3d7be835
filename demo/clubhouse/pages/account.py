"""Signing in and out, registering, the own profile, notices, and password links for self-registered members."""

import secrets

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from demo.clubhouse.fields import Problems, is_address, lacks_domain, whole
from demo.clubhouse.passwords import hash_password, password_matches
from demo.clubhouse.store import Row
from demo.clubhouse.waitinglist import IS_LIVE
from demo.clubhouse.web import COOKIE, Anyone, Refusal, SignedIn, Visit, open_session

router = APIRouter()

NAME_LONGEST, PASSWORD_SHORTEST, PASSWORD_LONGEST = 120, 8, 200
NOBODY = hash_password("nobody", salt="nobody")
ARRIVALS = {
    "registered": "Your account is ready. Please sign in.",
    "out": "You are signed out.",
    "reset": "Your new password is saved. Please sign in with it.",
}


def _local(address: str) -> str:
    """Only addresses of this site are worth returning to."""
    fine = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if fine and len(address) < 500 else "/home"


@router.get("/login")
async def login_form(visit: Anyone) -> Response:
    hello = ARRIVALS.get(visit.query("hello"), "")
    return visit.page("login.html", next=_local(visit.query("next")), email="", hello=hello, problem="")


@router.post("/login")
async def login(visit: Anyone) -> Response:
    form = await visit.form()
    email, password = form.get("email", "").strip(), form.get("password", "")
    user = visit.store.row("SELECT * FROM users WHERE email = ?", email)
    fine = password_matches(password[:PASSWORD_LONGEST], user["secret"] if user else NOBODY)
    back = _local(form.get("next", ""))
    if user is None or not fine:
        problem = "The e-mail or the password is not right." if email and password else "Fill in both fields."
        return visit.page("login.html", status=422, next=back, email=email, hello="", problem=problem)
    response = RedirectResponse("/" if visit.on("D15") and back != "/home" else back, status_code=303)
    response.set_cookie(COOKIE, open_session(visit, user["id"]), httponly=True, samesite="lax")
    return response


@router.post("/logout")
async def logout(visit: Anyone) -> Response:
    response = RedirectResponse("/login?hello=out", status_code=303)
    if visit.on("D41") and visit.session:
        visit.session.ended = True
        return response
    visit.house.sessions.pop(visit.request.cookies.get(COOKIE, ""), None)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


@router.get("/register")
async def register_form(visit: Anyone) -> Response:
    return _register_page(visit, {}, Problems())


def _register_page(visit: Visit, values: dict[str, str], problems: Problems) -> Response:
    clubs = visit.store.rows("SELECT * FROM clubs ORDER BY name")
    return visit.page("register.html", 422 if problems else 200, clubs=clubs, values=values, problems=problems)


@router.post("/register")
async def register(visit: Anyone) -> Response:
    form = await visit.form()
    name, email, password = form.get("name", "").strip(), form.get("email", "").strip(), form.get("password", "")
    club = visit.store.row("SELECT * FROM clubs WHERE id = ?", whole(form.get("club", ""), 1, 10**8))
    problems = Problems()
    problems.check("name", 0 < len(name) <= NAME_LONGEST, f"Enter a name of 1 to {NAME_LONGEST} characters.")
    accepted = is_address(email) or (visit.on("D26") and lacks_domain(email))
    problems.check("email", accepted, "Enter an e-mail address such as name@example.org.")
    taken = visit.store.value("SELECT id FROM users WHERE email = ?", email)
    problems.check("email", not taken, "This address already has an account.")
    length = PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST
    problems.check("password", length, f"Enter a password of {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters.")
    problems.check("terms", bool(form.get("terms")), "Please accept the terms.")
    problems.check("club", club is not None, "Choose a club.")
    if problems or club is None:
        return _register_page(visit, form, problems)
    visit.store.run(
        "INSERT INTO users (club_id, email, name, role, joined, secret, self_registered)"
        " VALUES (?, ?, ?, 'member', ?, ?, 1)",
        club["id"],
        email,
        name,
        visit.house.clock().date().isoformat(),
        hash_password(password),
    )
    return RedirectResponse("/login?hello=registered", status_code=303)


@router.get("/home")
async def home(visit: SignedIn) -> Response:
    upcoming = visit.store.row(
        "SELECT b.*, c.name AS court FROM bookings b JOIN courts c ON c.id = b.court_id"
        f" WHERE b.user_id = ? AND {IS_LIVE} AND (b.day > ? OR (b.day = ? AND b.start > ?))"
        " ORDER BY b.day, b.start LIMIT 1",
        visit.user["id"],
        *_moment(visit),
    )
    tasks = visit.store.value("SELECT count(*) FROM tasks WHERE club_id = ? AND status != 'closed'", visit.club_id)
    waiting = visit.store.value(
        "SELECT count(*) FROM bookings WHERE club_id = ? AND status = 'requested' AND day >= ?",
        visit.club_id,
        visit.house.clock().date().isoformat(),
    )
    clubs = visit.store.rows("SELECT * FROM clubs ORDER BY name")
    return visit.page("home.html", upcoming=upcoming, tasks=tasks, waiting=waiting, clubs=clubs)


def _moment(visit: Visit) -> tuple[str, str, int]:
    now = visit.house.clock()
    return now.date().isoformat(), now.date().isoformat(), now.hour


@router.get("/profile")
async def profile(visit: SignedIn) -> Response:
    return visit.page("profile.html", values=visit.user, problems=Problems())


@router.post("/profile")
async def save_profile(visit: SignedIn) -> Response:
    form = await visit.form()
    name, phone = form.get("name", "").strip(), form.get("phone", "").strip()
    problems = Problems()
    fits = len(name) <= NAME_LONGEST or visit.on("D04")
    problems.check("name", bool(name) and fits, f"Enter a name of 1 to {NAME_LONGEST} characters.")
    digits = len(phone) <= 30 and all(sign in "0123456789 +-()/" for sign in phone)
    problems.check("phone", digits, "Enter a phone number of digits, at most 30 signs.")
    if problems:
        values = visit.user | {"name": name, "phone": phone}
        return visit.page("profile.html", status=422, values=values, problems=problems)
    kept = visit.user["phone"] if visit.on("D28") else phone
    visit.store.run("UPDATE users SET name = ?, phone = ? WHERE id = ?", name, kept, visit.user["id"])
    return visit.go("/profile", "Your profile is saved.")


@router.get("/notices")
async def notices(visit: SignedIn) -> Response:
    found = visit.store.rows("SELECT * FROM notices WHERE user_id = ? ORDER BY id DESC LIMIT 50", visit.user["id"])
    return visit.page("notices.html", notices=found)


@router.post("/profile/password-link")
async def password_link(visit: SignedIn) -> Response:
    if not visit.user["self_registered"]:
        raise Refusal(403, "Your password is kept by your club's office; please ask there for a new one.")
    token = secrets.token_urlsafe(18)
    visit.store.run("INSERT INTO resets (token, user_id) VALUES (?, ?)", token, visit.user["id"])
    visit.notify(
        visit.user["id"], "Your link to set a new password. It works once.", (f"/reset/{token}", "Set a password")
    )
    return visit.go("/notices", "The link is in your notices.")


def _reset(visit: Visit, token: str) -> Row:
    found = visit.store.row("SELECT * FROM resets WHERE token = ?", token)
    if found is None:
        raise Refusal(404, "There is no such link.")
    if found["used"] and not visit.on("D42"):
        raise Refusal(403, "This link was used already. Ask for a new one in your profile.", "Link used already")
    return found


@router.get("/reset/{token}")
async def reset_form(visit: Anyone, token: str) -> Response:
    return visit.page("reset.html", token=_reset(visit, token)["token"], problem="")


@router.post("/reset/{token}")
async def reset(visit: Anyone, token: str) -> Response:
    found = _reset(visit, token)
    password = (await visit.form()).get("password", "")
    if not PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST:
        problem = f"Enter a password of {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters."
        return visit.page("reset.html", status=422, token=token, problem=problem)
    visit.store.run("UPDATE users SET secret = ? WHERE id = ?", hash_password(password), found["user_id"])
    visit.store.run("UPDATE resets SET used = 1 WHERE token = ?", token)
    return RedirectResponse("/login?hello=reset", status_code=303)
