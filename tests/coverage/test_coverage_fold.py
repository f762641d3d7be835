"""Coverage follows from events: states, ways, leads and who has done what."""

import pytest
from covered_run import HOME, Run, act, places
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import events as ev
from agent.charter import Sharing
from agent.coverage.coverage import REACHED_OF_ROUTE, REACHED_ROUTES, Coverage, fold
from agent.coverage.frontier import standing

SHARING = Sharing()


def test_a_state_knows_who_came_when_and_who_tested_there():
    run = Run().tell("ann", ev.StateMet("list", "/orders", ("title Orders",), "/orders", "Orders"))
    run.goes("ann", "/orders", "list").goes("bob", "/orders", "list").goes("ann", "/about", "about")
    run.goes("ann", "/orders", "list")
    met = run.coverage.states["list"]
    assert (met.route, met.url, met.first, met.shape) == ("/orders", "/orders", 1, ("title Orders",))
    assert met.visits == {"ann": 2, "bob": 1}
    assert met.tested == frozenset()
    pressed = act(
        "browser_click", "Sort", writes=True, state_before="list", state_after="list", url_after=f"{HOME}/orders"
    )
    run.tell("bob", pressed)
    assert run.coverage.states["list"].tested == {"bob"}
    run.tell("ann", ev.ClaimChecked({}, "inapplicable"))
    assert run.coverage.states["list"].tested == {"bob"}
    run.tell("ann", ev.ClaimChecked({}, "holds"))
    assert run.coverage.states["list"].tested == {"ann", "bob"}


def test_following_a_link_or_looking_tests_nothing():
    run = Run().goes("ann", "/orders", "list")
    link = act("browser_click", "Order 7", "link", writes=True, state_before="list", state_after="one")
    run.tell("ann", link, act("browser_snapshot", state_before="list", state_after="list"))
    assert run.coverage.states["list"].tested == frozenset()


def test_ways_keep_the_first_action_between_two_states():
    run = Run()
    for name in ("Next", "Forward"):
        moved = act("browser_click", name, writes=True, state_before="a", state_after="b", url_after=f"{HOME}/b")
        run.tell("ann", moved)
    assert run.coverage.ways["a"] == (("browser_click|button:Next|", "b"),)


def test_a_lead_is_open_then_taken_then_done():
    run = Run().found("ann", "/orders/7")
    assert standing(run.coverage, "/orders/7", SHARING) == "open"
    run.tell("bob", ev.LeadTaken("/orders/7", 1))
    assert standing(run.coverage, "/orders/7", SHARING) == "taken by bob"
    run.goes("bob", "/orders/7").goes("ann", "/orders/7")
    assert standing(run.coverage, "/orders/7", SHARING) == "done by ann, bob"
    assert run.coverage.lead("/orders/7") is None


def test_a_lease_ends_with_its_turns_or_with_its_holder():
    run = Run().found("ann", "/a", "/b").tell("bob", ev.LeadTaken("/a", 1), ev.LeadTaken("/b", 1))
    for _ in range(SHARING.lease - 1):
        run.ends("bob")
        assert standing(run.coverage, "/a", SHARING) == "taken by bob"
    assert standing(run.ends("bob").coverage, "/a", SHARING) == "open"
    run.tell("bob", ev.LeadTaken("/b", run.turn("bob")))
    assert standing(run.coverage, "/b", SHARING) == "taken by bob"
    assert standing(run.tell("bob", ev.RoleStopped("budget")).coverage, "/b", SHARING) == "open"


def test_an_address_that_led_elsewhere_is_done_all_the_same():
    run = Run().found("ann", "/admin").goes("ann", "/admin", lands="/login?next=x")
    assert run.coverage.done_by("/admin") == {"ann"}
    assert "/admin" not in run.coverage.reached.get("/admin", {})
    assert places(run.coverage.reached["/login?next"].values()) == ["/login?next=x"]


def test_a_clicked_link_counts_as_its_address():
    run = Run().goes("ann", "/").found("ann", "/files/report.pdf")
    done = ev.ToolFinished(
        tool="browser_click",
        target={"role": "link", "name": "Report", "href": f"{HOME}/files/report.pdf"},
        writes=True,
        url_after=f"{HOME}/",
    )
    run.tell("ann", done)
    assert run.coverage.done_by("/files/report.pdf") == {"ann"}


def test_an_api_path_is_reached_by_the_role_whose_page_called_it():
    run = Run().found("ann", "GET /api/orders/7", sort="api")
    assert run.coverage.done_by("GET /api/orders/7") == {"ann"}
    asked = ev.ToolFinished(tool="browser_request", args={"method": "get", "path": "/api/orders/7"})
    assert run.tell("bob", asked).coverage.done_by("GET /api/orders/7") == {"ann", "bob"}


@pytest.mark.parametrize("status", ["tool_error", "denied", "skipped"])
def test_what_was_not_asked_is_not_done(status: str):
    asked = ev.ToolFinished(tool="browser_request", args={"url": "/api/orders/7"}, status=status)
    gone = ev.ToolFinished(tool="browser_navigate", args={"url": "/orders/7"}, status=status, url_after=f"{HOME}/")
    run = Run().goes("ann", "/").tell("ann", asked, gone)
    assert not run.coverage.done_by("GET /api/orders/7") and not run.coverage.done_by("/orders/7")


def test_of_a_route_with_many_places_a_sample_is_kept_and_none_is_done_twice():
    run = Run()
    for number in range(100):
        run.goes("ann", f"/orders/{number}", "order")
    assert len(run.coverage.reached["/orders/{id}"]) == REACHED_OF_ROUTE
    assert run.coverage.visited("/orders/{id}") == {"ann": 100}
    run.found("bob", "/orders/55")
    assert run.coverage.lead("/orders/55") is None


def test_of_very_many_routes_the_last_ones_are_remembered_for_others_to_try():
    run = Run()
    for number in range(REACHED_ROUTES + 10):
        run.goes(
            "ann", f"/area/{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10 % 10]}{'uvwxyz'[number // 100]}/x"
        )
    assert len(run.coverage.reached) == REACHED_ROUTES == sum(run.coverage.crowds.values())
    assert run.coverage.sampled[-1] in run.coverage.reached and "/area/aku/x" not in run.coverage.reached


def test_the_route_of_a_single_page_app_is_in_its_fragment():
    run = Run().goes("ann", "/#/orders/7").goes("ann", "/#/orders/8")
    assert run.coverage.visited("/#/orders/{id}") == {"ann": 2}


PAYLOADS = st.one_of(
    st.builds(ev.LeadFound, st.sampled_from(["link", "id", "api"]), st.sampled_from(["/a", "/a/1", "/a/2", "/b?x=1"])),
    st.builds(ev.LeadTaken, st.sampled_from(["/a", "/a/1", "/c"]), st.integers(1, 9)),
    st.builds(ev.TurnEnded, st.integers(1, 9), st.sampled_from(["", "s", "t"]), st.sampled_from(["", "/a", "/a/1"])),
    st.builds(
        ev.ToolFinished,
        tool=st.sampled_from(["browser_click", "browser_navigate", "check"]),
        args=st.fixed_dictionaries({"url": st.sampled_from(["/a", "http://app.test/b?x=2", "chrome-error://x", ""])}),
        status=st.sampled_from(["ok", "denied", "tool_error"]),
        writes=st.booleans(),
        url_after=st.sampled_from(["", "http://app.test/a/2", "https://else.test/a"]),
        state_before=st.sampled_from(["", "s"]),
        state_after=st.sampled_from(["", "s", "t"]),
        target=st.sampled_from([None, {"role": "link", "name": "A", "href": "http://app.test/a"}, {"role": "button"}]),
    ),
    st.builds(ev.RoleStopped),
    st.builds(ev.RoleStarted),
    st.builds(ev.StateMet, st.sampled_from(["s", "t"]), st.just("/a")),
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ann", "bob"]), PAYLOADS), max_size=40))
def test_the_counts_agree_with_what_is_kept_whatever_happens(told: list[tuple[str, ev.Payload]]):
    run = Run()
    for role, payload in told:
        run.tell(role, payload)
    again = Coverage()
    for event in run.events:
        again = fold(again, event)
    assert again == run.coverage
    opened = [lead for leads in again.open.values() for lead in leads.values()]
    assert sum(again.families.values()) == len(opened) == again.waiting
    assert not [lead for lead in opened if lead.place in again.done]
    assert sum(again.crowds.values()) == sum(map(len, again.reached.values()))
    assert set(again.sampled) == set(again.reached) and len(set(again.sampled)) == len(again.sampled)
    assert sum(n for visits in again.visits.values() for n in visits.values()) == sum(map(len, again.done.values()))
