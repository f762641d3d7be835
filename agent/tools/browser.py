"""The browser as a Surface: checks a call, makes it through the MCP server, sees what it did, says so in few words.

The model reaches the official server's tools only through `call`; Python looks at the same page before and after.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from playwright.async_api import BrowserContext, Error, Page

from agent.tools import overlay
from agent.tools.answers import Answer, blocker, shorten
from agent.tools.aria import find, parse
from agent.tools.aria_text import refs
from agent.tools.browser_act import Act, Refused
from agent.tools.browser_senses import Senses
from agent.tools.browser_text import Sight, call_text, error_lines
from agent.tools.browser_tools import (
    ACTING,
    ALLOWED,
    PICTURE,
    STILL,
    Unusable,
    clean,
    specs,
    stale,
    target_refs,
)
from agent.tools.egress import Forbidden, destination, leaves, origin_of
from agent.tools.mcp import Gone, Hung
from agent.tools.picture import take_picture
from agent.tools.policy import decide
from agent.tools.seat import BrowserOptions, Lost, Seat
from agent.tools.secrets import SecretRefused
from agent.tools.signin import SignInFailed
from agent.tools.surface import Image, PageView, Signal, ToolCall, ToolResult, ToolSpec
from agent.tools.targets import resolve
from agent.tools.watch import Watch

PICTURE_MS = 5_000
KNOWN = 500
DIALOG = "A dialog is open; answer it with browser_handle_dialog."
INTERRUPTED = "interrupted by another navigation"


class BrowserSurface:
    """One role's browser. Calls are serialised; every answer is masked and short."""

    name = "browser"

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._senses = Senses(seat)
        self._profile = seat.options.profile
        self._lock = asyncio.Lock()
        self._seen = PageView("")
        self._fresh: frozenset[str] = frozenset()
        self._tries: dict[tuple[int, str], int] = {}
        self._notice = ""
        self._lost = ""
        self._known: frozenset[str] = frozenset()

    @property
    def page(self) -> Page:
        return self._seat.page

    @property
    def context(self) -> BrowserContext:
        return self._seat.context

    @property
    def watch(self) -> Watch:
        return self._seat.watch

    async def tools(self) -> tuple[ToolSpec, ...]:
        return specs(self._seat.tools, self.name, self._seat.options.pictures)

    async def call(self, call: ToolCall) -> ToolResult:
        started = time.monotonic()
        async with self._lock:
            result = await self._call(call)
            if self._notice:
                result = replace(result, notice=f"{self._notice}\n{result.notice}".strip())
                self._notice = ""
        mask = self._seat.secrets.mask
        return replace(result, text=mask(result.text), notice=mask(result.notice), seconds=time.monotonic() - started)

    async def view(self) -> PageView:
        """The page as it is now. A page that hangs is replaced; the next call's text then says so."""
        async with self._lock:
            if not self._lost and not self._seen.dialog:
                try:
                    self._seen = await self._senses.look(self._seen.title)
                except (Hung, Gone) as error:
                    self._notice = await self._revive(error)
            return self._seen

    async def close(self) -> None:
        await self._seat.close()

    async def _call(self, call: ToolCall) -> ToolResult:
        if self._lost:
            return ToolResult(call.id, "lost", self._lost, before=self._seen, after=self._seen)
        act = Act(call, {}, self._seen)
        try:
            await self._admit(act)
            sent = self._with_secrets(act)
        except Unusable as error:
            return act.refused("tool_error", str(error))
        except (Refused, Forbidden, SecretRefused) as error:
            return act.refused("denied", str(error))
        try:
            if call.tool == PICTURE.name:
                return await self._picture(act)
            answer = await self._perform(act, sent)
            return await self._observe(act, answer)
        except (Hung, Gone) as error:
            text = await self._revive(error)
            heard = self._heard()
            if self._lost:
                return act.result("lost", text, self._seen, heard)
            return replace(act.result("tool_error", self._brief(heard), self._seen, heard), notice=text)

    async def _admit(self, act: Act) -> None:
        """Checks and completes the call. Raises Unusable, Refused or Forbidden."""
        call, dialog = act.call, self._seen.dialog
        if call.tool not in ALLOWED or (call.tool == PICTURE.name and not self._seat.options.pictures):
            raise Refused(f"{call.tool} is not available; the tools are {', '.join(sorted(ALLOWED))}.")
        act.args = clean(call.tool, call.args)
        if dialog and call.tool != "browser_handle_dialog":
            raise Unusable("A dialog is open; answer it with browser_handle_dialog first.")
        if call.tool == "browser_navigate":
            wanted = str(act.args.get("url", ""))
            act.args["url"] = destination(wanted, self._profile.url, self._profile.allowed_origins)
        tree = parse(self._seen.snapshot)
        act.targets = tuple([self._senses.masked(await resolve(self.page, ref, tree)) for ref in target_refs(act.args)])
        for ref, target in zip(target_refs(act.args), act.targets, strict=True):
            if target is None and find(tree, ref) is None:
                raise Unusable(stale(ref, refs(tree)))
        denial = decide(call, act.target, self._seen, self._profile)
        if denial:
            # The element's name is the page's word; which one it was, the model knows by its ref.
            raise Refused(denial.replace(f' "{act.target.name}"', "") if act.target else denial)
        href = act.target.href if act.target else ""
        if call.tool == "browser_click" and leaves(href, self._profile.url, self._profile.allowed_origins):
            raise Refused(f"That link leaves the app for {origin_of(href) or 'another place'}; it was not followed.")

    async def _picture(self, act: Act) -> ToolResult:
        try:
            data = await take_picture(self.page, None, self._seat.secrets, PICTURE_MS)
        except Error as error:
            return act.result("tool_error", f"No picture could be taken: {shorten(str(error))}", self._seen)
        result = act.result("ok", f"A picture of {self._seen.url}.", self._seen)
        return replace(result, images=(Image("image/png", data),))

    def _with_secrets(self, act: Act) -> dict[str, Any]:
        """The arguments with placeholders resolved, for typing only. Raises SecretRefused."""
        origin = origin_of(self.page.url) or ""
        secrets = self._seat.secrets
        if act.call.tool == "browser_type":
            return {**act.args, "text": secrets.resolve(str(act.args.get("text", "")), origin)}
        if act.call.tool == "browser_fill_form":
            fields = [
                {**item, "value": secrets.resolve(str(item.get("value", "")), origin)} for item in act.args["fields"]
            ]
            return {**act.args, "fields": fields}
        return act.args

    async def _perform(self, act: Act, args: Mapping[str, Any]) -> Answer:
        tool = act.call.tool
        answer = await self._senses.ask(tool, args)
        if INTERRUPTED in answer.raw:
            # The error page of a failed navigation was still on its way.
            await asyncio.sleep(0.2)
            answer = await self._senses.ask(tool, args)
        if answer.is_error and tool == "browser_click" and blocker(answer.raw):
            return await self._uncover(act, answer, args)
        return answer

    async def _uncover(self, act: Act, answer: Answer, args: Mapping[str, Any]) -> Answer:
        state = (self.watch.document, blocker(answer.raw) or "")
        left = overlay.TRIES - self._tries.get(state, 0)
        if left <= 0:
            return answer
        scene = overlay.Scene(self.page, str(args["target"]), answer.raw, self._fresh, self._senses.ask)
        cleared = await overlay.clear(scene, left)
        mask = self._seat.secrets.mask
        act.recoveries = tuple(
            replace(item, what=mask(item.what), how=mask(item.how), target=self._senses.masked(item.target))
            for item in cleared
        )
        self._tries[state] = self._tries.get(state, 0) + len(act.recoveries)
        return await self._senses.ask("browser_click", args) if act.recoveries[-1].overcome else answer

    async def _observe(self, act: Act, answer: Answer) -> ToolResult:
        tool = act.call.tool
        tabs = ""
        if tool not in STILL and not answer.dialog:
            await self.watch.settle()
            tabs = await self._senses.close_tabs()
        after = (
            self._senses.dialog_view(answer.dialog, self._seen.title)
            if answer.dialog
            else await self._senses.look(self._seen.title)
        )
        if after.url == "about:blank" and act.before.url != "about:blank":
            raise Gone("the page was reset")
        if tool == "browser_click" and answer.is_error and after.document != act.before.document:
            # The click went through; only the page that it leads to was slow.
            answer, act.recoveries = Answer(False), tuple(item for item in act.recoveries if item.overcome)
        heard = self._heard()
        self._remember(act, after, succeeded=tool in ACTING and not answer.is_error)
        wanted = str(act.args.get("text") or "") if tool == "browser_find" else ""
        sight = Sight(act.before, after, heard, tabs, act.recoveries, self._known, wanted)
        self._recall(heard)
        result = act.result("tool_error" if answer.is_error else "ok", call_text(tool, answer, sight), after, heard)
        return replace(result, notice=DIALOG if after.dialog else "")

    def _remember(self, act: Act, after: PageView, *, succeeded: bool) -> None:
        if act.before.document != after.document:
            self._fresh = frozenset()
            self._tries.clear()
        elif succeeded and not after.dialog:
            self._fresh = refs(parse(after.snapshot)) - refs(parse(act.before.snapshot))
        self._seen = after

    def _heard(self) -> tuple[Signal, ...]:
        heard, fenced = self._senses.heard()
        if fenced:
            self._notice = "Requests that write were stopped: this target is read-only."
        return heard

    async def _revive(self, error: Hung | Gone) -> str:
        """A new session in place of the broken one; the sentence that says so."""
        hung = isinstance(error, Hung)
        what = f"The page hung: {error}." if hung else f"The browser session ended: {error}."
        try:
            await self._seat.renew(restart=not hung)
            self._seen = await self._senses.look(self._seen.title)
        except (Lost, SignInFailed, Hung, Gone) as failure:
            self._lost = f"{what} The browser is lost: {failure}"
            return self._lost
        self._fresh = frozenset()
        self._tries.clear()
        return f"{what} session lost: a new one was opened and signed in again."

    def _brief(self, heard: tuple[Signal, ...]) -> str:
        sight = Sight(replace(self._seen, document=-1), self._seen, heard, known=self._known)
        self._recall(heard)
        return call_text("", Answer(False), sight)

    def _recall(self, heard: tuple[Signal, ...]) -> None:
        if len(self._known) < KNOWN:
            self._known |= error_lines(heard)

    async def start(self) -> None:
        """Opens the seat and looks around. Raises what Seat.open raises."""
        await self._seat.open()
        self._seen = await self._senses.look(self._seen.title)


@asynccontextmanager
async def open_browser(options: BrowserOptions) -> AsyncIterator[BrowserSurface]:
    """A signed-in browser at the role's start page. Raises SignInFailed, Gone or Playwright's Error."""
    surface = BrowserSurface(Seat(options))
    try:
        await surface.start()
        yield surface
    finally:
        await surface.close()
