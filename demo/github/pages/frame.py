"""What all pages share: who looks (a persona), which repository, how a template becomes a page, how a form is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.github.errors import GitHubError, not_found
from demo.github.model import Label, Repository, User
from demo.github.pages.markdown import to_html
from demo.github.world import World

COOKIE = "persona"
FORM_LIMIT = 2_000_000
ROLE_WORDS = {"none": "no role", "read": "read", "triage": "triage", "write": "write", "maintain": "maintain"}


def ago(at: datetime, now: datetime) -> str:
    """A moment in GitHub's relative words."""
    seconds = max(0, int((now - at).total_seconds()))
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 5 else f"{seconds} seconds ago"


def chip(label: Label) -> str:
    """The inline style of a label: its colour, with text that can be read on it."""
    red, green, blue = (int(label.color[start : start + 2], 16) for start in (0, 2, 4))
    dark_text = red * 0.299 + green * 0.587 + blue * 0.114 > 150
    return f"background:#{label.color};color:{'#1f2328' if dark_text else '#fff'}"


def hue(user: User) -> int:
    """A steady colour for the round mark of a person."""
    return sum(map(ord, user.login)) * 47 % 360


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= {"chip": chip, "hue": hue, "quoted": lambda text: quote(text, safe="")}


@dataclass(frozen=True, slots=True)
class Visit:
    """A person on a page of one repository."""

    request: Request
    world: World
    repository: Repository
    person: User

    @property
    def login(self) -> str:
        return self.person.login

    @property
    def base(self) -> str:
        return f"/{self.repository.full_name}"

    def may(self, role: str) -> bool:
        return self.repository.allows(self.login, role) or self.person is self.world.bot

    def require(self, role: str) -> None:
        """Raises 403 with the role that the deed takes and the one that the person has."""
        if not self.may(role):
            mine = ROLE_WORDS.get(self.repository.role(self.login), "admin")
            raise GitHubError(403, f"This takes the role {role} or more; {self.login} has {mine}.")

    async def form(self) -> list[tuple[str, str]]:
        return await read_form(self.request)

    async def fields(self) -> dict[str, str]:
        return dict(await self.form())

    def page(self, template: str, tab: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
        """Renders a template and remembers the persona."""
        now, repository = self.world.now(), self.repository
        body = TEMPLATES.get_template(template).render(
            visit=self,
            repository=repository,
            tab=tab,
            ago=lambda at: ago(at, now),
            markdown=lambda text: to_html(text or "", self.world, repository),
            open_issues=sum(i.state == "open" and not i.pull for i in repository.issues.values()),
            open_pulls=sum(i.state == "open" and bool(i.pull) for i in repository.issues.values()),
            **values,
        )
        return remember(HTMLResponse(body, status), self.person)

    def go(self, path: str) -> RedirectResponse:
        """Back to a page of this repository after a form was taken."""
        return remember(RedirectResponse(f"{self.base}{path}", 303), self.person)


def remember(response: Any, person: User) -> Any:
    response.set_cookie(COOKIE, quote(person.login), samesite="lax", httponly=True)
    return response


async def read_form(request: Request) -> list[tuple[str, str]]:
    """The pairs of an ordinary form, in order; a browser sends the line ends of a text area as CRLF."""
    body = await request.body()
    if len(body) > FORM_LIMIT:
        raise GitHubError(413, "The form is too large.")
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def persona(request: Request, world: World) -> User:
    """`?as=` first, then the cookie, else the first person: somebody always looks."""
    chosen = request.query_params.get("as") or request.cookies.get(COOKIE, "")
    chosen = chosen.replace("%5B", "[").replace("%5D", "]")
    known = [user for user in world.people() if user.login == chosen]
    if request.query_params.get("as") and not known:
        raise GitHubError(404, f"There is no person {request.query_params['as']} here.")
    people = [user for user in world.people() if user is not world.bot]
    if not known and not people:
        raise not_found()
    return known[0] if known else people[0]


async def visit(request: Request, owner: str, repo: str) -> Visit:
    world: World = request.app.state.world
    if owner.lower() not in world.users:
        # Not a page at all: most likely a REST address that nothing here answers.
        raise world.refuse_unexpected(request.method, request.url.path, "no such route")
    return Visit(request, world, world.repository(f"{owner}/{repo}"), persona(request, world))


OnPage = Annotated[Visit, Depends(visit)]


def error_page(request: Request, refused: GitHubError) -> str:
    """A refusal for people."""
    detail = "; ".join(error.get("message", f"{error['field']}: {error['code']}") for error in refused.errors)
    return TEMPLATES.get_template("error.html").render(
        status=refused.status, message=refused.message, detail=detail, back=request.headers.get("referer", "/")
    )
