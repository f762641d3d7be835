"""Roles on the pages that fight back, and the way from what one heard to a proof by replay."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pages_site import PASSWORD, Site

from agent import routes
from agent.charter import Profile, ReplayTarget, Resilience, Role, SignIn
from agent.evidence import fingerprint, oracles
from agent.evidence.finding import Alarm, Claim, Finding, Repro, Step, Suspicion
from agent.evidence.proof import prove
from agent.evidence.replay import Replayer
from agent.evidence.repro import steps_of
from agent.tools.aria import Element, elements, parse
from agent.tools.browser import BrowserSurface
from agent.tools.surface import PageView, ToolCall, ToolResult

VISITOR = Role("visitor", None)
_ids = itertools.count(1)


def member(name: str) -> Role:
    fields = (("User", name), ("Password", "{{secret:PASSWORD}}"))
    return Role(name, SignIn("/login", fields, "Sign in"), start="/home")


def profile(site: Site, folder: Path, **changes: Any) -> Profile:
    plain = Profile(
        "Pages",
        "local",
        folder,
        site.url,
        "local",
        (VISITOR, member("ann")),
        allowed_origins=(site.other,),
        replay=ReplayTarget((), site.url),
        replays=2,
        resilience=Resilience(hang=4.0),
        secrets=(("PASSWORD", PASSWORD),),
    )
    return replace(plain, **changes)


def element(view: PageView | None, name: str, nth: int = 0) -> Element:
    assert view is not None
    found = [item for item in elements(parse(view.snapshot)) if item.name == name]
    assert len(found) > nth, f"no element {name!r} in\n{view.snapshot}"
    return found[nth]


@dataclass
class Driver:
    """Calls tools by short names and keeps the steps that a reproduction would be made of."""

    surface: BrowserSurface
    role: str = "visitor"
    steps: list[Step] = field(default_factory=list)

    async def do(self, tool: str, **args: Any) -> ToolResult:
        call = ToolCall(f"c{next(_ids)}", f"browser_{tool}", args)
        result = await self.surface.call(call)
        self.steps += steps_of(call, result, self.role)
        return result

    async def open(self, path: str) -> ToolResult:
        self.steps.clear()
        return await self.do("navigate", url=path)

    async def click(self, name: str, nth: int = 0, **args: Any) -> ToolResult:
        view = await self.surface.view()
        return await self.do("click", target=element(view, name, nth).ref, **args)

    def alarms(self, result: ToolResult, link: bool = False) -> Sequence[Alarm]:
        origins = frozenset({routes.origin(self.surface.page.url)})
        words = self.steps[-1].words if self.steps else ""
        return oracles.scan(result.signals, oracles.Scope(origins, words, link))

    def suspicion(self, oracle: Alarm | Claim) -> Suspicion:
        """What the steps since the last `open` led to."""
        page = self.surface.page.url
        mark = fingerprint.of_alarm(oracle) if isinstance(oracle, Alarm) else fingerprint.of_claim(oracle, page)
        repro = Repro(tuple(self.steps), len(self.steps) - 1, oracle)
        return Suspicion(mark, "a title", "high", self.role, oracle, (repro,))


async def proved(driver: Driver, oracle: Alarm | Claim, replayer: Replayer) -> Finding:
    return await prove(driver.suspicion(oracle), replayer, 2)
