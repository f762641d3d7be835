"""The club's profile with its grants, browsers of its roles, and what the host makes of a call."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from club_site import PASSWORD

from agent import routes
from agent.charter import Grant, Profile, ReplayTarget, Role, SignIn
from agent.evidence import fingerprint, oracles, repro
from agent.evidence.finding import Alarm, Repro, Step, Suspicion
from agent.tools.aria import elements, parse
from agent.tools.browser import BrowserSurface
from agent.tools.surface import ToolCall, ToolResult

SITE = Path(__file__).with_name("club_site.py")
VISITOR_GRANTS = (Grant("Look around", ("/", "/events/*")),)
MEMBER_GRANTS = (
    Grant("Use the own pages", ("/home", "/desk", "/admin/users/me", "GET /api/token/me", "/token")),
    Grant("See events", ("/events/*",)),
)
ADMIN_GRANTS = (
    Grant("Manage members", ("/admin/*", "/api/admin/*", "/api/token/members", "/lobby/*")),
    Grant("Use the console", ("/console/*", "/api/console/*")),
    Grant("Write drafts", ("/drafts/*",)),
    Grant("Approve bookings", ("POST /api/bookings/*/approve",)),
    Grant("Read reports", ("/reports/*",)),
    Grant("See events", ("/events/*",)),
)
_ids = itertools.count(1)


def _sign_in(name: str) -> SignIn:
    return SignIn("/sign-in", (("Name", name), ("Password", "{{secret:CLUB_PASSWORD}}")), "Sign in")


VISITOR = Role("visitor", None, grants=VISITOR_GRANTS)
MEMBER = Role("member", _sign_in("member"), start="/home", grants=MEMBER_GRANTS)
ADMIN = Role("admin", _sign_in("admin"), start="/home", grants=ADMIN_GRANTS)
ROLES = {role.name: role for role in (VISITOR, MEMBER, ADMIN)}


def club_profile(folder: Path, url: str = "http://127.0.0.1:1", **changes: Any) -> Profile:
    start = ("{python}", str(SITE), "--port", "{port}", "--build", "{build}")
    values: dict[str, Any] = {
        "app": "Club",
        "name": "local",
        "folder": folder,
        "url": url,
        "environment": "local",
        "roles": tuple(ROLES.values()),
        "version_path": "/version",
        "version_key": "build",
        "replay": ReplayTarget(start, "http://127.0.0.1:{port}", "POST /reset"),
        "secrets": (("CLUB_PASSWORD", PASSWORD),),
    }
    return Profile(**{**values, **changes})


@dataclass
class Player:
    """One role at its browser, and the steps that it took."""

    role: Role
    surface: BrowserSurface
    origin: str
    steps: list[Step] = field(default_factory=list)
    last: ToolResult | None = None

    async def open(self, path: str) -> list[Alarm]:
        return await self.call("browser_navigate", url=path)

    async def ask(self, path: str, method: str = "GET") -> list[Alarm]:
        return await self.call("browser_request", url=path, method=method)

    async def click(self, name: str) -> list[Alarm]:
        view = await self.surface.view()
        (element,) = (item for item in elements(parse(view.snapshot)) if item.name == name)
        return await self.call("browser_click", target=element.ref)

    async def call(self, tool: str, **args: Any) -> list[Alarm]:
        """Makes a call and gives the permission alarms that the host hears in it."""
        call = ToolCall(f"c{next(_ids)}", tool, args)
        self.last = await self.surface.call(call)
        self.steps += repro.steps_of(call, self.last, self.role.name)
        found = oracles.scan(self.last.signals, oracles.Scope(frozenset({self.origin})))
        return [alarm for alarm in found if alarm.kind == "forbidden_access"]


def suspicion(alarm: Alarm, steps: Sequence[Step]) -> Suspicion:
    path = Repro(tuple(steps), len(steps) - 1, alarm)
    mark = fingerprint.of_alarm(alarm)
    return Suspicion(mark, oracles.title(alarm), oracles.severity(alarm), steps[-1].role, alarm, (path,))


def path_of(alarm: Alarm) -> str:
    return routes.path(alarm.url)
