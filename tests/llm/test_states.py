"""Which pages are one state: the table of near duplicates."""

import pytest

from agent.coverage.states import state_key
from agent.tools.surface import PageView

ROW = """    - listitem [ref=e{n}]:
      - link "Ticket {n}" [ref=e1{n}]:
        - /url: /t/{n}
      - button "Close" [ref=e2{n}]
"""


def page(url: str, rows: int = 2, heading: str = "Tickets", extra: str = "", dialog: str | None = None) -> PageView:
    listed = "".join(ROW.format(n=n) for n in range(rows))
    text = f'- main:\n  - heading "{heading}" [level=1] [ref=e1]\n  - list:\n{listed}{extra}'
    return PageView(f"http://a{url}", snapshot=text, dialog=dialog)


LIST = '  - list:\n    - listitem:\n      - link "{}" [ref=e70]\n'
DIALOG = '  - dialog "{}" [ref=e9]:\n    - button "OK" [ref=e8]\n'
BASE = page("/t")
SAME = {
    "another number of rows": page("/t", rows=9),
    "another number in the heading": (page("/t", heading="Ticket 7"), page("/t", heading="Ticket 12345")),
    "other names in a list": (page("/t", extra=LIST.format("Ann")), page("/t", extra=LIST.format("Bob"))),
    "another id": (page("/t/7"), page("/t/123")),
    "another value in the query": (page("/t?page=1"), page("/t?page=2")),
    "another value in a field": (
        page("/t", extra='  - textbox "Name" [ref=e9]: Ann\n'),
        page("/t", extra='  - textbox "Name" [ref=e8]: Bob\n'),
    ),
    "another host": PageView("http://b/t", snapshot=BASE.snapshot),
}
OTHER = {
    "another route": page("/u"),
    "a query": page("/t?open"),
    "an in-app dialog": page("/t", extra=DIALOG.format("Price")),
    "a browser dialog": page("/t", dialog="confirm dialog: Sure?"),
    "another button": page("/t", extra='  - button "Export" [ref=e9]\n'),
    "another heading": page("/t", heading="Reports"),
}


@pytest.mark.parametrize("name", SAME)
def test_data_makes_no_new_state(name: str):
    pair = SAME[name]
    one, other = pair if isinstance(pair, tuple) else (BASE, pair)
    assert state_key(one) == state_key(other)


@pytest.mark.parametrize("name", OTHER)
def test_shape_makes_a_new_state(name: str):
    assert state_key(BASE) != state_key(OTHER[name])


def test_two_in_app_dialogs_are_two_states():
    one, other = (page("/t", extra=DIALOG.format(name)) for name in ("Price", "Delete"))
    assert state_key(one) != state_key(other)


def test_two_browser_dialogs_with_other_names_in_them_are_one_state():
    one, other = (page("/t", dialog=f"confirm: Delete row {n}?") for n in (1, 2))
    assert state_key(one) == state_key(other)
