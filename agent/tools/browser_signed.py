"""Keeps a role signed in: notices that it is not any more, and says when it is signed in again.

The page that a sign-out led to is always shown first, and what is claimed about it can be checked: the role is signed
in again with its next call. One that chose to sign out has some calls as nobody before that, to go back, to open what
needs a sign-in, or to sign in by its own hand.
"""

from dataclasses import dataclass

from agent.tools.browser_act import Act
from agent.tools.membership import Membership, signs_out
from agent.tools.seat import Lost, Seat
from agent.tools.surface import PageView, Recovery

AS_NOBODY = 3
"""Calls that a role has after it chose to sign out."""
IN_A_ROW = 3
STEADY = 5
"""Calls after which a sign-in has held, so that the next sign-out counts as the first again."""
CHOSEN = f"You signed out. Your next {AS_NOBODY} calls are made signed out; with the one after you are signed in again."
BY_CHANCE = "You are signed out now. Check what you need of this page; with your next call you are signed in again."
RETURNED = "You were signed out; signed in again. This is your start page."
FAILED = f"Signed out {IN_A_ROW} times in a row: the session does not last."
AGAIN = "signed in again"


@dataclass(slots=True)
class _Out:
    what: str
    calls_left: int


class SignedIn:
    """For one seat. `begin` after every sign-in, `after` each call, `enter` when it is `due`."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._membership = Membership(seat.options.role, seat.options.profile.url)
        self._out: _Out | None = None
        self._entered = 0
        self._calls = 0

    @property
    def out(self) -> bool:
        return self._out is not None

    @property
    def due(self) -> bool:
        return self._out is not None and self._out.calls_left <= 0

    async def begin(self) -> None:
        self._out = None
        await self._membership.remember(self._seat.context)

    async def after(self, act: Act, view: PageView) -> str:
        """The host's word on what the call did to the sign-in; empty when nothing."""
        self._calls += 1
        self._entered = 0 if self._calls > STEADY else self._entered
        if self._out is not None:
            self._out.calls_left -= 1
            if await self._membership.returned(view, self._seat.context):
                await self.begin()
            return ""
        target = act.target
        chose = signs_out(target)
        asked = str(act.args.get("url", "")) or (target.href if target else "")
        if not await self._membership.ended(view, self._seat.context, asked=asked, leaves=chose):
            return ""
        words = f'{target.role or "element"} "{target.name}"' if target else act.call.tool
        self._out = _Out(f"signed out by {words}", AS_NOBODY if chose else 0)
        return CHOSEN if chose else BY_CHANCE

    async def enter(self) -> Recovery:
        """Signs in on the page as it is. Raises SignInFailed, Playwright's Error, or Lost when it happens too often."""
        what = self._out.what if self._out else "signed out"
        if self._entered >= IN_A_ROW:
            raise Lost(FAILED)
        self._entered, self._calls = self._entered + 1, 0
        await self._seat.sign_in_again()
        await self.begin()
        return Recovery(what, AGAIN, True)
