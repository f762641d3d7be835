"""One visit to a page: who asks, what they may, and how an answer is made.

Pages take a `Visit` from one of the guards (`Anyone`, `SignedIn`, `ClubMember`, `Staff`, `ClubAdmin`, `PlatformAdmin`)
and answer with `visit.page(...)`, `visit.go(...)` or by raising `Refusal`. It knows no single page.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader

from demo.clubhouse.clock import Clock
from demo.clubhouse.decoys import DecoyState
from demo.clubhouse.defects import Switches
from demo.clubhouse.store import Row, Store
from demo.clubhouse.wording import day_before, day_text, hour_text, money, plural

COOKIE = "clubhouse_session"
CLUB_ROLES = ("member", "maintenance", "club-admin")


class Refusal(Exception):
    """A correct 4xx answer with words for a person."""

    def __init__(self, status: int, text: str, title: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.title = title or {403: "Not for your role", 404: "Page not found"}.get(status, "That did not work")


class SignInNeeded(Exception):
    """Raised where nobody is signed in; `back` is the local address to return to."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


@dataclass(slots=True)
class Session:
    user_id: int
    flashes: list[str] = field(default_factory=list)
    ended: bool = False
    seen_status: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class House:
    """Everything one running instance owns."""

    store: Store
    clock: Clock
    switches: Switches
    build: str
    partner: str
    sessions: dict[str, Session] = field(default_factory=dict)
    decoys: DecoyState = field(default_factory=DecoyState)

    def reset(self) -> None:
        self.store.reset()
        self.sessions.clear()
        self.decoys = DecoyState()


templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=lambda name: name is None or not name.endswith(".js"),
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters.update(money=money, day=day_text, hour=hour_text)
templates.globals.update(day_before=day_before)


class Visit:
    def __init__(self, request: Request, public: bool = False) -> None:
        self.request = request
        self.house: House = request.app.state.house
        self.store = self.house.store
        session = self.house.sessions.get(request.cookies.get(COOKIE, ""))
        self.session = None if session is None or (public and session.ended) else session
        self._user = self.store.row("SELECT * FROM users WHERE id = ?", self.session.user_id) if self.session else None

    @property
    def user(self) -> Row:
        """The person who is signed in; guards make sure that there is one."""
        if self._user is None:
            raise SignInNeeded(self.address)
        return self._user

    @property
    def signed_in(self) -> bool:
        return self._user is not None

    @property
    def role(self) -> str:
        return self._user["role"] if self._user else "visitor"

    @property
    def club_id(self) -> int:
        return self.user["club_id"]

    @property
    def club(self) -> Row | None:
        if self._user is None or self._user["club_id"] is None:
            return None
        return self.store.row("SELECT * FROM clubs WHERE id = ?", self._user["club_id"])

    @property
    def address(self) -> str:
        """Where to return after sign-in: the page asked for, or the page that a form was on."""
        if self.request.method != "GET" or self.request.url.path.startswith("/api/"):
            return "/home"
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def on(self, defect: str) -> bool:
        return self.house.switches.on(defect)

    def query(self, name: str, default: str = "") -> str:
        return clean(self.request.query_params.get(name, default))

    async def form(self) -> dict[str, str]:
        sent = await self.request.form()
        return {name: clean(value) for name, value in sent.items() if isinstance(value, str)}

    async def body(self) -> dict[str, str]:
        """The texts of a JSON object that a script of ours sent."""
        try:
            sent = await self.request.json()
        except ValueError:
            raise Refusal(400, "The request was not readable.") from None
        if not isinstance(sent, dict):
            raise Refusal(400, "The request was not readable.")
        return {str(name): clean(value) for name, value in sent.items() if isinstance(value, str | int)}

    def count(self, number: int, noun: str) -> str:
        return f"{number} {noun}s" if self.on("D21") and noun == "booking" else plural(number, noun)

    def say(self, text: str) -> None:
        """Keep a message for the next page this person sees."""
        if self.session:
            self.session.flashes.append(text)

    def audit(self, action: str, club_id: int | None = None) -> None:
        self.store.run(
            "INSERT INTO audit (club_id, at, actor, action) VALUES (?, ?, ?, ?)",
            club_id if club_id is not None else self.user["club_id"],
            self.now_text(),
            self.user["name"],
            action,
        )

    def now_text(self) -> str:
        return self.house.clock().isoformat(timespec="minutes", sep="T")

    def notify(self, user_id: int, text: str, link: tuple[str, str] = ("", "")) -> None:
        self.store.run(
            "INSERT INTO notices (user_id, text, link, link_text, at) VALUES (?, ?, ?, ?, ?)",
            user_id,
            text,
            *link,
            self.now_text(),
        )

    def flag(self, name: str) -> bool:
        return bool(self.store.value("SELECT enabled FROM flags WHERE club_id = ? AND name = ?", self.club_id, name))

    def page(self, template: str, status: int = 200, **data: Any) -> HTMLResponse:
        flashes = list(self.session.flashes) if self.session else []
        if self.session:
            self.session.flashes.clear()
        shown = {
            "me": self._user,
            "role": self.role,
            "club": self.club,
            "on": self.on,
            "count": self.count,
            "flashes": flashes,
            "path": self.request.url.path,
            "partner": self.house.partner,
            "banner": "clubhouse_cookies" not in self.request.cookies,
            "today": self.house.clock().date(),
        }
        html = templates.get_template(template).render(shown | data)
        # A page kept by the browser would still be readable after Sign out; the answer to a form must survive Back.
        kept = "no-store" if self.request.method == "GET" else "private, max-age=600"
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": kept})

    def go(self, url: str, say: str = "") -> RedirectResponse:
        if say:
            self.say(say)
        return RedirectResponse(url, status_code=303)


def clean(value: object) -> str:
    """Text without the characters that neither a page nor the database can hold."""
    text = str(value).replace("\x00", "").replace("\r\n", "\n")
    return text.encode("utf-8", "replace").decode("utf-8")


def number(text: str, what: str = "page") -> int:
    """A row id out of an address; anything else is a 404."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(404, f"There is no such {what}.")
    return int(text)


def open_session(visit: Visit, user_id: int) -> str:
    token = secrets.token_urlsafe(24)
    visit.house.sessions[token] = Session(user_id)
    return token


def _anyone(request: Request) -> Visit:
    return Visit(request, public=True)


def _signed_in(request: Request) -> Visit:
    visit = Visit(request)
    if not visit.signed_in:
        raise SignInNeeded(visit.address)
    return visit


def _of_roles(*roles: str) -> Any:
    def guard(visit: Annotated[Visit, Depends(_signed_in)]) -> Visit:
        if visit.role not in roles:
            raise Refusal(
                403, f"This page is for the {' and the '.join(roles)} role; you are signed in as {visit.role}."
            )
        return visit

    return guard


Anyone = Annotated[Visit, Depends(_anyone)]
SignedIn = Annotated[Visit, Depends(_signed_in)]
ClubMember = Annotated[Visit, Depends(_of_roles(*CLUB_ROLES))]
Staff = Annotated[Visit, Depends(_of_roles("maintenance", "club-admin"))]
ClubAdmin = Annotated[Visit, Depends(_of_roles("club-admin"))]
PlatformAdmin = Annotated[Visit, Depends(_of_roles("platform-admin"))]


def answer_refusal(request: Request, status: int, title: str, text: str) -> Response:
    """A friendly 4xx page, or the same words as JSON for our scripts."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": text}, status_code=status)
    return Visit(request, public=True).page("refusal.html", status=status, title=title, text=text)


def answer_sign_in(request: Request, back: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": "Please sign in again."}, status_code=401)
    return RedirectResponse(f"/login?next={quote(back, safe='/')}", status_code=303)
