"""Repeated ground, told by stories: what is the same again, and what gives a new reason."""

from typing import Any

import pytest
from covered_run import HOME, Run

from agent import events as ev
from agent.coverage.repetition import repeated_ground, revisit_rate


class Story:
    """Steps of roles, each a call in a state; `path` is the page's, `writes` that the call changes something."""

    def __init__(self) -> None:
        self.run = Run()

    def step(self, name: str, state: str = "list", path: str = "/orders", role: str = "ann", **more: Any) -> "Story":
        """`name` is what is pressed, or a tool with nothing pressed."""
        tool = name if name.startswith("browser_") else "browser_click"
        target = None if tool == name else {"role": more.pop("kind", "button"), "name": name}
        done = ev.ToolFinished(
            tool=tool,
            target=target,
            args={"target": f"e{len(self.run.events)}", **more.pop("args", {})},
            state_before=state,
            state_after=more.pop("to", state),
            url_before=HOME + path,
            url_after=HOME + more.pop("lands", path),
            **more,
        )
        self.run.tell(role, done)
        return self

    def count(self, role: str = "") -> int:
        return repeated_ground(self.run.events)[role].repeated


def form(value: str, ref: str = "e1") -> dict[str, Any]:
    return {"fields": [{"target": ref, "name": "Title", "type": "textbox", "value": value}]}


def test_the_same_action_on_the_same_state_is_repeated_ground():
    story = Story().step("Help").step("Sort").step("Help").step("Sort").step("Help")
    assert story.count() == 3
    share = repeated_ground(story.run.events)["ann"]
    assert (share.steps, share.share) == (5, 0.6)


def test_other_elements_other_states_and_other_roles_are_other_ground():
    story = Story().step("Help").step("Sort").step("Help", state="dialog").step("Help", role="bob")
    assert story.count() == 0


def test_a_double_submit_is_a_test_and_a_third_is_not():
    assert Story().step("Save", writes=True).step("Save", writes=True).count() == 0
    assert Story().step("Save", writes=True).step("Save", writes=True).step("Save", writes=True).count() == 1


def test_a_step_after_back_is_a_test_once():
    story = Story()
    for _ in range(3):
        story.step("Open", to="one", lands="/orders/7")
        story.step("browser_navigate_back", state="one", path="/orders/7", to="list")
    assert story.count() == 1 + 2  # the third Open, and Back from the same page twice again


def test_sending_other_values_is_new_ground_and_the_same_ones_are_not():
    story = Story()
    for value in ("a", "b", "b"):
        story.step("browser_fill_form", args=form(value, f"e{value}"), writes=True).step("Save", writes=True)
    # Filling in `b` again is a fresh form after the second Save; to save it again, unchanged, is not.
    assert story.count() == 1
    story.step("browser_fill_form", args=form("b", "e99"), writes=True).step("Save", writes=True)
    assert story.count() == 3


def test_a_change_by_another_role_is_a_reason_to_look_again():
    story = Story().step("Open", to="one", lands="/orders/7").step("Help").step("Sort")
    story.step("Approve", role="bob", state="one", path="/orders/8", writes=True)
    assert story.step("Open").count() == 0
    assert story.step("Sort").step("Open").count() == 1


def test_a_change_elsewhere_is_no_reason():
    story = Story().step("Open").step("Sort")
    story.step("Save", role="bob", state="me", path="/profile", writes=True)
    story.step("Go", role="bob", state="home", path="/", writes=True)
    assert story.step("Open").count() == 1


def test_a_change_that_is_itself_a_repetition_is_no_reason():
    story = Story()
    for _ in range(4):
        story.step("Pause", writes=True).step("Resume", writes=True)
    # The first change of each is a reason for the other one, once; from then on the pair goes round in circles.
    assert story.count() == 5


def test_following_a_link_changes_nothing():
    story = Story()
    for number in range(4):
        story.step(f"Order {number}", kind="link", writes=True).step("Help")
    assert story.count() == 3


@pytest.mark.parametrize("tool", ["browser_snapshot", "browser_find", "browser_hover", "browser_wait_for"])
def test_looking_is_no_step(tool: str):
    story = Story().step("Save").step(tool, args={"text": "x"}).step(tool, args={"text": "x"})
    assert repeated_ground(story.run.events)[""].steps == 1


def test_calls_that_were_not_made_and_the_way_back_after_a_restart_do_not_count():
    story = Story().step("Save").step("Save", status="denied").step("Save", status="skipped").step("Sort")
    story.step("browser_navigate", args={"url": "/a"}, call_id="resume")
    story.step("browser_navigate", args={"url": "/a"}, call_id="resume")
    assert repeated_ground(story.run.events)["ann"].steps == 2


def test_arrivals_where_a_role_has_been_are_revisits():
    run = Run()
    for path in ("/", "/orders/1", "/orders/2", "/", "/"):
        run.goes("ann", path, "order" if "orders" in path else "start")
    run.goes("bob", "/", "start")
    rates = revisit_rate(run.events)
    assert (rates["ann"].repeated, rates["ann"].steps) == (1, 4)
    assert (rates["bob"].repeated, rates[""].steps) == (0, 5)


def test_nothing_done_is_nothing_repeated():
    assert repeated_ground([])[""].share == revisit_rate([])[""].share == 0.0
