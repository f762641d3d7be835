"""The browser as a Surface: checks a call, makes it through the MCP server, sees what it did, says so in few words.

The model reaches the official server's tools only through `call`; Python looks at the same page before and after.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page

from agent.coverage.access import Access
from agent.tools import page_request
from agent.tools.aim import keeps_moving
from agent.tools.answers import Answer
from agent.tools.aria import parse
from agent.tools.aria_menus import Menus
from agent.tools.browser_act import Act, Refused
from agent.tools.browser_gate import Gate
from agent.tools.browser_hands import catch, show, turn_wheel
from agent.tools.browser_return import Return, Returned
from agent.tools.browser_senses import Senses
from agent.tools.browser_signed import SignedIn
from agent.tools.browser_text import Sight, call_text, error_lines
from agent.tools.browser_tools import ACTING, ANYWHERE, LEADING, PICTURE, SCROLL, STILL, Unusable, specs, target_refs
from agent.tools.browser_trail import Trail
from agent.tools.connection import LATE, unreached
from agent.tools.egress import Forbidden, allowed_origins
from agent.tools.foreign import ForeignAnswers
from agent.tools.mcp import Gone, Hung
from agent.tools.overlays.way import Attempt, Way
from agent.tools.picture import take_small_picture
from agent.tools.seat import BrowserOptions, Seat
from agent.tools.secrets import SecretRefused
from agent.tools.surface import PageView, Recovery, Signal, ToolCall, ToolResult, ToolSpec
from agent.tools.watch import Watch

KNOWN = 500
DIALOG = "A dialog is open; answer it with browser_handle_dialog."
WINDOW = "What opened beside the page is shown and closed. To test it, open its address with browser_navigate."
INTERRUPTED = "interrupted by another navigation"


class BrowserSurface:
    """One role's browser. Calls are serialised; every answer is masked and short."""

    name = "browser"

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._senses = Senses(seat)
        self._gate = Gate(seat, self._senses)
        self._signed = SignedIn(seat)
        self._return = Return(seat, self._senses, self._signed)
        self._menus = Menus(seat.options.profile.compaction.pages - 1)
        self._met: tuple[Recovery, ...] = ()
        self._trail = Trail()
        self._profile = seat.options.profile
        self._lock = asyncio.Lock()
        self._seen = PageView("")
        self._way = Way(self._senses.ask)
        self._notice = ""
        self._lost = ""
        self.sign_in_failed = ""
        self._known: frozenset[str] = frozenset()
        profile = self._profile
        self._own = frozenset(allowed_origins(profile.url, profile.allowed_origins))
        self._foreign = ForeignAnswers(Access(seat.options.role.name, profile.roles), self._own)

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
            self._menus.count_call()
            result = await self._call(call)
            if self._met:
                result = replace(result, recoveries=(*self._met, *result.recoveries))
                self._met = ()
            if self._notice:
                result = replace(result, notice=f"{self._notice}\n{result.notice}".strip())
                self._notice = ""
            if not self._lost and not self._seen.dialog:
                await self._seat.tidy()
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

    async def reopened(self) -> PageView:
        """The page as it is, in a fresh context if the one it is in is worn and nothing on it can be lost by that. For
        a moment at which the page is told anew, because its refs change."""
        async with self._lock:
            calm = not (self._lost or self._seen.dialog or self._signed.out)
            if calm and self._trail.untouched and (returned := await self._return.reopen()):
                self._come_back(returned)
                self._notice = f"{self._notice}\n{returned.notice}".strip()
                self._foreign.attach(self.context, same_role=True)
            return self._seen

    @property
    def signed_out(self) -> bool:
        """The app has signed the role out, by a click, by choice or by itself, and it is not signed in again yet."""
        return self._signed.out

    async def sign_in_again(self) -> bool:
        """Now rather than with a later call; the next call's answer then says so. False when it was not signed out, or
        cannot be signed in: then the next call is `lost`, and `sign_in_failed` says why."""
        async with self._lock:
            return self._signed.out and not self._seen.dialog and await self._sign_in()

    def entrances(self) -> tuple[str, ...]:
        """How the role came in since this was asked last, oldest first: form or kept_state."""
        return self._seat.entrances()

    async def state(self) -> Mapping[str, Any] | None:
        """The signed-in state, a secret; None when it cannot be had now."""
        return await self._seat.state()

    async def picture(self, path: Path) -> bool:
        """A small JPEG of the visible page with secrets covered; False when it cannot be had within 2 seconds."""
        async with self._lock:
            if self._lost or self._seen.dialog:
                return False
            return await take_small_picture(self.page, path, self._seat.secrets)

    async def close(self) -> None:
        await self._seat.close()

    async def _call(self, call: ToolCall) -> ToolResult:
        if self._lost:
            return ToolResult(call.id, "lost", self._lost, before=self._seen, after=self._seen)
        if self._signed.due and not self._seen.dialog:
            entered = await self._sign_in()
            act = Act(call, {}, self._seen)
            if not entered:
                return act.result("lost", self._lost, self._seen, self._heard())
            if call.tool not in ANYWHERE:
                return act.result("tool_error", self._brief(self._heard()), self._seen)
        act = Act(call, {}, self._seen)
        self._senses.take_late()  # what came before is no word on this call
        self._foreign.attach(self.context)
        try:
            await self._gate.admit(act)
            sent = self._gate.with_secrets(act)
        except Unusable as error:
            return act.refused("tool_error", str(error))
        except (Refused, Forbidden, SecretRefused) as error:
            return act.refused("denied", str(error))
        try:
            if call.tool == PICTURE.name:
                return await show(self.page, act, self._seat.secrets)
            if call.tool == page_request.REQUEST.name:
                return await self._request(act)
            answer = await self._perform(act, sent)
            return await self._observe(act, answer)
        except (Hung, Gone) as error:
            text = await self._revive(error)
            heard = self._heard()
            if self._lost:
                return act.result("lost", text, self._seen, heard)
            told = f"{self._trail.way_back()}\n{self._brief(heard)}".strip()
            return replace(act.result("tool_error", told, self._seen, heard), notice=text)

    async def _request(self, act: Act) -> ToolResult:
        status, text = await page_request.call(self.page, act.args, self._foreign)
        await self.watch.settle(quiet=0.05)
        heard = await self._foreign.mark(self._heard(), self.page)
        return act.result(status, text, self._seen, heard)

    async def _perform(self, act: Act, args: Mapping[str, Any]) -> Answer:
        tool = act.call.tool
        if tool == SCROLL.name:
            return await turn_wheel(self.page, args)
        answer = await self._senses.ask(tool, args)
        if INTERRUPTED in answer.raw:
            # The error page of a failed navigation was still on its way.
            await asyncio.sleep(0.2)
            answer = await self._senses.ask(tool, args)
        answer, met = await self._way.through(self.page, Attempt(tool, args, act.before, act.target), answer)
        act.recoveries = self._senses.masked_steps(met)
        if answer.is_error and tool == "browser_click" and keeps_moving(answer.raw):
            act.recoveries = (*act.recoveries, await catch(self.page, act))
            if act.recoveries[-1].overcome:
                # A dialog that such a click opened stops the page; only the server knows of it.
                return Answer(False, dialog=(await self._senses.ask("browser_snapshot", {"depth": 1})).dialog)
        return answer

    async def _observe(self, act: Act, answer: Answer) -> ToolResult:
        tool = act.call.tool
        windows: tuple[PageView, ...] = ()
        if tool not in STILL and not answer.dialog:
            await self.watch.settle()
            windows = await self._senses.windows()
        after = (
            self._senses.dialog_view(answer.dialog, self._seen.title)
            if answer.dialog
            else await self._senses.look(self._seen.title)
        )
        if after.url == "about:blank" and act.before.url != "about:blank":
            raise Gone("the page was reset")
        if tool in LEADING and answer.is_error and after.document != act.before.document and not unreached(after.url):
            # The call went through; only the page that it leads to was slow.
            answer, act.recoveries = Answer(False), tuple(item for item in act.recoveries if item.overcome)
        heard = await self._foreign.mark(self._heard(), self.page)
        files = await self._senses.files()
        signed = "" if tool in STILL else await self._signed.after(act, after)
        self._remember(act, after, succeeded=tool in ACTING and not answer.is_error)
        wanted = str(act.args.get("text") or "") if tool == "browser_find" else ""
        sight = Sight(
            act.before, after, heard, windows, files, act.recoveries, self._known, self._own, self._menus, wanted
        )
        self._recall(heard)
        result = act.result("tool_error" if answer.is_error else "ok", call_text(tool, answer, sight), after, heard)
        late = LATE if self._senses.take_late() else ""
        notices = (DIALOG if after.dialog else "", WINDOW if windows else "", late, signed)
        return replace(result, notice="\n".join(filter(None, notices)), windows=windows)

    def _remember(self, act: Act, after: PageView, *, succeeded: bool) -> None:
        self._trail.go_on(act, after, succeeded=succeeded)
        if act.before.document != after.document:
            self._way.forget()
        elif succeeded and not after.dialog:
            self._way.acted(act.before, after, target_refs(act.args))
        self._seen = after

    def _heard(self) -> tuple[Signal, ...]:
        heard, fenced = self._senses.heard()
        if fenced:
            self._notice = "Requests that write were stopped: this target is read-only."
        return heard

    async def _revive(self, error: Hung | Gone) -> str:
        """A new session in place of the broken one; the sentence that says so."""
        returned = await self._return.revive(error)
        self._come_back(returned)
        return returned.notice or returned.lost

    async def _sign_in(self) -> bool:
        """Signed in again, on the start page; False when the session is lost over it."""
        returned = await self._return.sign_in(self._seen.title)
        self._come_back(returned)
        self._notice = returned.notice
        return not self._lost

    def _come_back(self, returned: Returned) -> None:
        self._met = (*self._met, *returned.met)
        self._lost, self.sign_in_failed = returned.lost, returned.sign_in_failed
        if returned.view is not None:
            self._seen = returned.view
            self._way.forget()

    def _brief(self, heard: tuple[Signal, ...]) -> str:
        sight = Sight(replace(self._seen, document=-1), self._seen, heard, known=self._known, origins=self._own)
        self._recall(heard)
        return call_text("", Answer(False), sight)

    def _recall(self, heard: tuple[Signal, ...]) -> None:
        if len(self._known) < KNOWN:
            self._known |= error_lines(heard)

    async def start(self) -> None:
        """Opens the seat and looks around. Raises what Seat.open raises."""
        await self._seat.open()
        await self._signed.begin()
        self._seen = await self._senses.look(self._seen.title)
        # A session begins with the page in full.
        self._menus.read(parse(self._seen.snapshot))


@asynccontextmanager
async def open_browser(options: BrowserOptions) -> AsyncIterator[BrowserSurface]:
    """A signed-in browser at the role's start page. Raises SignInFailed, Hung, Gone or Playwright's Error."""
    surface = BrowserSurface(Seat(options))
    try:
        await surface.start()
        yield surface
    finally:
        await surface.close()
