"""From a journal to the reproductions worth trying, shortest first."""

from dataclasses import asdict, replace
from datetime import UTC, datetime

from agent.events import Event, RoleStarted, ToolFinished
from agent.evidence.finding import About, Alarm, Claim, Step
from agent.evidence.story import LONGEST, candidates

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


def test_what_was_pressed_twice_is_a_change_like_any_other():
    twice = replace(button("Request"), action="double_click")
    entries = ((1, "/review", twice), (2, "/orders/7", goto("/orders")))
    assert shortest(journal(*entries), "1", claim(about="my_change")) == ["/review", "Request", "/orders"]


def test_a_call_that_was_skipped_does_not_split_the_page_on_which_it_was_asked_for():
    events = journal((1, "/courts", button("Remove")), (1, "/courts", button("Accept")), (1, "/courts", button("Save")))
    skipped = ToolFinished(call_id="s", tool="browser_click", status="skipped")
    events.insert(2, Event(9, datetime.now(UTC), "m", skipped))
    assert tried(events, "2") == [["/courts", "Save"], ["/courts", "Remove", "Accept", "Save"]]


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


def claim(subject: str = 'get_by_role("status")', expected: str = "", about: About = "") -> Claim:
    return Claim(subject, "visible", expected, "spec", "", about)


def shortest(events: list[Event], call: str, oracle: Claim) -> list[str]:
    """Of the reproductions of a claim; empty when there is none."""
    found = candidates(events, "m", call, oracle)
    return [step.value or step.locators[0].split('"')[-2] for step in found[0].steps] if found else []


def typed(name: str, value: str) -> Step:
    return Step("m", "fill", (f'get_by_label("{name}")',), value)


READ_BACK = (
    (1, "/board", typed("Message", "Grüße & more")),
    (1, "/board", button("Post")),
    (2, "/board", goto("/board")),
)


def test_a_claim_on_what_was_just_written_keeps_the_write_unless_it_is_about_the_page():
    events = journal(*READ_BACK)
    story = ["/board", "Grüße & more", "Post", "/board"]
    assert shortest(events, "2", claim()) == story
    assert shortest(events, "2", claim(about="my_change")) == story
    assert shortest(events, "2", claim(about="page")) == ["/board"]
    assert tried(events, "2")[0] == ["/board"], "an alarm is a fault however one got there"


def test_a_claim_on_a_change_of_long_ago_says_so_or_speaks_of_what_was_typed():
    wander = [(n, f"/p{n}", goto(f"/p{n + 1}")) for n in range(3, 8)]
    events = journal(*READ_BACK, *wander, (8, "/p8", goto("/board")))
    last, story = str(len(events) - 2), ["/board", "Grüße & more", "Post", "/board"]
    assert shortest(events, last, claim()) == ["/board"]
    assert shortest(events, last, claim(about="my_change")) == story
    for said in (claim('get_by_text("Grüße &")'), claim('get_by_text("re: grüße &  more")'), claim(expected="& more")):
        assert shortest(events, last, replace(said, about="page")) == story
    for other in (claim('get_by_role("textbox")'), claim('get_by_text("&")'), claim('get_by_text("Greetings")')):
        assert shortest(events, last, other) == ["/board"]


def test_the_last_document_on_which_a_value_was_typed_is_enough():
    first = [(1, "/old", typed("Name", "Ann Lee")), (1, "/old", button("Save")), (2, "/old", goto("/board"))]
    wander = [(n, f"/p{n}", goto(f"/p{n + 1}")) for n in range(5, 9)]
    again = [(3, "/board", typed("Name", "Ann Lee")), (3, "/board", button("Sign")), (4, "/board", goto("/p5"))]
    events = journal(*first, *again, *wander, (9, "/p9", goto("/list")))
    said = claim('get_by_role("row", name="Ann Lee")')
    assert shortest(events, str(len(events) - 2), said) == ["/board", "Ann Lee", "Sign", "/list"]


def test_the_forms_that_led_to_a_write_join_it():
    steps = [
        (1, "/new", typed("Title", "Tennis")),
        (1, "/new", button("Next")),
        (2, "/new/times", typed("Time", "noon")),
        (2, "/new/times", button("Save")),
        (3, "/done", goto("/list")),
    ]
    assert shortest(journal(*steps), "4", claim(about="my_change")) == [
        "/new", "Tennis", "Next", "noon", "Save", "/list",
    ]  # fmt: skip
    opened = [(n, f"{path}?title=Tennis" if n == 2 else path, step) for n, path, step in steps]
    assert shortest(journal(*opened), "4", claim(about="my_change")) == [
        "/new/times?title=Tennis", "noon", "Save", "/list",
    ]  # fmt: skip


def test_a_change_that_takes_too_many_steps_gives_no_proof_rather_than_a_wrong_one():
    presses = [(1, "/board", button(f"B{n}")) for n in range(LONGEST)]
    events = journal(*presses, (1, "/board", goto("/board")))
    assert shortest(events, str(LONGEST), claim()) == []
    assert shortest(events, str(LONGEST), claim(about="page")) == ["/board"]


def test_a_kept_value_is_claimed_with_the_form_that_saved_it_and_nothing_of_another_form_that_held_the_same():
    events = journal(
        (1, "/contact", typed("Phone", "555 0199")),
        (1, "/contact", button("Send")),
        (2, "/contact", link("Profile")),
        (3, "/home", goto("/profile")),
        (4, "/profile", typed("Phone", "555 0199")),
        (4, "/profile", button("Save")),
    )
    kept = Claim('get_by_label("Phone")', "persists_after_reload", "555 0199", "consistency", "")
    assert shortest(events, "5", kept) == ["/profile", "555 0199", "Save"]
