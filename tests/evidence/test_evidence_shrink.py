"""How reproductions get short: what stays is what the symptom needs, in few questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence.finding import Alarm, Repro, Step
from agent.evidence.shrink import MOST, shrink

BOOM = Alarm("server_error", "/x", "GET /x 500", "as seen", "http://app.test/x", "http://app.test/x")


def click(name: str) -> Step:
    return Step("ann", "click", (f'get_by_role("button", name="{name}")',), words=f'Click button "{name}"')


OPEN = Step("ann", "goto", value="/orders", words="Open /orders")
FILL = Step("ann", "fill", ('get_by_label("Name")',), "O'Neil", "Fill textbox")
ANSWER = Step("ann", "dialog", value="accept", words="Accept the dialog")
OWN = (OPEN, FILL, click("Save"))


def repro(*steps: Step) -> Repro:
    return Repro(steps, len(steps) - 1, BOOM)


class App:
    """Shows the symptom when the `needed` steps come in this order; keeps what it was asked."""

    def __init__(self, *needed: Step) -> None:
        self.needed = needed
        self.asked: list[Repro] = []

    async def shows(self, repro: Repro) -> bool:
        assert repro not in self.asked, "asked twice about the same"
        assert repro.trigger == len(repro.steps) - 1
        self.asked.append(repro)
        rest = iter(repro.steps)
        return all(step in rest for step in self.needed)


async def test_what_the_symptom_does_not_need_goes() -> None:
    before = [click(str(number)) for number in range(12)]
    app = App(before[2], before[7], *OWN)
    short = await shrink(repro(*before, *OWN), app.shows, most=100)
    assert short.steps == (before[2], before[7], *OWN)


async def test_the_steps_on_the_triggers_own_page_stay_whatever_they_do() -> None:
    app = App(OWN[-1])
    assert (await shrink(repro(click("1"), *OWN), app.shows)).steps == OWN
    whole = repro(click("1"), click("2"), click("3"))
    assert await shrink(whole, App(click("3")).shows) == whole, "nothing tells where its page begins"


async def test_what_needs_every_step_is_left_alone() -> None:
    steps = (click("1"), click("2"), *OWN)
    assert await shrink(repro(*steps), App(*steps).shows) == repro(*steps)


async def test_a_dialog_goes_with_the_step_that_opens_it() -> None:
    steps = (click("Delete"), ANSWER, click("Next"), *OWN)
    app = App(click("Next"), *OWN)
    assert (await shrink(repro(*steps), app.shows)).steps == (click("Next"), *OWN)
    assert all(item.steps[0].action != "dialog" for item in app.asked)


@given(st.integers(0, 30), st.sets(st.integers(0, 29)), st.integers(1, MOST))
@pytest.mark.asyncio
async def test_it_never_asks_too_much_and_always_ends_with_what_was_shown(
    length: int, needed: set[int], most: int
) -> None:
    before = [click(str(number)) for number in range(length)]
    wanted = [*(before[index] for index in sorted(needed) if index < length), *OWN]
    app = App(*wanted)
    whole = repro(*before, *OWN)
    short = await shrink(whole, app.shows, most)
    assert len(app.asked) <= most
    assert short == whole or short in app.asked
    assert await App(*wanted).shows(short)
    if most == MOST and length <= 6:
        assert list(short.steps) == wanted
