"""Budgets under roles that ask at the same time: no limit is overstepped, every role can close, nothing leaks."""

import asyncio
import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.charter import Budgets, Limit
from agent.llm.errors import BudgetSpent
from agent.llm.spending import Account, DayBook, MemoryDay, Spend

CENT = 0.01


def account(
    run: int | None = None,
    role: int | None = None,
    day: int | None = None,
    book: DayBook | None = None,
    spent: Mapping[str, Spend] | None = None,
) -> Account:
    """Limits in tokens, and the same number of cents."""
    limits = [Limit(n, None if n is None else n * CENT) for n in (run, role, day)]
    return Account(Budgets(*limits), book or MemoryDay(), spent)


def cost(tokens: int) -> Spend:
    return Spend(tokens, tokens * CENT)


async def call(on: Account, role: str, estimate: int, actual: int | None = None, closing: bool = False) -> None:
    hold = await on.reserve(role, cost(estimate), closing)
    await on.settle(hold, cost(estimate if actual is None else actual))


async def calls_until_spent(on: Account, role: str, estimate: int) -> int:
    for made in range(1000):
        try:
            await call(on, role, estimate)
        except BudgetSpent:
            return made
    raise AssertionError("the budget never ended")


async def test_a_role_that_spends_all_it_may_still_has_its_closing_call():
    on = account(run=100)
    assert await calls_until_spent(on, "member", 10) == 9
    await call(on, "member", 10, closing=True)
    with pytest.raises(BudgetSpent):
        await on.reserve("member", cost(1), closing=True)


async def test_the_sentence_names_budget_figures_and_key():
    on = account(run=200_000, spent={"member": Spend(198_200)})
    with pytest.raises(BudgetSpent) as error:
        await on.reserve("member", Spend(1_500))
    assert str(error.value) == (
        "The run's budget of 200000 tokens is spent (198200 tokens used, the next call and the closing turns may need "
        "3000 tokens); raise budgets.run.tokens in settings.json."
    )


async def test_each_limit_is_named_by_its_own_key():
    wanted = Spend(10, 0.5)
    for budgets, said in [
        (Budgets(run=Limit(usd=0.75)), ("The run's budget of 0.7500 US dollars", "raise budgets.run.usd")),
        (Budgets(role=Limit(tokens=19)), ("19 tokens for the role member", "raise budgets.role.tokens")),
        (Budgets(role=Limit(usd=0.99)), ("for the role member", "raise budgets.role.usd")),
        (Budgets(day=Limit(tokens=19)), ("19 tokens for one day", "raise budgets.day.tokens", "tomorrow")),
        (
            Budgets(day=Limit(tokens=19, usd=9)),
            ("19 tokens or 9.00 US dollars", "budgets.day.tokens or budgets.day.usd"),
        ),
    ]:
        with pytest.raises(BudgetSpent) as error:
            await Account(budgets, MemoryDay()).reserve("member", wanted)
        for part in said:
            assert part in str(error.value)


async def test_without_limits_everything_goes():
    on = account()
    await asyncio.gather(*(call(on, f"role{n}", 10**9) for n in range(20)))


async def test_a_model_without_a_price_is_limited_by_tokens_only():
    on = Account(Budgets(run=Limit(tokens=100)), MemoryDay())
    hold = await on.reserve("member", Spend(50))
    await on.settle(hold, Spend(50))
    with pytest.raises(BudgetSpent, match="tokens"):
        await on.reserve("member", Spend(26))


async def test_a_limit_that_the_last_call_meets_exactly_is_not_overstepped_by_rounding():
    on = Account(Budgets(run=Limit(usd=0.3)), MemoryDay())
    for _ in range(2):
        hold = await on.reserve("member", Spend(1, 0.1))  # 0.1 + 0.1 + 0.1 is a little more than 0.3
        await on.settle(hold, Spend(1, 0.1))
    await on.reserve("member", Spend(1, 0.1), closing=True)


async def test_what_a_call_did_not_use_is_free_again():
    on = account(run=100)
    for _ in range(20):
        await call(on, "member", 40, actual=1)
    assert await calls_until_spent(on, "member", 10) == 7


async def test_a_call_that_came_to_nothing_costs_nothing():
    on = account(run=20)
    for _ in range(50):
        await call(on, "member", 10, actual=0)


async def test_calls_under_way_count_with_their_estimate():
    on = account(run=100)
    first = await on.reserve("member", cost(40))
    with pytest.raises(BudgetSpent):
        await on.reserve("coach", cost(20))  # 40 under way, 40 kept for the member, 20 and 20 for the coach
    await on.settle(first, cost(0))
    await on.reserve("coach", cost(20))


async def test_the_room_of_a_role_that_left_is_free_for_the_others():
    on = account(run=100)
    await call(on, "member", 30)
    with pytest.raises(BudgetSpent):
        await on.reserve("coach", cost(21))
    on.leave("member")
    await call(on, "coach", 35)


async def test_a_role_that_leaves_without_having_asked_changes_nothing():
    on = account(run=20)
    on.leave("visitor")
    assert await calls_until_spent(on, "member", 10) == 1


async def test_a_spent_role_stops_alone():
    on = account(run=1000, role=50)
    assert await calls_until_spent(on, "member", 10) == 4
    assert await calls_until_spent(on, "coach", 10) == 4
    await call(on, "member", 10, closing=True)
    await call(on, "coach", 10, closing=True)


async def test_what_was_spent_before_the_run_went_on_counts():
    before = {"member": cost(45), "coach": cost(20)}
    assert await calls_until_spent(account(role=60, spent=before), "member", 5) == 2
    assert await calls_until_spent(account(run=100, spent=before), "coach", 5) == 6


@pytest.mark.parametrize("budget", ["run", "day"])
async def test_a_refused_call_keeps_room_for_a_closing_one_of_its_size(budget: str):
    """The page grew: the room kept for the role's earlier, smaller call would not do, and the others go on asking."""
    on = account(run=100) if budget == "run" else account(day=100)
    await call(on, "member", 5)
    await call(on, "coach", 5)
    with pytest.raises(BudgetSpent):
        await on.reserve("member", cost(50))
    await calls_until_spent(on, "coach", 5)
    await call(on, "member", 50, closing=True)
    await call(on, "coach", 5, closing=True)


async def test_two_runs_share_the_day_and_each_can_close():
    book = MemoryDay(cost(40))
    one, other = account(day=100, book=book), account(day=100, book=book)
    await call(one, "member", 10)
    await call(other, "member", 10)
    made = await calls_until_spent(one, "member", 10)
    assert made == 2  # 40 before, 20 by now, 20 kept
    await call(other, "member", 10, closing=True)
    await call(one, "member", 10, closing=True)
    with pytest.raises(BudgetSpent, match="one day"):
        await one.reserve("member", cost(1))


async def test_a_role_that_left_gives_its_room_of_the_day_to_other_runs():
    book = MemoryDay()
    one, other = account(day=100, book=book), account(day=100, book=book)
    await call(one, "member", 40, actual=0)
    await call(one, "coach", 10, actual=0)
    with pytest.raises(BudgetSpent):
        await other.reserve("member", cost(30))
    one.leave("member")
    await call(one, "coach", 10, actual=0)
    await call(other, "member", 30)


async def test_a_closing_call_gives_back_what_it_needs_less_of_the_day_than_was_kept():
    book = MemoryDay()
    one, other = account(day=100, book=book), account(day=100, book=book)
    await call(one, "member", 40, actual=0)
    await call(one, "member", 10, closing=True)
    await call(other, "member", 45)


class SlowDay(MemoryDay):
    """A day book that needs a moment for its answers, as one in a database does."""

    async def reserve(self, amount: Spend, limit: Limit) -> bool:
        await asyncio.sleep(0)
        granted = await super().reserve(amount, limit)
        await asyncio.sleep(0)
        return granted


Plan = list[tuple[int, int, int]]  # role, estimate, percent of it that the call costs


@given(
    plans=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(0, 100)), max_size=25),
        min_size=1,
        max_size=3,
    ),
    limits=st.tuples(*(st.one_of(st.none(), st.integers(10, 300)) for _ in range(3))),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_no_limit_is_overstepped_and_every_role_can_close_whoever_asks_when(
    plans: list[Plan], limits: tuple[int | None, int | None, int | None], seed: int
) -> None:
    asyncio.run(_story(plans, limits, random.Random(seed)))


async def _story(plans: list[Plan], limits: tuple[int | None, int | None, int | None], luck: random.Random) -> None:
    """Each plan is a run; its roles ask at the same time and end with a closing call."""
    book = SlowDay()
    run, role, day = limits
    spent: dict[tuple[int, str], int] = {}

    async def play(on: Account, number: int, name: str, calls: Plan) -> None:
        last = 0
        for _, estimate, percent in calls:
            try:
                hold = await on.reserve(name, cost(estimate))
            except BudgetSpent:
                break
            last = estimate
            await asyncio.sleep(luck.choice((0, 0, 0.0001)))
            actual = estimate * percent // 100
            spent[number, name] = spent.get((number, name), 0) + actual
            check()
            await on.settle(hold, cost(actual))
        if last:  # whoever could ask once can close, with a call of the size of its last one
            await on.settle(await on.reserve(name, cost(last), closing=True), cost(last))
            spent[number, name] += last
            check()
        on.leave(name)

    def check() -> None:
        assert day is None or sum(spent.values()) <= day
        for number, _ in spent:
            assert run is None or sum(n for (of, _), n in spent.items() if of == number) <= run
        assert role is None or all(n <= role for n in spent.values())

    async with asyncio.TaskGroup() as group:
        for number, plan in enumerate(plans):
            on = account(run, role, day, book)
            for name in {index for index, _, _ in plan}:
                group.create_task(play(on, number, f"role{name}", [entry for entry in plan if entry[0] == name]))
