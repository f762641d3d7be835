"""What pages and traffic hint at, and what is never a lead."""

import pytest
from covered_run import HOME, Run

from agent.coverage.leads import ENOUGH, FAMILY, Bounds, leads_in
from agent.tools.surface import PageView, Signal

BOUNDS = Bounds(HOME, frozenset({HOME, "http://files.test"}))


def page(path: str, *links: str, body: str = "", status: int | None = 200) -> PageView:
    lines = [
        f'- link "{name or url}" [ref=e{n}]:\n  - /url: {url}'
        for n, (name, _, url) in enumerate(link.rpartition("|") for link in links)
    ]
    return PageView(f"{HOME}{path}", status=status, snapshot="\n".join([*lines, body]))


def found(view: PageView, *signals: Signal, run: Run | None = None, bounds: Bounds = BOUNDS) -> list[tuple[str, str]]:
    coverage = (run or Run()).coverage
    return [(lead.sort, lead.place) for lead in leads_in(view, signals, "ann", coverage, bounds)]


def test_links_of_the_app_are_leads_once_and_others_are_not():
    view = page(
        "/", "/a?b=1#top", "/a?b=1", "c", "https://else.test/", "mailto:a@b.c", "http://files.test/x", "/", "#x"
    )
    assert found(view) == [("link", "/a?b=1"), ("link", "/c"), ("link", "http://files.test/x")]
    lead = leads_in(page("/", "Price list|/prices"), (), "ann", Run().coverage, BOUNDS)[0]
    assert lead.why == "link Price list"


@pytest.mark.parametrize(
    "link", ["/logout", "/users/sign_out", "/log-off", "/orders/7/delete", "/x?action=remove", "Sign out|/session/end"]
)
def test_what_signs_out_or_destroys_is_never_a_lead(link: str):
    assert found(page("/", link)) == []


def test_a_blog_or_a_log_book_is_a_lead():
    assert len(found(page("/", "/blog/out-of-order", "/logs", "/design-outline"))) == 3


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("/billing/*", ["/billings", "/shop/billing"]),
        ("Leave /billing alone.", ["/billings", "/shop/billing"]),
        ("Do not touch the billing pages", []),
        ("Invoices are paid for", ["/billing", "/billing/7", "/billings", "/shop/billing"]),
    ],
)
def test_what_the_scope_leaves_out_is_no_lead(line: str, left: list[str]):
    view = page("/", "/billing", "/billing/7", "/billings", "/shop/billing")
    assert [place for _, place in found(view, bounds=Bounds(HOME, frozenset({HOME}), (line,)))] == left


def test_the_scope_also_speaks_of_the_words_of_a_link():
    view = page("/", "Pay an invoice|/i")
    assert found(view, bounds=Bounds(HOME, frozenset({HOME}), ("no invoices",))) == []


def test_of_a_long_list_its_ends_and_its_middle_are_kept():
    view = page("/list", *(f"/orders/{n}" for n in range(100, 160)))
    assert [place for _, place in found(view)] == [f"/orders/{n}" for n in (100, 159, 130, 101, 102)]


def test_leads_that_are_done_make_room_for_others():
    view = page("/list", *(f"/orders/{n}" for n in range(100, 160)))
    run = Run()
    for _ in range(3):
        for _, place in found(view, run=run):
            run.found("ann", place)
    assert len(run.coverage.open["/orders/{id}"]) == BOUNDS.per_route
    for place in list(run.coverage.open["/orders/{id}"])[:3]:
        run.goes("bob", place)
    assert len(found(view, run=run)) == 3


def test_an_archive_of_names_is_bounded_as_one_family():
    names = [f"{one}{other}{last}" for one in "abcdefg" for other in "hijkl" for last in "mnop"]
    assert len(found(page("/", *(f"/wiki/{name}" for name in names)))) == FAMILY * BOUNDS.per_route


def test_when_very_many_leads_wait_only_unheard_of_routes_are_taken_up():
    run = Run()
    for area in range(ENOUGH // BOUNDS.per_route):
        run.found("ann", *(f"/a{area}a/{n}" for n in range(BOUNDS.per_route)))
    run.goes("ann", "/seen/1")
    assert found(page("/", "/seen/2", "/a1a/77", "/unheard"), run=run) == [("link", "/unheard")]


def test_the_neighbours_of_an_id_are_leads_but_not_those_of_a_page_number():
    assert found(page("/clubs/3/orders/7?tab=log&page=2")) == [
        ("id", "/clubs/2/orders/7?tab=log&page=2"),
        ("id", "/clubs/4/orders/7?tab=log&page=2"),
        ("id", "/clubs/3/orders/6?tab=log&page=2"),
        ("id", "/clubs/3/orders/8?tab=log&page=2"),
    ]
    assert found(page("/show?order=1&size=20")) == [("id", "/show?order=2&size=20")]


def test_a_page_that_is_not_there_hints_at_nothing():
    assert found(page("/orders/8", "/a", status=404)) == []
    assert found(PageView(f"{HOME}/orders/8", dialog="alert: no")) == []


def test_numbers_in_rows_are_leads_where_such_records_have_pages():
    body = '- row "Order #58 of Ann, INV-204":\n  - cell "Order #58 of Ann"\n  - cell "INV-204"'
    assert found(page("/orders", body=body)) == []
    run = Run().goes("ann", "/orders/57").goes("ann", "/orders/INV-100")
    assert found(page("/orders", body=body), run=run) == [("id", "/orders/58"), ("id", "/orders/INV-204")]


def call(url: str, **more: object) -> Signal:
    given = {"method": "GET", "resource": "fetch", "status": 200, **more}
    return Signal("response", 1.0, f"{HOME}/", url=url, **given)  # pyright: ignore[reportArgumentType]


def test_api_paths_in_the_traffic_are_leads():
    heard = (
        call(f"{HOME}/api/orders/7?full=1"),
        call(f"{HOME}/api/orders", method="POST", resource="xhr", status=201),
        call(f"{HOME}/api/secret", status=403),
        call(f"{HOME}/style.css", resource="stylesheet"),
        call("https://tracker.test/hit"),
        call(f"{HOME}/api/logout", method="POST"),
    )
    assert found(page("/"), *heard) == [("api", "GET /api/orders/7?full=1"), ("api", "POST /api/orders")]


def test_a_route_of_the_api_is_sampled():
    heard = [call(f"{HOME}/api/orders/{n}") for n in range(40)]
    run = Run()
    for _ in range(2):
        for _, place in found(page("/"), *heard, run=run):
            run.found("ann", place, sort="api")
    assert len(run.coverage.reached["GET /api/orders/{id}"]) == BOUNDS.per_route
