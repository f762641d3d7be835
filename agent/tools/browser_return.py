"""How a role comes back to a page: after a hang or a lost browser, after a sign-out, and out of a worn context."""

from dataclasses import dataclass

from playwright.async_api import Error

from agent.tools.answers import shorten
from agent.tools.browser_senses import Senses
from agent.tools.browser_signed import RETURNED, SignedIn
from agent.tools.mcp import Gone, Hung
from agent.tools.seat import WORN, Lost, Seat
from agent.tools.signin import SignInFailed
from agent.tools.surface import PageView, Recovery

MOVED = "Your page was opened anew and led elsewhere: look where you are."


@dataclass(frozen=True, slots=True)
class Returned:
    """`view` is the page to go on with; without one the role is lost, as `lost` says, and for `sign_in_failed` where
    that was why. `notice` is told with the next answer, `met` is what was overcome."""

    view: PageView | None = None
    notice: str = ""
    lost: str = ""
    sign_in_failed: str = ""
    met: tuple[Recovery, ...] = ()


class Return:
    """For one seat. Each way ends on a page that was looked at, or with the sentence why there is none."""

    def __init__(self, seat: Seat, senses: Senses, signed: SignedIn) -> None:
        self._seat = seat
        self._senses = senses
        self._signed = signed

    async def revive(self, error: Hung | Gone) -> Returned:
        """A new session in place of the broken one."""
        hung = isinstance(error, Hung)
        what = f"The page hung: {error}." if hung else f"The browser session ended: {error}."
        try:
            await self._seat.renew(restart=not hung)
            await self._signed.begin()
            view = await self._senses.look()
        except (Lost, SignInFailed, Hung, Gone) as failure:
            refused = str(failure) if isinstance(failure, SignInFailed) else ""
            return Returned(lost=f"{what} The browser is lost: {failure}", sign_in_failed=refused)
        return Returned(view, f"{what} session lost: a new one was opened and signed in again.")

    async def sign_in(self, title: str) -> Returned:
        """Signed in again, on the start page. `title` is the one of the page before."""
        try:
            met = await self._signed.enter()
            return Returned(await self._senses.look(title), RETURNED, met=(met,))
        except (SignInFailed, Lost) as failure:
            return Returned(lost=str(failure), sign_in_failed=str(failure))
        except (Hung, Gone, Error) as error:
            return await self.revive(error if isinstance(error, Hung) else Gone(shorten(str(error))))

    async def reopen(self) -> Returned | None:
        """The same page in a fresh context, when the one it is in is worn. None when it stays where it is. What a page
        says while it is loaded once more was heard before; only one that fails this time has news."""
        watch = self._seat.watch
        if watch.opened < WORN or not watch.comes_back:
            return None
        url, untold = self._seat.page.url, watch.drain()
        try:
            if not await self._seat.reopen():
                return None
            await self._signed.begin()
            view = await self._senses.look()
            again = watch.drain()
            untold = untold if watch.comes_back else (*untold, *again)
            return Returned(view, "" if self._seat.page.url == url else MOVED)
        except (Hung, Gone, Error, SignInFailed, TimeoutError) as error:
            return await self.revive(error if isinstance(error, Hung) else Gone(shorten(str(error))))
        finally:
            watch.give_back(untold)
