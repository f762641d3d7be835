"""The plan: what a tester would look at first, and the reasons in words."""

from dataclasses import replace

from agent.book import OpenFault
from agent.charter import Charter, Grant, Role, ScopeNotes
from agent.planning import PlanItem, charter_lines, plan

BUYER = Role("buyer", None, capabilities=("Pay an order", "Read the news", "Change the own address"))
CHARTER = Charter("Explore the shop.", "Shop", "local")


def by_area(items: tuple[PlanItem, ...]) -> dict[str, PlanItem]:
    return {item.area: item for item in items}


def test_what_costs_money_and_writes_comes_before_what_is_only_read():
    items = plan(CHARTER, (BUYER,), ())
    assert [item.area for item in items] == ["Pay an order", "Change the own address", "Read the news"]
    assert [item.risk for item in items] == [4, 3, 1]
    assert items[0].why == "money is at stake; it writes"
    assert items[2].why == "nothing special about it"


def test_each_source_raises_the_risk_and_is_named():
    role = replace(
        BUYER,
        history=("News of last year were shown as new",),
        scope=ScopeNotes(focus=("the news on the start page",), skip=("addresses abroad",)),
    )
    charter = replace(CHARTER, areas=("News and its archive",))
    items = by_area(plan(charter, (role,), (OpenFault("The news page is empty", "/news", "high", "12"),)))
    news = items["Read the news"]
    assert news.risk == 5
    for words in ("named in the charter", "it broke before", "asked for in the profile", "open high finding #12 there"):
        assert words in news.why
    assert news.sources == ("charter", "history", "focus", "#12")
    assert items["Change the own address"].risk == 2, "something there is to be left alone"
    assert "left alone" in items["Change the own address"].why


def test_an_open_finding_is_known_by_the_addresses_of_the_profile():
    role = replace(BUYER, grants=(Grant("Read the news", ("/blog/*",)),))
    items = by_area(plan(CHARTER, (role,), (OpenFault("Broken", "/blog/{id}", "low", "#7"),)))
    assert items["Read the news"].why == "open finding #7 there"
    assert "/blog/{id}" not in items


def test_what_no_capability_speaks_of_stands_for_itself():
    role = replace(BUYER, history=("Search failed on an apostrophe",))
    charter = replace(CHARTER, areas=("Returns and refunds", "Explore everything"))
    items = plan(charter, (role,), (OpenFault("x", "/legal", "critical", "pending"),))
    beside = {item.area: (item.role, item.risk, item.why) for item in items if item.area not in role.capabilities}
    assert beside == {
        "Returns and refunds": ("", 4, "named in the charter; money is at stake"),
        "Search failed on an apostrophe": ("buyer", 3, "it broke before"),
        "/legal": ("", 3, "open critical finding there"),
    }


def test_the_same_input_gives_the_same_plan_as_json_too():
    one, other = (plan(CHARTER, (BUYER,), ()) for _ in range(2))
    assert one == other
    assert PlanItem(**{**one[0].to_json(), "sources": tuple(one[0].to_json()["sources"])}) == one[0]


def test_the_lines_of_a_charter_are_its_areas_else_its_list_else_its_sentences():
    assert charter_lines(replace(CHARTER, areas=(" A  b ", "A b", ""))) == ("A b",)
    assert charter_lines(replace(CHARTER, mission="# Shop\nLook at\n- [ ] paying\n* refunds\n1. orders")) == (
        "paying",
        "refunds",
        "orders",
    )
    assert charter_lines(replace(CHARTER, mission="# Shop\nPay an order. Then\nask for a refund!")) == (
        "Pay an order.",
        "Then ask for a refund!",
    )
    assert charter_lines(replace(CHARTER, mission="")) == ()
