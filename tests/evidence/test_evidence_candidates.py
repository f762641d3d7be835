"""From a journal to the reproductions worth trying, shortest first."""

from dataclasses import asdict
from datetime import UTC, datetime

from agent.events import Event, RoleStarted, ToolFinished
from agent.evidence.finding import Alarm, Step
from agent.evidence.repro import LONGEST, candidates

HOST = "http://app.test"
ALARM = Alarm("server_error", "/x", "GET /x 500", "", HOST, HOST)


def goto(path: str) -> Step:
    return Step("m", "goto", value=path)


def link(name: str) -> Step:
    return Step("m", "click", (f'get_by_role("link", name="{name}")',))


def button(name: str) -> Step:
    return Step("m", "click", (f'get_by_role("button", name="{name}")',))


def fill(name: str) -> Step:
    return Step("m", "fill", (f'get_by_label("{name}")',), "x")


def journal(*entries: tuple[int, str, Step], role: str = "m") -> list[Event]:
    """Entries are (document, path of the page, step); call ids are 0, 1, 2, ..."""
    payloads = [
        ToolFinished(call_id=str(n), tool="t", url_before=HOST + path, document=document, steps=(asdict(step),))
        for n, (document, path, step) in enumerate(entries)
    ]
    events = [RoleStarted(), *payloads]
    return [Event(seq, datetime.now(UTC), role, payload) for seq, payload in enumerate(events, 1)]


def tried(events: list[Event], call: str) -> list[list[str]]:
    found = candidates(events, "m", call, ALARM)
    assert all(item.trigger == len(item.steps) - 1 for item in found)
    return [[step.value or step.locators[0].split('"')[-2] for step in item.steps] for item in found]


def test_an_opened_address_needs_nothing_else():
    events = journal((1, "/home", goto("/search?q='")))
    assert tried(events, "0") == [["/search?q='"], ["/home", "/search?q='"]]


def test_a_click_is_tried_on_its_page_then_with_the_page_before_then_with_all_writes():
    events = journal(
        (1, "/home", goto("/profile")),
        (2, "/profile", fill("Name")),
        (2, "/profile", button("Save")),
        (3, "/profile", goto("/home")),
        (4, "/home", link("List")),
        (5, "/list", button("Sort")),
        (5, "/list", button("Delete")),
    )
    assert tried(events, "6") == [
        ["/list", "Delete"],
        ["/list", "Sort", "Delete"],
        ["/home", "List", "Sort", "Delete"],
        ["/profile", "x", "Save", "/list", "Sort", "Delete"],
    ]


def test_other_roles_and_later_calls_do_not_join():
    events = journal((1, "/list", button("A")), (1, "/list", button("B")))
    others = journal((1, "/other", button("C")), role="other")
    assert tried([*others, *events], "0") == [["/list", "A"]]
    assert candidates(events, "m", "9", ALARM) == ()


def test_long_stories_are_cut_at_a_page():
    pages = [(n, f"/p{n}", step) for n in range(1, 30) for step in (fill("Name"), button("Save"))]
    events = journal(*pages, (30, "/end", button("Go")))
    longest = candidates(events, "m", str(len(pages)), ALARM)[-1]
    assert LONGEST - 3 <= len(longest.steps) <= LONGEST
    assert longest.steps[0].action == "goto"
