"""Near duplicates are one state, screens are not, also where the address never changes."""

from datetime import UTC, datetime

import pytest

from agent import events as ev
from agent.charter import Sharing
from agent.coverage.similar import VARIANTS, Recogniser
from agent.tools.surface import PageView

ALIKE = Sharing().alike
MENU = ("Home", "Orders", "Customers", "Reports", "Settings", "Help", "Team", "Calendar", "Messages", "Billing")


def page(
    url: str = "/",
    title: str = "Orders",
    buttons: tuple[str, ...] = ("Add", "Export"),
    rows: tuple[str, ...] = ("Ann", "Bob"),
    extra: str = "",
    landmarks: bool = True,
    menu: tuple[str, ...] = MENU,
) -> PageView:
    frame = "navigation" if landmarks else "generic"
    lines = [f"- {frame} [ref=e1]:", *(f'  - link "{name}" [ref=e2{n}]' for n, name in enumerate(menu)), "- main:"]
    lines += [f'  - heading "{title}" [level=1] [ref=e50]'] if title else []
    lines += [f'  - button "{name}" [ref=e6{n}]' for n, name in enumerate(buttons)]
    for n, row in enumerate(rows):
        lines += ["  - listitem:", f'    - link "{row}" [ref=e7{n}]', f'    - button "Open" [ref=e8{n}]']
    return PageView(f"http://app.test{url}", snapshot="\n".join(lines) + "\n" + extra)


def same(one: PageView, other: PageView) -> bool:
    recogniser = Recogniser(ALIKE)
    first, met = recogniser.recognise(one)
    second, again = recogniser.recognise(other)
    assert met is not None and (again is None) == (first == second)
    return first == second


DIALOG = '  - dialog "Price" [ref=e90]:\n    - button "Close" [ref=e91]\n'
TOAST = '  - status: Saved\n  - button "Undo" [ref=e93]\n'
OTHER_MENU = (*MENU[:5], "Admin", "Users", "Audit")
FIVE = ("Add", "Edit", "Export", "Print", "Find")
MANY = tuple(f"Action {chr(97 + n) * 4}" for n in range(14))

ONE = {
    "a longer list": (page(), page(rows=tuple(f"Person {n}" for n in range(30)))),
    "another record of a route": (page("/orders/1", "Order of Ann"), page("/orders/2", "Order of Bob")),
    "another menu for another role": (page(buttons=FIVE), page(buttons=FIVE, menu=OTHER_MENU)),
    "one more button of many": (page(buttons=MANY), page(buttons=(*MANY, "Undo"))),
    "another number in the title": (page(title="3 orders"), page(title="17 orders")),
    "a query with another value": (page("/?page=1"), page("/?page=2")),
}  # fmt: skip
TWO = {
    "a dialog opened": (page(), page(extra=DIALOG)),
    "a dialog opened on a page with much on it": (page(buttons=MANY), page(buttons=MANY, extra=DIALOG)),
    "another screen at the same address": (page(), page(title="Customers", buttons=("Add", "Import"))),
    "another screen that differs in its title alone": (page(), page(title="Customers")),
    "another screen without any title": (page(title=""), page(title="", buttons=("Send", "Discard"))),
    "another screen without landmarks": (page(landmarks=False), page(title="Reports", landmarks=False)),
    "another route": (page("/a"), page("/b")),
    "a record that offers something else": (
        page("/orders/1", buttons=("Pay", "Cancel")),
        page("/orders/2", buttons=("Refund",)),
    ),
    "a browser dialog": (page(), PageView("http://app.test/", dialog="confirm: Leave?")),
    "another route behind the hash": (page("/#/orders"), page("/#/customers")),
}


@pytest.mark.parametrize("name", ONE)
def test_data_makes_no_new_state(name: str):
    one, other = ONE[name]
    assert same(one, other) and same(other, one)


@pytest.mark.parametrize("name", TWO)
def test_another_screen_is_another_state(name: str):
    one, other = TWO[name]
    assert not same(one, other) and not same(other, one)


def test_text_alone_tells_two_screens():
    one, other = (
        PageView("http://app.test/", snapshot=f"- main:\n  - paragraph: {text}") for text in ("About us", "Terms")
    )
    assert not same(one, other)


def test_the_title_of_the_document_tells_screens_without_headings():
    one, other = (PageView("http://app.test/", name, snapshot=page(title="").snapshot) for name in ("Inbox", "Sent"))
    assert not same(one, other)


def test_a_record_opened_from_a_list_at_the_same_address_is_one_state_whichever_it_is():
    recogniser = Recogniser(ALIKE)
    names = tuple(f"Product {chr(97 + n) * 3}" for n in range(6))
    shelf, _ = recogniser.recognise(page(title="Products", rows=names))
    details = {recogniser.recognise(page(title=name, buttons=("Buy", "Back"), rows=()))[0] for name in names}
    assert len(details) == 1 and shelf not in details


def test_a_title_with_very_many_forms_at_one_address_is_data():
    recogniser = Recogniser(ALIKE)
    words = [f"{one}{other}" for one in "abcdef" for other in "ghijkl"]
    keys = {recogniser.recognise(page(title=f"Hello {word}", rows=()))[0] for word in words}
    assert len(keys) == VARIANTS


def test_what_stands_on_most_screens_counts_little_without_landmarks():
    recogniser, menu = Recogniser(ALIKE), tuple(f"Part {chr(97 + n) * 3}" for n in range(20))
    for name in menu[:6]:
        recogniser.recognise(page(f"/{name[5:]}", name, (f"Do {name}",), (), landmarks=False, menu=menu))
    one, other = (page("/x", "", (name,), (), landmarks=False, menu=menu) for name in ("Send", "Discard"))
    assert recogniser.recognise(one)[0] != recogniser.recognise(other)[0]
    assert same(one, other)  # with nothing known, that much in common makes them one


def test_a_state_met_before_a_restart_is_recognised():
    events, first = [], Recogniser(ALIKE)
    views = [pair[0] for pair in (*ONE.values(), *TWO.values())]
    keys = []
    for view in views:
        key, met = first.recognise(view)
        keys.append(key)
        events += [ev.Event(len(events) + 1, datetime.now(UTC), "ann", met)] if met else []
    stored = [
        ev.Event(event.seq, event.at, event.role, ev.payload_from_json(event.kind, event.payload.to_json()))
        for event in events
    ]
    second = Recogniser(ALIKE, stored)
    assert [second.recognise(view) for view in views] == [(key, None) for key in keys]


def test_a_state_is_announced_once():
    recogniser = Recogniser(ALIKE)
    _, met = recogniser.recognise(page("/orders/1?x=2"))
    assert met is not None and (met.route, met.url) == ("/orders/{id}?x", "/orders/1?x=2")
    assert "title Orders" in met.shape
    assert recogniser.recognise(page("/orders/1?x=2"))[1] is None
