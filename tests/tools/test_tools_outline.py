"""Units for what the model reads of a page: the outline of a new one, the changes of a known one."""

import re
import time

from test_tools_pure import ITEMS, TREE

from agent.tools.answers import Answer
from agent.tools.aria import Node, parse
from agent.tools.aria_menus import Menus
from agent.tools.aria_text import diff, outline, refs, search
from agent.tools.browser_text import Sight, call_text
from agent.tools.surface import PageView, Signal

BOOKINGS = """- banner [ref=e30]:
  - searchbox "Find" [ref=e31]
  - generic [ref=e33]: Ann
  - button "Sign out" [ref=e32]
- navigation "Main" [ref=e1]:
  - link "Home" [ref=e2]:
    - /url: /home
  - link "Partner" [ref=e3]:
    - /url: http://partner.test/
- table "Bookings" [ref=e4]:
  - rowgroup [ref=e5]:
    - row "No. Price State" [ref=e6]:
      - columnheader "No." [ref=e7]
      - columnheader "Price" [ref=e8]
      - columnheader "State" [ref=e9]
  - rowgroup [ref=e10]:
    - row [ref=e11]:
      - cell [ref=e13]:
        - link "4" [ref=e12]:
          - /url: /b/4
      - cell "€32.00" [ref=e14]
      - cell [ref=e15]:
        - text: confirmed
        - button "Cancel 4" [ref=e16]
    - row [selected] [ref=e17]:
      - rowheader "Total" [ref=e18]
      - cell "€48.00" [ref=e19]
      - cell [ref=e20]
- list [ref=e21]:
  - listitem [ref=e22]:
    - text: 12:30
    - strong [ref=e23]: Ann
    - text: says hello
    - button "Reply" [ref=e24]
  - listitem [ref=e25]:
    - text: Outer
    - list [ref=e26]:
      - listitem [ref=e27]: inner"""


def test_a_row_a_list_item_and_a_landmark_are_one_line_with_their_refs() -> None:
    table = parse(BOOKINGS)
    assert outline(table, 6000).splitlines() == [
        '- banner: searchbox "Find" [ref=e31] · Ann · button "Sign out" [ref=e32]',
        '- navigation "Main": Home [ref=e2] · Partner [ref=e3] → http://partner.test/',
        '- table "Bookings"',
        "  - row of columnheaders: No. | Price | State",
        '  - row: link "4" [ref=e12] → /b/4 | €32.00 | confirmed button "Cancel 4" [ref=e16]',
        '  - row [selected]: rowheader "Total" | €48.00 |',
        '- listitem: 12:30 Ann says hello | button "Reply" [ref=e24]',
        "- listitem",
        "  - text: Outer",
        "  - listitem: inner",
    ]


def test_an_outline_leaves_out_only_what_does_not_fit_and_says_under_which_ref_it_is() -> None:
    assert "more" not in outline(TREE, 6000) and '"Item 3"' in outline(TREE, 6000)
    text = outline(TREE, 1000)
    assert len(text) <= 1000 and text.splitlines()[0] == '- heading "Members" [level=1]'
    assert '- combobox "Colour" [ref=e7]: red, green*' in text
    assert "- … 9 more listitems of list [ref=e13]; browser_snapshot with that target shows more" in text
    assert '"Item 9"' in text and '"Item 19"' in text and '"Item 10"' not in text
    assert len(outline(TREE, 300)) < 480 and "lines cut" in outline(TREE, 300)
    alone = parse("- list [ref=e13]:\n" + ITEMS)
    assert "- … 9 more listitems; use browser_find" in outline(alone, 600), "its own ref would show the same again"


def test_addresses_lose_their_query_before_a_row_is_left_out_and_menus_are_never_folded() -> None:
    row = (
        '  - row [ref=e{n}]:\n    - cell [ref=f1e{n}]:\n      - link "{n}" [ref=f2e{n}]:\n        - /url: /x?day={n}\n'
    )
    table = parse("- table [ref=e900]:\n" + "".join(row.format(n=n) for n in range(20)))
    assert "/x?day=19" in outline(table, 2000)
    tight = outline(table, len(outline(table, 2000)) - 1)
    assert "→ /x?…" in tight and tight.count("row:") == 20 and "table [ref=e900]" in tight
    menu = "- navigation [ref=e1]:\n" + "".join(f'  - link "Place number {n}" [ref=f3e{n}]\n' for n in range(60))
    long_menu = outline(parse(menu + "- main:\n" + ITEMS), 2900)
    assert "more listitems" in long_menu and '"Place number 59"' in long_menu


def test_a_page_of_thousands_of_rows_is_read_in_a_moment() -> None:
    row = (
        '  - row [ref=e{n}]:\n    - cell "Name {n}" [ref=f1e{n}]\n    - cell [ref=f2e{n}]:\n'
        '      - button "Edit {n}" [ref=f3e{n}]\n'
    )
    before = parse("- table [ref=e1]:\n" + "".join(row.format(n=n) for n in range(5000)))
    drawn_anew = row.replace("[ref=", "[ref=f9")
    after = parse("- table [ref=f9e1]:\n" + "".join(drawn_anew.format(n=n) for n in range(1, 5001)))
    started = time.process_time()
    assert len(outline(before, 6000)) <= 6000
    told = diff(before, after, 3000).splitlines()
    assert time.process_time() - started < 5
    assert told[:2] == [
        '~ row: Name 0 → Name 5000 | button "Edit 0" [ref=f3e0] → button "Edit 5000" [ref=f9f3e5000]',
        '~ row: Name 1 | button "Edit 1" [ref=f9f3e1]',
    ]
    assert len("\n".join(told)) < 3100 and "lines cut" in told[-1]


def test_the_diff_names_edits_additions_and_removals_only() -> None:
    before = parse(
        '- heading "Old" [level=1] [ref=e1]\n- button "Go" [active] [ref=e2]\n- checkbox "A" [ref=e3]\n'
        "- paragraph [ref=e4]: bye\n- textbox [ref=e5]: one"
    )
    after = parse(
        '- heading "New" [level=1] [ref=e9]\n- button "Go" [ref=e2]\n- checkbox "A" [checked] [ref=e3]\n'
        '- link "More" [ref=e7]:\n  - /url: /more\n- textbox [ref=e5]'
    )
    assert diff(before, after, 3000).splitlines() == [
        '~ heading "Old" [level=1] → heading "New" [level=1]',
        '~ checkbox "A" [ref=e3] → checkbox "A" [checked] [ref=e3]',
        '+ link "More" [ref=e7] → /more',
        "~ textbox [ref=e5]: one → (empty)",
        "gone: paragraph: bye",
    ]
    assert diff(before, before, 3000) == ""
    assert "lines cut" in diff((), TREE, 200)


def test_a_changed_row_is_one_line_in_which_only_the_changed_cell_is_told_twice() -> None:
    after = parse(BOOKINGS.replace("confirmed", "cancelled"))
    assert diff(parse(BOOKINGS), after, 3000) == (
        '~ row: link "4" [ref=e12] → /b/4 | €32.00 | '
        'confirmed button "Cancel 4" [ref=e16] → cancelled button "Cancel 4" [ref=e16]'
    )


def test_a_choice_in_a_select_is_told_as_old_and_new() -> None:
    hours = "".join(f'  - option "{hour:02}:00"{{{hour}}}\n' for hour in range(8, 22))
    select = '- combobox "Start" [ref=e7]:\n  - option "Choose"{0}\n' + hours

    def chosen(hour: int) -> tuple[Node, ...]:
        return parse(re.sub(r"\{(\d+)\}", lambda mark: " [selected]" if int(mark[1]) == hour else "", select))

    assert diff(chosen(0), chosen(12), 3000) == '~ combobox "Start" [ref=e7]: Choose → 12:00'
    assert outline(chosen(21), 3000).startswith('- combobox "Start" [ref=e7]: Choose, 08:00,')
    many = parse(
        "- combobox [ref=e1]:\n"
        + "".join(f'  - option "Country {n}"\n' for n in range(200))
        + '  - option "Zanzibar" [selected]'
    )
    assert outline(many, 3000).startswith("- combobox [ref=e1]: Zanzibar* of 201: Country 0, ")


def test_a_list_that_was_drawn_anew_shows_what_changed_first_and_then_its_new_refs() -> None:
    row = '  - listitem [ref=e{ref}]:\n    - text: {text}\n    - button "Open" [ref=f1e{ref}]\n'
    before = parse("- list [ref=e1]:\n" + "".join(row.format(ref=n, text=f"Row {n}") for n in (2, 3)))
    after = parse("- list [ref=e9]:\n" + "".join(row.format(ref=n + 10, text=f"Row {n}") for n in (1, 2, 3)))
    assert diff(before, after, 3000).splitlines() == [
        '+ listitem: Row 1 | button "Open" [ref=f1e11]',
        '~ listitem: Row 2 | button "Open" [ref=f1e12]',
        '~ listitem: Row 3 | button "Open" [ref=f1e13]',
    ]


MENU = """- banner [ref=e1]:
  - link "Clubhouse of the northern shore" [ref=e2]:
    - /url: /
  - navigation "Main" [ref=e3]:
    - link "Home" [ref=e4]:
      - /url: /
    - link "Members and their guests" [ref=e5]:
      - /url: /members
    - link "Bookings" [active] [ref=e6]:
      - /url: /bookings
- main [ref=e7]:
  - heading "PAGE" [level=1] [ref=e8]
- contentinfo [ref=e9]: Made with care by the members of the club, for the members of the club."""


def page(name: str, number: int) -> tuple[Node, ...]:
    return parse(MENU.replace("PAGE", name).replace("=e", f"=f{number}e"))


def test_a_menu_is_told_in_full_once_and_then_in_a_few_words() -> None:
    menus = Menus(kept=5)
    first, second = page("Members", 1), page("Bookings", 2)
    assert outline(menus.shorten(first), 6000) == outline(first, 6000), "the first page shows everything"
    menus.count_call()
    assert outline(menus.shorten(second), 6000).splitlines() == [
        "- banner: (menu as before: 4 links; browser_find shows them)",
        "- main",
        '  - heading "Bookings" [level=1]',
        "- contentinfo: (as before)",
    ]
    assert "f2e5" in refs(second) and "[ref=f2e5]" in search(second, "guests")[0]


def test_a_menu_that_changed_is_told_in_full_and_what_is_inside_it_unchanged_is_not() -> None:
    menus = Menus(kept=5)
    menus.shorten(page("Members", 1))
    other = parse(MENU.replace("northern shore", "southern shore").replace("=e", "=f3e"))
    told = outline(menus.shorten(other), 6000)
    assert "southern shore" in told and "[ref=f3e2]" in told
    assert '"Main": (menu as before: 3 links; browser_find shows them)' in told


def test_a_menu_is_told_again_before_its_page_is_forgotten() -> None:
    menus = Menus(kept=3)
    shown = []
    for number in range(7):
        menus.count_call()
        shown.append("guests" in outline(menus.shorten(page("Members", number)), 6000))
    assert shown == [True, False, False, True, False, False, True]


def test_a_short_menu_is_not_worth_the_words() -> None:
    menus = Menus(kept=5)
    small = parse('- navigation [ref=e1]:\n  - link "Home" [ref=e2]:\n    - /url: /')
    menus.shorten(small)
    assert outline(menus.shorten(small), 6000) == outline(small, 6000)


def _sent(method: str, path: str, status: int = 200, resource: str = "fetch", origin: str = "http://a.test") -> Signal:
    return Signal("response", 0.0, f"{origin}/", url=origin + path, status=status, method=method, resource=resource)


def test_what_a_call_sent_is_told_without_the_page_s_own_furniture() -> None:
    view = PageView("http://a.test/", snapshot='- button "Go" [ref=e1]', document=1)
    signals = (
        _sent("POST", "/api/a?x=1", 201),
        *(_sent("GET", f"/api/{n}") for n in range(6)),
        _sent("GET", "/api/0"),
        _sent("GET", "/app.js", resource="script"),
        _sent("GET", "/", resource="document"),
        _sent("POST", "/track", origin="http://other.test"),
        _sent("GET", "/api/broken", 500),
    )
    sight = Sight(view, view, signals, origins=frozenset({"http://a.test"}))
    told = call_text("browser_click", Answer(False), sight).splitlines()
    line = (
        "Requests sent: POST /api/a?x=1 201; GET /api/0 200 ×2; GET /api/1 200; GET /api/2 200; GET /api/3 200; 2 more"
    )
    assert line in told and "Request failed: GET /api/broken 500" in told
    opened = call_text("browser_click", Answer(False), Sight(PageView(""), view, signals, origins=sight.origins))
    assert "Requests sent: POST /api/a?x=1 201\n" in opened, "what a page asks for while it opens is not the call's"
