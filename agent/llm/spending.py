"""Budgets in tokens and money: room is reserved before a call and settled after it, so that roles which ask at the same
time cannot overspend together. Knows no model and no clock.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.charter import Budgets, Limit
from agent.llm.errors import BudgetSpent

ROUNDING = 1e-9
"""Dollars that a sum of floats may be off."""


@dataclass(frozen=True, slots=True)
class Spend:
    """Tokens (input and output together) and US dollars. An unknown price counts as no money."""

    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: "Spend") -> "Spend":
        return Spend(self.tokens + other.tokens, self.usd + other.usd)

    def __sub__(self, other: "Spend") -> "Spend":
        return Spend(self.tokens - other.tokens, self.usd - other.usd)

    def beyond(self, other: "Spend") -> "Spend":
        """What this has more than `other`, in each of the two; never negative."""
        return Spend(max(0, self.tokens - other.tokens), max(0.0, self.usd - other.usd))


NOTHING = Spend()


def fits(total: Spend, limit: Limit) -> bool:
    return _broken(total, limit) is None


class DayBook(Protocol):
    """What all runs of a profile spend on one day. Raises agent.journal.JournalDown when it cannot be reached."""

    async def reserve(self, amount: Spend, limit: Limit) -> bool:
        """Hold `amount` unless the day's limit does not allow it. All at once or not at all, whoever else asks."""
        ...

    async def settle(self, reserved: Spend, actual: Spend) -> None:
        """Let go of `reserved` and note what was really spent."""
        ...


class MemoryDay:
    """The day of one process: what was spent on it before, and what its runs spend. It never turns."""

    def __init__(self, spent: Spend = NOTHING):
        self._spent = spent
        self._reserved = NOTHING

    async def reserve(self, amount: Spend, limit: Limit) -> bool:
        if not fits(self._spent + self._reserved + amount, limit):
            return False
        self._reserved += amount
        return True

    async def settle(self, reserved: Spend, actual: Spend) -> None:
        self._reserved -= reserved
        self._spent += actual


@dataclass(frozen=True, slots=True)
class Hold:
    """Room reserved for one call."""

    role: str
    estimate: Spend


class Rooms:
    """The rule for the budgets of a run and of its roles, as a state and pure decisions.

    `kept` is the room for the closing call of each role that asked and did not leave: of its latest estimate, as far
    as there was room for it.
    """

    def __init__(self, budgets: Budgets, spent: Mapping[str, Spend]):
        self._budgets = budgets
        self._used = dict(spent)  # by role: settled, and reserved for calls under way
        self._kept: dict[str, Spend] = {}

    def refusal(self, role: str, estimate: Spend, closing: bool) -> str:
        """Why the call cannot be made, as a sentence; empty when it can."""
        own = NOTHING if closing else estimate
        needed = estimate + own + self._kept_by_others(role)
        used = _sum(self._used.values())
        if broken := _broken(used + needed, self._budgets.run):
            return _sentence("run", f"The run's budget of {broken}", broken, used, needed)
        used, needed = self._used.get(role, NOTHING), estimate + own
        if broken := _broken(used + needed, self._budgets.role):
            return _sentence("role", f"The budget of {broken} for the role {role}", broken, used, needed)
        return ""

    def take(self, hold: Hold, closing: bool) -> None:
        self._used[hold.role] = self._used.get(hold.role, NOTHING) + hold.estimate
        if closing:
            self._kept.pop(hold.role, None)
        else:
            self._kept[hold.role] = hold.estimate

    def keep(self, role: str, estimate: Spend) -> None:
        """Keep room for a closing call as large as the call that was refused, if there is any."""
        if not self.refusal(role, estimate, closing=True):
            self._kept[role] = estimate

    def settle(self, hold: Hold, actual: Spend) -> None:
        self._used[hold.role] = self._used[hold.role] - hold.estimate + actual

    def leave(self, role: str) -> None:
        self._kept.pop(role, None)

    def _kept_by_others(self, role: str) -> Spend:
        return _sum(kept for other, kept in self._kept.items() if other != role)


class Account:
    """The budgets of one run. `spent` is what its roles spent before, by role, when a run goes on.

    A normal call leaves room for one closing call of every role that has asked and not left, in the budgets of run,
    role and day; a closing call may use its role's room. No limit is overstepped while calls cost what was estimated
    or less.
    """

    def __init__(self, budgets: Budgets, day: DayBook, spent: Mapping[str, Spend] | None = None):
        self._rooms = Rooms(budgets, spent or {})
        self._limit = budgets.day
        self._day = day
        self._kept_of_day: dict[str, Spend] = {}
        self._freed = NOTHING
        self._turn = asyncio.Lock()

    async def reserve(self, role: str, estimate: Spend, closing: bool = False) -> Hold:
        """Room for one call. Raises BudgetSpent, and JournalDown when the day book is away."""
        hold = Hold(role, estimate)
        async with self._turn:  # decided and taken in one, the day book's answer in between
            await self._free()
            refusal = self._rooms.refusal(role, estimate, closing)
            if not refusal and not await self._take_of_day(role, estimate, closing):
                refusal = _day_sentence(self._limit)
            if refusal:
                if not closing:
                    await self._keep(role, estimate)
                raise BudgetSpent(refusal)
            self._rooms.take(hold, closing)
        return hold

    async def settle(self, hold: Hold, actual: Spend) -> None:
        """What the call really cost; the rest of its room is free again. Raises JournalDown."""
        self._rooms.settle(hold, actual)
        await self._day.settle(hold.estimate, actual)
        await self._free()

    def leave(self, role: str) -> None:
        """The role is over: the room that was kept for its closing call is free again."""
        self._rooms.leave(role)
        # The day book gets it back with the next call of another role; a run that is over holds nothing there.
        self._freed += self._kept_of_day.pop(role, NOTHING)

    async def _take_of_day(self, role: str, estimate: Spend, closing: bool) -> bool:
        kept = self._kept_of_day.get(role, NOTHING)
        growth = estimate.beyond(kept)
        if not await self._day.reserve(growth if closing else estimate + growth, self._limit):
            return False
        if closing:
            self._kept_of_day.pop(role, None)
            self._freed += kept.beyond(estimate)
        else:
            self._kept_of_day[role] = kept + growth
        return True

    async def _keep(self, role: str, estimate: Spend) -> None:
        """The call was refused; keep room for a closing one of the same size, if there is any."""
        self._rooms.keep(role, estimate)
        kept = self._kept_of_day.get(role, NOTHING)
        growth = estimate.beyond(kept)
        if await self._day.reserve(growth, self._limit):
            self._kept_of_day[role] = kept + growth

    async def _free(self) -> None:
        freed, self._freed = self._freed, NOTHING
        if freed != NOTHING:
            await self._day.settle(freed, NOTHING)


@dataclass(frozen=True, slots=True)
class _Broken:
    """The limit that was overstepped."""

    unit: str
    limit: float

    def __str__(self) -> str:
        return _amount(self.limit, self.unit)


def _broken(total: Spend, limit: Limit) -> _Broken | None:
    if limit.tokens is not None and total.tokens > limit.tokens:
        return _Broken("tokens", limit.tokens)
    if limit.usd is not None and total.usd > limit.usd + ROUNDING:
        return _Broken("usd", limit.usd)
    return None


def _sentence(budget: str, subject: str, broken: _Broken, used: Spend, needed: Spend) -> str:
    spent = _amount(getattr(used, broken.unit), broken.unit)
    more = _amount(getattr(needed, broken.unit), broken.unit)
    return (
        f"{subject} is spent ({spent} used, the next call and the closing turns may need {more}); "
        f"raise budgets.{budget}.{broken.unit} in settings.json."
    )


def _day_sentence(limit: Limit) -> str:
    parts = [(unit, value) for unit, value in (("tokens", limit.tokens), ("usd", limit.usd)) if value is not None]
    budget = " or ".join(_amount(value, unit) for unit, value in parts)
    keys = " or ".join(f"budgets.day.{unit}" for unit, _ in parts)
    return (
        f"The profile's budget of {budget} for one day is spent; raise {keys} in settings.json or go on tomorrow (UTC)."
    )


def _amount(value: float, unit: str) -> str:
    if unit == "tokens":
        return f"{value:.0f} tokens"
    return f"{value:.2f} US dollars" if value >= 1 else f"{value:.4f} US dollars"


def _sum(spends: Iterable[Spend]) -> Spend:
    total = NOTHING
    for each in spends:
        total += each
    return total
