"""How reproductions get short: what stays is what the symptom needs, in few questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence.finding import Alarm, Repro, Step
from agent.evidence.shrink import MOST, PLAIN, shrink

BOOM = Alarm("server_error", "/x", "GET /x 500", "as seen", "http://app.test/x", "http://app.test/x")


def click(name: str) -> Step:
    return Step("ann", "click", (f'get_by_role("button", name="{name}")',), words=f'Click button "{name}"')


def fill(value: str) -> Step:
    return Step("ann", "fill", ('get_by_label("Name")',), value, f'Fill textbox "Name" with "{value}"')


ANSWER = Step("ann", "dialog", value="accept", words="Accept the dialog")


def repro(*steps: Step) -> Repro:
    return Repro(steps, len(steps) - 1, BOOM)


class App:
    """Shows the symptom when the `needed` steps come in this order; counts how often it was asked."""

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
    steps = [click(str(number)) for number in range(12)]
    app = App(steps[2], steps[7], steps[11])
    short = await shrink(repro(*steps), app.shows, most=100)
    assert short.steps == (steps[2], steps[7], steps[11])


async def test_what_needs_every_step_is_left_alone() -> None:
    steps = [click(str(number)) for number in range(4)]
    assert await shrink(repro(*steps), App(*steps).shows) == repro(*steps)


async def test_a_dialog_goes_with_the_step_that_opens_it_and_stays_with_the_trigger() -> None:
    steps = (click("Delete"), ANSWER, click("Next"), click("Remove"), ANSWER)
    app = App(click("Remove"), ANSWER)
    short = await shrink(repro(*steps), app.shows)
    assert short.steps == (click("Remove"), ANSWER)
    assert all(item.steps[0].action != "dialog" for item in app.asked)


async def test_a_long_value_becomes_plain_where_it_does_not_matter() -> None:
    long, telling = fill("a very long name"), fill("O'Neil O'Neil")
    short = await shrink(repro(long, telling, click("Save")), App(telling, click("Save")).shows)
    assert short.steps == (telling, click("Save"))
    kept = await shrink(repro(long, click("Save")), App(click("Save")).shows)
    assert kept.steps == (click("Save"),)


class Field(App):
    async def shows(self, repro: Repro) -> bool:
        self.asked.append(repro)
        return repro.steps[0].action == "fill"


async def test_a_plain_value_reads_like_any_other() -> None:
    secret = Step("ann", "fill", ('get_by_label("Password")',), "{{secret:PASSWORD}}", "Fill Password")
    short = await shrink(repro(fill("somebody else"), click("Save")), Field().shows)
    assert (short.steps[0].value, short.steps[0].words) == (PLAIN, f'Fill textbox "Name" with "{PLAIN}"')
    assert (await shrink(repro(secret, click("Save")), Field().shows)).steps[0] == secret


@given(st.integers(1, 30), st.sets(st.integers(0, 29)), st.integers(1, MOST))
@pytest.mark.asyncio
async def test_it_never_asks_too_much_and_always_ends_with_what_was_shown(
    length: int, needed: set[int], most: int
) -> None:
    steps = [click(str(number)) for number in range(length)]
    wanted = [steps[index] for index in sorted(needed) if index < length - 1] + steps[-1:]
    app = App(*wanted)
    whole = repro(*steps)
    short = await shrink(whole, app.shows, most)
    assert len(app.asked) <= most
    assert short == whole or short in app.asked
    assert await App(*wanted).shows(short)
    if most == MOST and length <= 6:
        assert list(short.steps) == wanted
