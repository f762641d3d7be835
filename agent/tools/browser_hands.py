"""What the host does with its own hands: catches what never stands still, turns the wheel, takes a picture."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from playwright.async_api import Error, Page

from agent.tools.aim import click_where_it_is
from agent.tools.answers import Answer, shorten
from agent.tools.browser_act import Act
from agent.tools.picture import take_picture
from agent.tools.scroll import scroll
from agent.tools.secrets import Secrets
from agent.tools.surface import Image, Recovery, ToolResult

PICTURE_MS = 5_000
HOW = {
    "hit": "clicked where it is",
    "missed": "clicked where it was, and missed it",
    "refused": "left alone, because something else was in its place",
}


async def catch(page: Page, act: Act) -> Recovery:
    """Clicks by coordinates what does not stand still."""
    element = f'{act.target.role or "element"} "{act.target.name}"' if act.target else "the element"
    double = bool(act.args.get("doubleClick"))
    try:
        aim = await click_where_it_is(page, page.get_by_ref(str(act.args["target"])), double=double)
    except Error:
        return Recovery(f"{element} keeps moving", "it went away", False)
    return Recovery(f"{element} keeps moving", HOW[aim], aim == "hit")


async def show(page: Page, act: Act, secrets: Secrets) -> ToolResult:
    """A picture of the page for a model that can look at it."""
    try:
        data = await take_picture(page, None, secrets, PICTURE_MS)
    except Error as error:
        return act.result("tool_error", f"No picture could be taken: {shorten(str(error))}", act.before)
    result = act.result("ok", f"A picture of {act.before.url}.", act.before)
    return replace(result, images=(Image("image/png", data),))


async def turn_wheel(page: Page, args: Mapping[str, Any]) -> Answer:
    element = page.get_by_ref(str(args["target"])) if "target" in args else None
    try:
        done = await scroll(page, element, args.get("direction", ""), int(args.get("screens", 1)))
    except Error as error:
        return Answer(True, shorten(str(error)), str(error))
    return Answer(False, result=f"{'Scrolled' if done.moved else 'Nothing moved'}: {done.words}")
