"""Leads go to one role at a time, best first, and none is lost."""

from dataclasses import replace

import pytest
from covered_run import Run, act, places
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import events as ev
from agent.charter import Grant, Role, Sharing, SignIn
from agent.coverage.access import Access
from agent.coverage.frontier import Frontier, Seeker, offers, taken, twins

SHARING = Sharing()


def seeker(run: Run, role: str = "ann", **more: object) -> Seeker:
    return replace(Seeker(role, run.turn(role)), **more)  # pyright: ignore[reportArgumentType]


def offered(run: Run, role: str = "ann", sharing: Sharing = SHARING, **more: object) -> list[str]:
    return places(offers(run.coverage, seeker(run, role, **more), sharing))


def test_what_promises_most_comes_first():
    run = Run().goes("ann", "/orders/1").goes("ann", "/").goes("bob", "/billing").goes("bob", "/staff/3")
    run.found("ann", "/orders/2", "/reports", "/help").found("bob", "/staff/4")
    wanted = offered(run, wanted=("print the reports",))
    assert wanted[0] == "/reports" and wanted[1] == "/help"
    assert set(wanted[2:4]) <= {"/billing", "/staff/3", "/staff/4"}
    all_of_them = offered(run, sharing=Sharing(offered=9))
    assert all_of_them.index("/help") < all_of_them.index("/billing") < all_of_them.index("/orders/2")
    assert all_of_them[-1] == "/orders/1"  # visited, nothing tested there


def test_a_focus_order_goes_before_everything():
    run = Run().goes("ann", "/orders/1").found("ann", "/orders/2", "/reports", "/help")
    run.tell("ann", ev.LeadFound("link", "/x7", "link Unpaid invoices"))
    assert offered(run, orders=("look at the invoices",), wanted=("reports",))[:2] == ["/x7", "/reports"]
    assert offered(run, orders=("orders please",))[0] == "/orders/2"


def test_guessed_ids_come_after_links_of_the_same_promise():
    run = Run().goes("ann", "/orders/5").found("ann", "/orders/6", sort="id").found("ann", "/orders/9")
    assert offered(run)[:2] == ["/orders/9", "/orders/6"]


def test_few_leads_of_one_route_at_a_time():
    run = Run().found("ann", *(f"/orders/{n}" for n in range(5)), "/help")
    assert len([place for place in offered(run) if place.startswith("/orders/")]) == 2


def test_what_another_role_reached_is_a_probe_unless_it_signs_out():
    run = Run().goes("boss", "/admin/users").goes("boss", "/logout").found("boss", "GET /api/users", sort="api")
    leads = offers(run.coverage, seeker(run), SHARING)
    assert {(lead.sort, lead.place, lead.why) for lead in leads} == {
        ("probe", "/admin/users", "boss reached it"),
        ("api", "GET /api/users", "boss reached it"),
    }
    assert offered(run, "boss") == ["/admin/users"]  # its own, to be tested


def test_a_request_that_writes_is_nobodys_lead():
    run = (
        Run()
        .goes("boss", "/admin")
        .found("boss", "GET /api/users", "HEAD /api/x", "POST /api/y/1", "PATCH /z", sort="api")
    )
    foreign = Access(
        "ann", (Role("boss", SignIn("/in", (), "In"), grants=(Grant("Rule", ("/admin/*", "/api/*", "/z")),)),)
    )
    assert set(offered(run, foreign=foreign.is_foreign)) == {"/admin", "GET /api/users", "HEAD /api/x"}


def test_a_role_that_was_turned_away_has_tried_all_the_same():
    run = Run().goes("boss", "/admin/users").goes("ann", "/admin/users", lands="/")
    assert "/admin/users" not in offered(run)


def test_what_a_twin_has_done_stays_as_a_last_resort():
    run = Run().goes("ann", "/orders/5").goes("bob", "/a").found("ann", "/orders/7")
    assert offered(run) == ["/a", "/orders/7"]
    assert offered(run, twins=frozenset({"bob"})) == ["/orders/7", "/a"]


def test_the_scope_of_the_role_holds_for_what_others_found():
    run = Run().found("bob", "/billing", "/help")
    assert offered(run, skip=("/billing",)) == ["/help"]


def test_where_nothing_is_new_a_state_without_tests_is_worth_another_look():
    run = Run().goes("ann", "/a").goes("ann", "/b").goes("ann", "/c")
    run.tell("ann", act("browser_click", "Save", writes=True, state_before="state of /b"))
    leads = offers(run.coverage, seeker(run), SHARING)
    assert [(lead.sort, lead.place) for lead in leads] == [("revisit", "/a"), ("revisit", "/b")]


def test_a_lead_that_is_passed_over_makes_way_for_others():
    run, sharing = Run().found("ann", "/a", "/b"), Sharing(offered=1, lease=2)
    first = offered(run, sharing=sharing)[0]
    run.tell("ann", ev.LeadTaken(first, 1)).ends("ann")
    assert offered(run, sharing=sharing) == [first]
    run.ends("ann")
    assert offered(run, sharing=sharing) != [first]


def test_an_offer_is_journalled_when_it_is_new_and_says_whose_it_is():
    run = Run().found("ann", "/a")
    leads = offers(run.coverage, seeker(run), SHARING)
    assert (leads[0].taken_by, leads[0].taken_at) == ("ann", 1)
    assert taken(run.coverage, seeker(run), leads, SHARING) == (ev.LeadTaken("/a", 1),)
    run.tell("ann", ev.LeadTaken("/a", 1)).ends("ann")
    again = offers(run.coverage, seeker(run), SHARING)
    assert (again[0].taken_by, again[0].taken_at) == ("ann", 1)
    assert taken(run.coverage, seeker(run), again, SHARING) == ()


def test_two_roles_that_ask_before_anything_is_written_get_different_leads():
    run, frontier = Run().found("ann", *(f"/{name}" for name in "abcdefg")), Frontier(SHARING)
    one, fresh = frontier.offer(run.coverage, seeker(run, "ann"))
    other, _ = frontier.offer(run.coverage, seeker(run, "bob"))
    assert len(one) == SHARING.offered and len(other) == 2
    assert not set(places(one)) & set(places(other))
    run.tell("ann", *fresh)
    again, twice = frontier.offer(run.coverage, seeker(run, "ann"))
    assert again == one and twice == ()


def test_roles_with_the_same_rights_are_twins():
    form = SignIn("/login", (), "Sign in")
    grant = Grant("book", ("/bookings/*",))
    roles = (
        Role("ann", form, capabilities=("book",), grants=(grant,)),
        Role("bob", form, capabilities=("book",), grants=(grant,)),
        Role("cat", form, capabilities=("book",)),
        Role("dan", form),
        Role("eve", form),
        Role("guest", None),
        Role("visitor", None),
    )
    assert {role.name: set(twins(roles, role.name)) for role in roles} == {
        "ann": {"bob"}, "bob": {"ann"}, "cat": set(), "dan": set(), "eve": set(),
        "guest": {"visitor"}, "visitor": {"guest"},
    }  # fmt: skip


ROLES = ("ann", "bob", "cat")
PLACES = tuple(f"/{area}{item}" for area in ("a", "b", "c") for item in ("", "/1", "/2", "/x"))
MOVES = st.lists(
    st.tuples(
        st.sampled_from(ROLES), st.sampled_from(["find", "ask", "ask", "go", "idle", "stop"]), st.sampled_from(PLACES)
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(MOVES, st.integers(1, 4), st.integers(1, 4))
def test_never_the_same_lead_for_two_roles_and_nothing_is_lost(moves: list, lease: int, shown: int):
    """Roles ask, go, wait and stop in any order; what they were offered is written down late."""
    sharing, run = Sharing(lease=lease, offered=shown), Run()
    frontier = Frontier(sharing)
    unwritten: dict[str, tuple[ev.LeadTaken, ...]] = {role: () for role in ROLES}
    held: dict[str, tuple[str, int]] = {}
    found: set[str] = set()
    for role, move, place in moves:
        run.tell(role, *unwritten[role])
        unwritten[role] = ()
        if move == "find":
            run.found(role, place)
            found.add(place)
        elif move == "go":
            run.goes(role, place)
            held.pop(place, None)
        elif move == "idle":
            run.ends(role)
        elif move == "stop":
            run.tell(role, ev.RoleStopped("budget"))
            held = {at: lease for at, lease in held.items() if lease[0] != role}
        else:
            run.tell(role, ev.RoleStarted())
            leads, unwritten[role] = frontier.offer(run.coverage, seeker(run, role))
            for lead in leads:
                holder, until = held.get(lead.place, ("", 0))
                assert holder in ("", role) or run.turn(holder) >= until
                held[lead.place] = (role, lead.taken_at + lease)
                assert lead.sort == "revisit" or role not in run.coverage.done_by(lead.place)
    _all_is_found(run, unwritten, found)


def _all_is_found(run: Run, unwritten: dict, found: set[str]) -> None:
    """One role that stays, when the others have stopped, is offered every lead that nobody has followed."""
    for role, late in unwritten.items():
        run.tell(role, *late, ev.RoleStopped("budget"))
    run.tell("dan", ev.RoleStarted())
    frontier, left = Frontier(SHARING), found - set(run.coverage.done)
    for _ in range(60):
        leads, fresh = frontier.offer(run.coverage, seeker(run, "dan"))
        run.tell("dan", *fresh)
        if not leads:
            break
        run.goes("dan", leads[0].place)
        left.discard(leads[0].place)
    assert not left


@pytest.mark.parametrize("others", [2, 3])
def test_roles_that_follow_their_first_offer_share_the_work(others: int):
    run, frontier = Run().found("ann", *(f"/{chr(97 + n)}{chr(97 + n)}" for n in range(20))), Frontier(SHARING)
    walked: list[str] = []
    for turn in range(20):
        role = ROLES[turn % others]
        leads, fresh = frontier.offer(run.coverage, seeker(run, role, twins=frozenset(ROLES) - {role}))
        run.tell(role, *fresh).goes(role, leads[0].place)
        walked.append(leads[0].place)
    assert len(set(walked)) == 20
