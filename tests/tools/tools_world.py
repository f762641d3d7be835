"""Profiles and roles for the small site, and short words for what a test does in the browser."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from small_site import PASSWORD, Site

from agent.charter import Profile, Role, SignIn
from agent.tools.aria import Element, elements, parse
from agent.tools.browser import BrowserSurface
from agent.tools.surface import PageView, ToolCall, ToolResult

VISITOR = Role("visitor", None)
_ids = itertools.count(1)


def member(name: str) -> Role:
    fields = (("User", name), ("Password", "{{secret:PASSWORD}}"))
    return Role(name, SignIn("/login", fields, "Sign in"), start="/me")


def profile(site: Site, folder: Path, **changes: Any) -> Profile:
    plain = Profile("Small", "local", folder, site.url, "local", (VISITOR,), secrets=(("PASSWORD", PASSWORD),))
    return replace(plain, **changes)


def element(view: PageView | None, name: str) -> Element:
    assert view is not None
    found = [item for item in elements(parse(view.snapshot)) if item.name == name]
    assert found, f"no element {name!r} in\n{view.snapshot}"
    return found[0]


class Driver:
    """Calls tools by short names: `await driver.do("click", target=...)`."""

    def __init__(self, surface: BrowserSurface) -> None:
        self.surface = surface

    async def do(self, tool: str, **args: Any) -> ToolResult:
        return await self.surface.call(ToolCall(f"c{next(_ids)}", f"browser_{tool}", args))

    async def open(self, path: str) -> ToolResult:
        return await self.do("navigate", url=path)

    async def click(self, name: str) -> ToolResult:
        view = await self.surface.view()
        return await self.do("click", target=element(view, name).ref)


async def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
